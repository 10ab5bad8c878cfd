import CommandLineContract
import FoundationEssentials

/// One line of the table: what something costs, what it would cost at least, and how many times that it is.
struct Measurement: Encodable {
    var name: String
    var value: Double
    var unit: String
    var floor: Double
    var ratio: Double
    /// The largest ratio to be content with; nil where none is set.
    var aim: Double?
    /// The middle half of the rounds' ratios, relative to their median.
    var spread: Double
    /// What the floor consists of.
    var note: String

    private enum CodingKeys: CodingKey { case name, value, unit, floor, ratio }

    /// Sets a subject against its floor, measured in the same rounds.
    init(_ name: String, _ subject: Samples, against floor: Samples, unit: String = "us", aim: Double?, note: String) {
        self.init(
            name,
            value: subject.median,
            floor: floor.median,
            unit: unit,
            aim: aim,
            spread: (subject / floor).spread,
            note: note
        )
    }

    init(
        _ name: String,
        value: Double,
        floor: Double,
        unit: String,
        aim: Double?,
        spread: Double,
        note: String
    ) {
        self.name = name
        self.value = Self.rounded(value)
        self.unit = unit
        self.floor = Self.rounded(floor)
        ratio = Self.rounded(value / floor)
        self.aim = aim
        self.spread = spread
        self.note = note
    }

    private static func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }
}

/// What was measured, for people and for scripts.
struct Results {
    private(set) var measurements: [Measurement] = []

    mutating func append(_ more: [Measurement]) { measurements += more }

    /// A table whose columns fit its widest entries.
    var table: String {
        let rows =
            [["", "value", "floor", "unit", "ratio", "aim", "spread", "the floor is"]]
            + measurements.map { line in
                [
                    line.name, Self.text(line.value), Self.text(line.floor), line.unit, Self.text(line.ratio),
                    line.aim.map { ($0 >= line.ratio ? "<= " : "missed ") + Self.text($0) } ?? "",
                    Self.text(line.spread * 100, decimals: 1) + " %", line.note,
                ]
            }
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return
            rows.map { row in
                row.enumerated().map { column, text in
                    let padding = String(repeating: " ", count: widths[column] - text.count)
                    return (1...4).contains(column) && column != 3 ? padding + text : text + padding
                }.joined(separator: "  ").trimmedAtEnd
            }.joined(separator: "\n")
    }

    private static func text(_ value: Double, decimals: Int = 2) -> String {
        let scale = (0..<decimals).reduce(1.0) { factor, _ in factor * 10 }
        let number = Int((value * scale).rounded())
        let whole = String(number / Int(scale))
        guard decimals > 0 else { return whole }
        let fraction = String(number % Int(scale))
        return whole + "." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// Writes `[{"name", "value", "unit", "floor", "ratio"}]`.
    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(measurements) + [0x0A]).write(to: URL(filePath: path), options: .atomic)
    }
}

extension String {
    fileprivate var trimmedAtEnd: String { String(reversed().drop { $0 == " " }.reversed()) }
}
