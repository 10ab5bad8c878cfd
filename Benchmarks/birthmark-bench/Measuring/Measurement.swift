/// One line of the table: what something costs, what it would cost at least, and how many times that it is.
struct Measurement: Codable {
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

    /// Whether it is no more than the aim; nil where none is set.
    var isMet: Bool? { aim.map { ratio <= $0 } }

    private static func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }
}
