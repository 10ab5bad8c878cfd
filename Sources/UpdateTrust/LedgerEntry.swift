import Ledger
public import Messages

/// One entry of the ledger: canonical JSON, so that a digest of its bytes is a digest of its meaning.
public struct LedgerEntry: Hashable, Sendable, Codable {
    /// What happened, in seconds since 1970 by the recorder's clock.
    public var at: Int64
    /// The instance that it is about; absent for releases, policies and keys.
    public var instance: InstanceID?
    /// SHA-256 of this instance's previous entry, so that an auditor of one device sees gaps without reading all.
    public var prev: ContentDigest?
    /// On whose authority.
    public var actor: Actor
    /// What the operator has signed for it: SHA-256 of the envelope of his statement (``Messages/SignedStatement/digest``); absent in
    /// entries of others, and in those that were written before operators signed.
    public var statement: ContentDigest?
    /// What happened.
    public var body: Body

    /// The format; 1 is the only one.
    public static let formatVersion = 1

    /// What happened, typed.
    public enum Body: Hashable, Sendable {
        case birth(BirthEntry)
        case rework(ReworkEntry)
        case restoration(RestorationEntry)
        case release(ReleaseEntry)
        case withdrawal(WithdrawalEntry)
        case policy(PolicyEntry)
        case decision(DecisionEntry)
        case lease(LeaseEntry)
        case grant(GrantEntry)
        case update(UpdateEntry)
        case receipt(ReceiptEntry)
        case act(OperatorEntry)
        case allowance(BootAdditionEntry)
        case downgrade(DowngradeEntry)
        case rollout(RolloutEntry)
        case farewell(FarewellEntry)
        case reappearance(ReappearanceEntry)
        case succession(SuccessionEntry)
        case compensated(CompensatedDecisionEntry)
        case approval(Approval)
        case witnessCode(WitnessCodeEntry)
        case tier(TierEntry)
        case assignment(AssignmentEntry)
        case emergency(Emergency)
        case shedding(SheddingEntry)
        case trust(TrustEntry)
        case compromise(CompromiseEntry)
        case recovery(RecoveryEntry)

        /// The value of `type`, for people.
        ///
        /// Code that decides asks for the case itself: this one takes a copy of the whole body.
        public var type: String { kind.rawValue }

        /// Whether a grant was given.
        public var isGrant: Bool { if case .grant = self { true } else { false } }

        var kind: Kind { written.kind }

        /// What an entry has of it: its kind, and the value.
        fileprivate var written: (kind: Kind, value: any Encodable) {
            switch self {
            case .birth(let body): (.birth, body)
            case .rework(let body): (.rework, body)
            case .restoration(let body): (.restoration, body)
            case .release(let body): (.release, body)
            case .withdrawal(let body): (.withdrawal, body)
            case .policy(let body): (.policy, body)
            case .decision(let body): (.decision, body)
            case .lease(let body): (.lease, body)
            case .grant(let body): (.grant, body)
            case .update(let body): (.update, body)
            case .receipt(let body): (.receipt, body)
            case .act(let body): (.act, body)
            case .allowance(let body): (.allowance, body)
            case .downgrade(let body): (.downgrade, body)
            case .rollout(let body): (.rollout, body)
            case .farewell(let body): (.farewell, body)
            case .reappearance(let body): (.reappearance, body)
            case .succession(let body): (.succession, body)
            case .compensated(let body): (.compensated, body)
            case .approval(let body): (.approval, body)
            case .witnessCode(let body): (.witnessCode, body)
            case .tier(let body): (.tier, body)
            case .assignment(let body): (.assignment, body)
            case .emergency(let body): (.emergency, body)
            case .shedding(let body): (.shedding, body)
            case .trust(let body): (.trust, body)
            case .compromise(let body): (.compromise, body)
            case .recovery(let body): (.recovery, body)
            }
        }
    }

    enum Kind: String, Codable, CaseIterable {
        case birth, rework, restoration, release, withdrawal, policy, decision, lease, grant, update, receipt
        case act = "operator"
        case allowance = "boot-allowance"
        case downgrade = "downgrade-allowance"
        case rollout, farewell, reappearance, succession
        case compensated = "compensated-decision"
        case approval
        case witnessCode = "witness"
        case tier
        case assignment = "gateway-assignment"
        case emergency
        case shedding
        case trust
        case compromise = "key-compromise"
        case recovery = "record-recovery"
    }

    /// Joins the parts.
    public init(
        at: Int64,
        instance: InstanceID? = nil,
        prev: ContentDigest? = nil,
        actor: Actor,
        statement: ContentDigest? = nil,
        body: Body
    ) {
        self.at = at
        self.instance = instance
        self.prev = prev
        self.actor = actor
        self.statement = statement
        self.body = body
    }

