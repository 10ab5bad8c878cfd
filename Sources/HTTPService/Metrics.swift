import Synchronization

/// Counts what happens and writes it in the Prometheus text exposition format (version 0.0.4).
///
/// Every family and every label value comes out of a closed list, so that no caller can make the registry grow.
public final class Metrics: Sendable {
    private struct Series: Hashable {
        var family: MetricFamily
        var labels: [String]
    }

    private struct State {
        var values: [Series: Double] = [:]
        var histograms: [Series: Histogram] = [:]
    }

    private let state = Mutex(State())
    private let families: [MetricFamily]

    /// A registry in which everything is zero.
    ///
    /// - Parameter families: what a service measures besides ``MetricFamily/ofEveryService``.
    public init(_ families: [MetricFamily] = []) { self.families = MetricFamily.ofEveryService + families }

    /// Adds to a counter; `labels` are the values of the family's labels, in order.
    package func count(_ family: MetricFamily, _ labels: String..., by amount: Double = 1) {
        state.withLock { $0.values[Series(family: family, labels: labels), default: 0] += amount }
    }

    /// Moves a gauge up or down.
    func move(_ family: MetricFamily, by amount: Double) {
        state.withLock { $0.values[Series(family: family, labels: []), default: 0] += amount }
    }

    /// Sets a gauge.
    package func set(_ family: MetricFamily, to value: Double) {
        state.withLock { $0.values[Series(family: family, labels: [])] = value }
    }

    /// Sets all series of a gauge anew; those that are not among them are gone.
    package func set(_ family: MetricFamily, to values: [[String]: Double]) {
        state.withLock { state in
            for series in state.values.keys where series.family == family { state.values[series] = nil }
            for (labels, value) in values { state.values[Series(family: family, labels: labels)] = value }
        }
    }

    /// Takes a measurement into a histogram.
    package func observe(_ family: MetricFamily, _ value: Double, _ labels: String...) {
        state.withLock {
            $0.histograms[Series(family: family, labels: labels), default: Histogram(bounds: family.bounds)]
                .observe(value)
        }
    }

    /// The value of a counter or gauge; 0 when nothing was counted.
    func value(_ family: MetricFamily, _ labels: String...) -> Double {
        state.withLock { $0.values[Series(family: family, labels: labels)] ?? 0 }
    }

    /// All series of a counter or gauge, by their labels' values.
    package func values(of family: MetricFamily) -> [[String]: Double] {
        state.withLock { state in
            Dictionary(state.values.filter { $0.key.family == family }.map { ($0.key.labels, $0.value) }) { first, _ in
                first
            }
        }
    }

    /// Everything but some families, in the text exposition format.
    public func text(without hidden: [MetricFamily] = []) -> String {
        let state = state.withLock { $0 }
        var lines: [String] = []
        for family in families where !hidden.contains(family) {
            lines.append("# HELP \(family.name) \(family.help)")
            lines.append("# TYPE \(family.name) \(family.kind.rawValue)")
            let values = state.values.filter { $0.key.family == family }.sorted { $0.key.labels < $1.key.labels }
            for (series, value) in values {
                lines.append("\(family.name)\(family.text(of: series.labels)) \(Self.number(value))")
            }
            if values.isEmpty, family.kind != .histogram, family.labels.isEmpty {
                lines.append("\(family.name) 0")
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

    func lines(of family: MetricFamily, labels: [String]) -> [String] {
        var total: UInt64 = 0
        var lines: [String] = []
        for (count, bound) in zip(counts, bounds.map { Metrics.number($0) } + ["+Inf"]) {
            total += count
            lines.append("\(family.name)_bucket\(family.text(of: labels, le: bound)) \(total)")
        }
        lines.append("\(family.name)_sum\(family.text(of: labels)) \(Metrics.number(sum))")
        lines.append("\(family.name)_count\(family.text(of: labels)) \(total)")
        return lines
    }
}

extension [String] {
    fileprivate static func < (left: [String], right: [String]) -> Bool { left.lexicographicallyPrecedes(right) }
}
