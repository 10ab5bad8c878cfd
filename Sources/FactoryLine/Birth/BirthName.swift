import Messages

/// A birth among those of its serial number, and the name of its file: `GW-0001`, and after a rework `GW-0001~1`.
///
/// No label has a tilde, so no serial number can be taken for another's second birth.
struct BirthName: Hashable, Sendable, Comparable, CustomStringConvertible {
    var serial: Label
    /// How many reworks came before it.
    var generation: Int

    init(_ serial: Label, generation: Int) {
        self.serial = serial
        self.generation = generation
    }

    /// Reads a file's name without its ending; anything else is `nil`.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "~", omittingEmptySubsequences: false)
        guard let first = parts.first, let serial = Label(first) else { return nil }
        self.serial = serial
        guard parts.count > 1 else {
            generation = 0
            return
        }
        guard parts.count == 2, let number = Int(parts[1]), number > 0, String(number) == parts[1] else { return nil }
        generation = number
    }

    var description: String { generation == 0 ? serial.text : "\(serial)~\(generation)" }

    static func < (left: BirthName, right: BirthName) -> Bool {
        (left.serial, left.generation) < (right.serial, right.generation)
    }
}
