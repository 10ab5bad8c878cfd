import Ledger
public import Messages
import UpdateTrust

/// One thing that happened, as the ledger has it, in words.
public struct AuditEvent: Hashable, Sendable, Codable {
    /// The entry's place on the ledger.
    public var entry: Int
    /// When, in seconds since 1970 by the verifier's clock.
    public var at: Int64
    /// The instance, where it is about one.
    public var instance: InstanceID?
    /// What the instance is called.
    public var device: String?
    /// The entry's type.
    public var type: String
    /// On whose authority.
    public var by: String
    /// What happened: a sentence without its full stop, on one line, whatever words an entry has.
    public var says: String

    static func timeline(of record: AuditRecord, time: @escaping @Sendable (Int64) -> String) -> [AuditEvent] {
        let narration = Narration(record, time: time)
        return record.entries.map { placed in
            AuditEvent(
                entry: placed.index,
                at: placed.entry.at,
                instance: placed.entry.instance,
                device: placed.entry.instance.map { record.name(of: $0) },
                type: placed.entry.body.type,
                by: placed.entry.actor.description,
                says: PlainLine.of(narration.sentence(for: placed).unicodeScalars)
            )
        }
    }
}
