import DurableFiles
import Messages

/// The commands of a birth as Benchmarks/birth-commands.json lists them, each with its reason.
///
/// A test holds the list to what births really send.
struct BirthCommands: Codable {
    struct Row: Codable {
        var step: String
        var command: String
        var count: Int
        /// Whether the key that works is P-256 whatever the profile says: the enrolment key.
        var isP256: Bool?
        var why: String
        /// The condition under which nobody would need it.
        var needlessWhen: String?
    }

    var formatVersion: Int
    var commands: [Row]

    static func read() throws -> BirthCommands {
        let limit = 1 << 20
        let bytes = try BoundedFile.read("Benchmarks/birth-commands.json", limit: limit)
        return try EditedJSON.decode(BirthCommands.self, from: bytes, limit: limit)
    }

    /// How long a TPM works on all of them, in microseconds.
    func time(_ microseconds: (Row) -> Double) -> Double {
        commands.reduce(0) { $0 + Double($1.count) * microseconds($1) }
    }
}