    /// Reads an entry from its exact bytes.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(LedgerEntry.self, from: bytes, limit: LogEntry.maxByteCount)
    }

    private enum CodingKeys: String, CodingKey {
        case v, type, at, instance, prev, actor, statement, body
    }

    /// Reads the JSON form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard try container.decode(Int.self, forKey: .v) == Self.formatVersion else {
            throw DecodingError.dataCorruptedError(
                forKey: .v,
                in: container,
                debugDescription: "not a format known here"
            )
        }
        at = try container.decode(Int64.self, forKey: .at)
        instance = try container.decodeIfPresent(InstanceID.self, forKey: .instance)
        prev = try container.decodeIfPresent(ContentDigest.self, forKey: .prev)
        actor = try container.decode(Actor.self, forKey: .actor)
        statement = try container.decodeIfPresent(ContentDigest.self, forKey: .statement)
        guard statement == nil || actor.kind == .operator else {
            throw DecodingError.dataCorruptedError(
                forKey: .statement,
                in: container,
                debugDescription: "nobody but an operator signs his acts"
            )
        }
        switch try container.decode(Kind.self, forKey: .type) {
        case .birth: body = .birth(try container.decode(BirthEntry.self, forKey: .body))
        case .rework: body = .rework(try container.decode(ReworkEntry.self, forKey: .body))
        case .restoration: body = .restoration(try container.decode(RestorationEntry.self, forKey: .body))
        case .release: body = .release(try container.decode(ReleaseEntry.self, forKey: .body))
        case .withdrawal: body = .withdrawal(try container.decode(WithdrawalEntry.self, forKey: .body))
        case .policy: body = .policy(try container.decode(PolicyEntry.self, forKey: .body))
        case .decision: body = .decision(try container.decode(DecisionEntry.self, forKey: .body))
        case .lease: body = .lease(try container.decode(LeaseEntry.self, forKey: .body))
        case .grant: body = .grant(try container.decode(GrantEntry.self, forKey: .body))
        case .update: body = .update(try container.decode(UpdateEntry.self, forKey: .body))
        case .receipt: body = .receipt(try container.decode(ReceiptEntry.self, forKey: .body))
        case .act: body = .act(try container.decode(OperatorEntry.self, forKey: .body))
        case .allowance: body = .allowance(try container.decode(BootAdditionEntry.self, forKey: .body))
        case .downgrade: body = .downgrade(try container.decode(DowngradeEntry.self, forKey: .body))
        case .rollout: body = .rollout(try container.decode(RolloutEntry.self, forKey: .body))
        case .farewell: body = .farewell(try container.decode(FarewellEntry.self, forKey: .body))
        case .reappearance: body = .reappearance(try container.decode(ReappearanceEntry.self, forKey: .body))
        case .succession: body = .succession(try container.decode(SuccessionEntry.self, forKey: .body))
        case .compensated: body = .compensated(try container.decode(CompensatedDecisionEntry.self, forKey: .body))
        case .approval: body = .approval(try container.decode(Approval.self, forKey: .body))
        case .witnessCode: body = .witnessCode(try container.decode(WitnessCodeEntry.self, forKey: .body))
        case .tier: body = .tier(try container.decode(TierEntry.self, forKey: .body))
        case .assignment: body = .assignment(try container.decode(AssignmentEntry.self, forKey: .body))
        case .emergency: body = .emergency(try container.decode(Emergency.self, forKey: .body))
        case .shedding: body = .shedding(try container.decode(SheddingEntry.self, forKey: .body))
        case .trust: body = .trust(try container.decode(TrustEntry.self, forKey: .body))
        case .compromise: body = .compromise(try container.decode(CompromiseEntry.self, forKey: .body))
        case .recovery: body = .recovery(try container.decode(RecoveryEntry.self, forKey: .body))
        }
    }

    /// Writes the JSON form.
    public func encode(to encoder: any Encoder) throws {
        let written = body.written
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.formatVersion, forKey: .v)
        try container.encode(written.kind, forKey: .type)
        try container.encode(at, forKey: .at)
        try container.encodeIfPresent(instance, forKey: .instance)
        try container.encodeIfPresent(prev, forKey: .prev)
        try container.encode(actor, forKey: .actor)
        try container.encodeIfPresent(statement, forKey: .statement)
        try container.encode(written.value, forKey: .body)
    }
}

/// An entry with its exact bytes: what is appended to the ledger.
public struct WrittenEntry: Hashable, Sendable {
    /// The entry.
    public let entry: LedgerEntry
    /// Its canonical JSON.
    public let bytes: [UInt8]

    /// Writes an entry.
    public init(_ entry: LedgerEntry) throws(MessageError) {
        self.entry = entry
        bytes = try CanonicalJSON.encode(entry)
    }

    /// SHA-256 of the bytes: what the instance's next entry names as `prev`.
    public var digest: ContentDigest { ContentDigest(of: bytes) }
}
