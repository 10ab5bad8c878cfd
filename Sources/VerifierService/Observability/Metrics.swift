import Synchronization

/// Counts what happens and writes it in the Prometheus text exposition format (version 0.0.4).
///
/// Every family and every label value comes out of a closed list, so that no caller can make the registry grow.
public final class Metrics: Sendable {
    private struct Series: Hashable {
        var family: Family
        var labels: [String]
    }

    private struct State {
        var values: [Series: Double] = [:]
        var histograms: [Series: Histogram] = [:]
    }

    private let state = Mutex(State())

    /// A registry in which everything is zero.
    public init() {}

    /// Adds to a counter; `labels` are the values of the family's labels, in order.
    func count(_ family: Family, _ labels: String..., by amount: Double = 1) {
        state.withLock { $0.values[Series(family: family, labels: labels), default: 0] += amount }
    }

    /// Moves a gauge up or down.
    func move(_ family: Family, by amount: Double) {
        state.withLock { $0.values[Series(family: family, labels: []), default: 0] += amount }
    }

    /// Sets a gauge.
    func set(_ family: Family, to value: Double) {
        state.withLock { $0.values[Series(family: family, labels: [])] = value }
    }

    /// Takes a measurement into a histogram.
    func observe(_ family: Family, _ value: Double, _ labels: String...) {
        state.withLock {
            $0.histograms[Series(family: family, labels: labels), default: Histogram(bounds: family.bounds)]
                .observe(value)
        }
    }

    /// The value of a counter or gauge; 0 when nothing was counted.
    func value(_ family: Family, _ labels: String...) -> Double {
        state.withLock { $0.values[Series(family: family, labels: labels)] ?? 0 }
    }

    /// Everything, in the text exposition format.
    public func text() -> String {
        let state = state.withLock { $0 }
        var lines: [String] = []
        for family in Family.allCases {
            lines.append("# HELP \(family.rawValue) \(family.help)")
            lines.append("# TYPE \(family.rawValue) \(family.kind)")
            let values = state.values.filter { $0.key.family == family }.sorted { $0.key.labels < $1.key.labels }
            for (series, value) in values {
                lines.append("\(family.rawValue)\(family.text(of: series.labels)) \(Self.number(value))")
            }
            if values.isEmpty, family.kind != "histogram", family.labels.isEmpty {
                lines.append("\(family.rawValue) 0")
            }
            let histograms = state.histograms.filter { $0.key.family == family }
            for (series, histogram) in histograms.sorted(by: { $0.key.labels < $1.key.labels }) {
                lines.append(contentsOf: histogram.lines(of: family, labels: series.labels))
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func number(_ value: Double) -> String {
        Int64(exactly: value).map { String($0) } ?? String(value)
    }
}

/// Measurements sorted into buckets.
private struct Histogram {
    let bounds: [Double]
    var counts: [UInt64]
    var sum = 0.0

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func observe(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    func lines(of family: Metrics.Family, labels: [String]) -> [String] {
        var total: UInt64 = 0
        var lines: [String] = []
        for (count, bound) in zip(counts, bounds.map { Metrics.number($0) } + ["+Inf"]) {
            total += count
            lines.append("\(family.rawValue)_bucket\(family.text(of: labels, le: bound)) \(total)")
        }
        lines.append("\(family.rawValue)_sum\(family.text(of: labels)) \(Metrics.number(sum))")
        lines.append("\(family.rawValue)_count\(family.text(of: labels)) \(total)")
        return lines
    }
}

extension [String] {
    fileprivate static func < (left: [String], right: [String]) -> Bool { left.lexicographicallyPrecedes(right) }
}
