public import Messages

/// One line of an audit bundle: an object with exactly one member.
struct AuditLine: Codable {
    /// The first line, and no other.
    var audit: AuditHeader?
    var entry: AuditedEntry?
    var birth: SignedEnvelope?
    var restoration: SignedEnvelope?
    var release: SignedEnvelope?
    var policy: Blob?
    var grant: String?
    /// What an operator has signed.
    var act: SignedAct?
    /// What a decision rested on, in the exact bytes of the archive.
    var evidence: Blob?
    var log: Blob?

    /// A list of what Linux measured is the largest: 4 MiB in base64.
    static let maximumSize = 8 << 20

    init() {}

    /// Which member it has, in the order in which lines stand in a bundle.
    enum Kind: Int, Comparable {
        case audit, entry, birth, restoration, release, policy, grant, act, evidence, log

        static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
    }

    /// The member's name; `nil` unless there is exactly one.
    var kind: Kind? {
        let kinds: [(Kind, Bool)] = [
            (.audit, audit != nil), (.entry, entry != nil), (.birth, birth != nil), (.restoration, restoration != nil),
            (.release, release != nil), (.policy, policy != nil), (.grant, grant != nil),
            (.act, act != nil), (.evidence, evidence != nil), (.log, log != nil),
        ]
        let present = kinds.filter(\.1)
        return present.count == 1 ? present[0].0 : nil
    }
}

/// What a bundle is about, and the signed checkpoint that all its proofs lead to.
struct AuditHeader: Codable {
    /// The format; 1 is the only one.
    var formatVersion: Int
    var subject: AuditSubject
    /// The signed note, with the cosignatures of witnesses.
    var checkpoint: String
}

/// An entry of the ledger with the proof that it stands there.
public struct AuditedEntry: Hashable, Sendable, Codable {
    /// Its place on the ledger, from 0.
    public var index: Int
    /// Its exact bytes.
    public var bytes: Blob
    /// The sibling hashes on the way to the root, nearest first (RFC 9162 section 2.1.3.1).
    public var path: [Blob]

    /// Joins the parts.
    public init(index: Int, bytes: [UInt8], path: [Blob]) {
        self.index = index
        self.bytes = Blob(bytes)
        self.path = path
    }
}
