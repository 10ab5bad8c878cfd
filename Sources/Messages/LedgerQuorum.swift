/// Whose cosignatures a ledger's checkpoint needs before what it proves counts.
public struct LedgerQuorum: Hashable, Sendable, Codable {
    /// How many different witnesses: n of m.
    public var required: Int
    /// The witnesses' keys as C2SP vkeys.
    public var keys: [String]

    /// Each adds a line to every checkpoint.
    public static let maximumCount = 16

    /// Joins both.
    public init(required: Int, keys: [String]) {
        self.required = required
        self.keys = keys
    }

    /// Refuses a number that nobody could reach, or that one witness could reach alone by being named twice.
    func check() throws(MessageError) {
        guard keys.count <= Self.maximumCount, Set(keys).count == keys.count else {
            throw MessageError(.outOfRange, "at most \(Self.maximumCount) witnesses of a ledger, each named once")
        }
        guard (0...keys.count).contains(required) else {
            throw MessageError(.outOfRange, "\(required) of \(keys.count) witnesses of a ledger cannot be required")
        }
    }
}
