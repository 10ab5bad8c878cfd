import Ledger
public import Messages

/// The chains of the instances on a ledger, as they are followed from its first entry on.
public struct EntryChains: Sendable {
    /// The last entry of each instance so far: SHA-256 of its bytes.
    public private(set) var ends: [InstanceID: ContentDigest] = [:]

    /// Why an entry is not what stands next on a ledger.
    public enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// Its bytes are no entry.
        case unreadable(index: Int, detail: String)
        /// It does not name its instance's entry before it: one was left out, or put in.
        case broken(index: Int, instance: InstanceID)

        public var description: String {
            switch self {
            case .unreadable(let index, let detail): "entry \(index) cannot be read: \(detail)"
            case .broken(let index, let instance):
                "entry \(index) does not follow the one before it of instance \(instance)"
            }
        }
    }

    /// Begins with an empty ledger.
    public init() {}

    /// Takes up the next entry.
    /// - Parameter index: its place on the ledger, for the fault.
    public mutating func follow(_ bytes: [UInt8], at index: Int) throws(Fault) -> LedgerEntry {
        let entry: LedgerEntry
        do {
            entry = try LedgerEntry(parsing: bytes)
        } catch {
            throw .unreadable(index: index, detail: error.detail)
        }
        guard let instance = entry.instance else { return entry }
        guard entry.prev == ends[instance] else { throw .broken(index: index, instance: instance) }
        ends[instance] = ContentDigest(of: bytes)
        return entry
    }
}
