/// Repeated measurements of one thing.
struct Samples {
    private(set) var values: [Double] = []

    mutating func append(_ value: Double) { values.append(value) }

    var median: Double { quantile(0.5) }

    /// For work of which a part comes now and then only, and belongs to all: a median passes over it.
    var mean: Double { values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count) }

    /// The middle half, relative to the median.
    var spread: Double { median == 0 ? 0 : (quantile(0.75) - quantile(0.25)) / median }

    /// What a fraction of all measurements stay below.
    func quantile(_ fraction: Double) -> Double {
        guard let last = values.indices.last else { return 0 }
        let sorted = values.sorted()
        let place = fraction * Double(last)
        let lower = Int(place)
        let upper = min(lower + 1, last)
        return sorted[lower] + (sorted[upper] - sorted[lower]) * (place - Double(lower))
    }

    /// Each measurement divided by that of the same round.
    static func / (left: Samples, right: Samples) -> Samples {
        Samples(values: zip(left.values, right.values).map { $0 / $1 })
    }
}
