public import Messages
public import UpdateTrust

/// One change of the record, with the ledger entries that explain it: done whole or not at all.
public enum StoreChange: Sendable {
    /// Notes that the take-over of a bundle begins.
    case bundle(StoredBundle)
    /// Notes that it is finished: of every birth in it, it is known what became of it.
    case bundleFinished(station: Label, number: Int64)
    /// Takes over a birth.
    case birth(BirthImport)
    /// Takes over the restoration of an instance whose state is still of version `replacing`.
    case restoration(StoredRestoration, Transition, replacing: Int64)
    /// Carries out a decision.
    case decision(DecisionChange)
    /// Carries out an operator's act on an instance whose state is still of version `replacing`.
    case act(Transition, replacing: Int64)
    /// Carries out what time and withdrawals have done to an instance whose state is still of version `replacing`, while the releases
    /// stand as they did, and the gateway is trusted on whose word its lease goes on resting.
    case lapse(Transition, replacing: Int64, standings: ReleaseStandings)
    /// Registers a release that was judged without the signatures of some keys (`StatementKey.id`), while no other key of makers was
    /// reported compromised.
    case release(StoredRelease, without: Set<String> = [], entry: WrittenEntry)
    /// Keeps a release that is on record with more signatures, none of some keys, while its envelope is still `replacing` and no other
    /// key of makers was reported compromised.
    case signatures(ContentDigest, envelope: [UInt8], replacing: [UInt8], without: Set<String> = [])
    /// Keeps the event log that a release's boot was taken from.
    case log(StoredLog)
    /// Withdraws a release, or recalls it; whom that concerns is due from then on.
    case withdrawal(ContentDigest, StoredRelease.Withdrawal, entry: WrittenEntry)
    /// Changes the rollout of a release that is on record.
    case rollout(RolloutChange)
    /// Keeps what a named person has approved, of a release that is on record.
    case approval(Approval, entry: WrittenEntry)
    /// Keeps that a named person has declared an emergency for a release that is on record.
    case emergency(Emergency, entry: WrittenEntry)
    /// Publishes the trust bundle that follows the newest one.
    case trust(StoredTrust, entry: WrittenEntry)
    /// Ends what hangs on a key: what that is, the record says inside the transaction, and the entries are made there.
    case compromise(KeyCompromise)
    /// Puts a policy into force; where the entry names the one that it replaces, only while that one is.
    case policy(StoredPolicy, entry: WrittenEntry)
    /// Sheds what these decisions rested on, by the digests of their entries: all of it or, when some of it is not there any more, none.
    case shedding([ContentDigest], entry: WrittenEntry)
    /// States that the record was put back from a backup.
    case recovery(entry: WrittenEntry)
    /// Carries out a change that an operator has signed for, and keeps his statement with it; once for each nonce.
    indirect case signed(StoreChange, StoredAct)

    /// The entries that it appends to the ledger, as far as they are known before.
    public var entries: [WrittenEntry] {
        switch self {
        case .birth(let birth): birth.earlier.flatMap(\.transition.entries) + birth.transition.entries
        case .decision(let decision): decision.transition.entries
        case .act(let transition, _), .lapse(let transition, _, _), .restoration(_, let transition, _):
            transition.entries
        case .rollout(let change): [change.entry]
        case .signatures, .log, .bundle, .bundleFinished, .compromise: []
        case .release(_, _, let entry), .withdrawal(_, _, let entry), .policy(_, let entry),
            .approval(_, let entry), .emergency(_, let entry), .shedding(_, let entry), .trust(_, let entry),
            .recovery(let entry):
            [entry]
        case .signed(let change, _): change.entries
        }
    }
}

/// A birth that was judged and is to be taken over exactly once.
public struct BirthImport: Sendable {
    public var birth: StoredBirth
    /// SHA-256 of the birth record's bytes.
    public var record: ContentDigest
    /// The serial number: one instance has it at a time.
    public var serial: Label
    /// Name of the endorsement key, or the first key of an instance without a TPM: one instance each, until that one is retired and followed.
    public var endorsementKey: [UInt8]
    /// The state it begins with, and the entry.
    public var transition: Transition
    /// The log of its first boot, when it came along.
    public var log: StoredLog?
    /// The end of the instance that had the serial number before; carried out with the birth or not at all.
    public var retirement: EarlierLife?
    /// What the chain of the instance says then that the TPM was before; carried out with the birth or not at all.
    public var succession: EarlierLife?

    /// How it proves itself, by its entry.
    public var tier: Tier {
        for entry in transition.entries { if case .birth(let body) = entry.entry.body { return body.tier } }
        // Without a word of it, the least.
        return .compensated
    }

    /// The changes of earlier instances.
    public var earlier: [EarlierLife] { [retirement, succession].compactMap { $0 } }

    /// What changes of an instance that came before.
    public struct EarlierLife: Sendable {
        /// The state as it will be, and the entries.
        public var transition: Transition
        /// The version of the state that it was taken on.
        public var replacing: Int64

        /// Joins both.
        public init(transition: Transition, replacing: Int64) {
            self.transition = transition
            self.replacing = replacing
        }
    }

    /// Joins the parts.
    public init(
        birth: StoredBirth,
        record: ContentDigest,
        serial: Label,
        endorsementKey: [UInt8],
        transition: Transition,
        log: StoredLog?,
        retirement: EarlierLife? = nil,
        succession: EarlierLife? = nil
    ) {
        self.birth = birth
        self.record = record
        self.serial = serial
        self.endorsementKey = endorsementKey
        self.transition = transition
        self.log = log
        self.retirement = retirement
        self.succession = succession
    }
}

/// A decision, and all it was taken on; the gateway on whose word a lease rests after it must be trusted still.
public struct DecisionChange: Sendable {
    /// The state as it will be, and the entries.
    public var transition: Transition
    /// The version of the state it was taken on.
    public var replacing: Int64
    /// The policy it was taken under: SHA-256 of the file.
    public var policy: ContentDigest
    /// How the releases stood that it was taken on.
    public var standings: ReleaseStandings
    /// The revision of the rollout of the release that it grants, which must still be the same; `nil` when there was none.
    public var rollout: Int64?
    /// The gateway on whose word it was taken, which must still be trusted; `nil` when it was on nobody's.
    public var gateway: GatewayStanding?
    /// The nonce of the challenge that it consumes.
    public var challenge: [UInt8]
    /// When that challenge expires, in seconds since 1970: how long its nonce must be remembered.
    public var challengeExpires: Int64
    /// The grant that it gives.
    public var grant: StoredGrant?
    /// A log that the verifier did not hold.
    public var log: StoredLog?
    /// What it rests on, for the archive.
    public var basis: StoredBasis?
    /// The list of what Linux measured that `basis` names.
    public var list: StoredLog?

    /// Joins the parts.
    public init(
        transition: Transition,
        replacing: Int64,
        policy: ContentDigest,
        standings: ReleaseStandings,
        rollout: Int64? = nil,
        gateway: GatewayStanding? = nil,
        challenge: [UInt8],
        challengeExpires: Int64,
        grant: StoredGrant?,
        log: StoredLog?,
        basis: StoredBasis? = nil,
        list: StoredLog? = nil
    ) {
        self.transition = transition
        self.replacing = replacing
        self.policy = policy
        self.standings = standings
        self.rollout = rollout
        self.gateway = gateway
        self.challenge = challenge
        self.challengeExpires = challengeExpires
        self.grant = grant
        self.log = log
        self.basis = basis
        self.list = list
    }
}

/// What must hold of a gateway for what was decided on its word.
public struct GatewayStanding: Hashable, Sendable {
    /// The gateway.
    public var instance: InstanceID
    /// Until when, in seconds since 1970, its lease must hold.
    public var until: Int64

    /// Joins both.
    public init(_ instance: InstanceID, until: Int64) {
        self.instance = instance
        self.until = until
    }
}

/// What became of one change.
public enum StoreOutcome: Hashable, Sendable {
    /// Done; its entries stand on the ledger from this index on.
    case committed(at: Int)
    /// The very same is on record already; nothing was changed.
    case known
    /// The record, the policy or the release is no longer the one it was based on; nothing was changed.
    case stale
    /// The challenge, or the nonce of an operator's statement, was consumed before; nothing was changed.
    case challengeUsed
    /// It contradicts what is on record; nothing was changed.
    case conflict(StoreConflict)
}

/// How a change contradicts what is on record.
public enum StoreConflict: Hashable, Sendable {
    /// The instance was born with another record.
    case instance
    /// Another restoration of the instance has this number.
    case restoration
    /// Another instance has this serial number.
    case serial(InstanceID)
    /// Another instance has this endorsement key, and the birth does not follow it.
    case endorsementKey(InstanceID)
    /// There is no such instance, release or bundle.
    case missing
    /// Another bundle has this number in its station's sequence.
    case bundle
    /// The release was withdrawn already.
    case withdrawn
    /// The key of the station that signed it was reported compromised.
    case compromised
}

/// What became of a group.
public struct CommitReceipt: Sendable {
    /// One outcome a change, in their order.
    public var outcomes: [StoreOutcome]
    /// The ledger after the group; `nil` when nothing was appended.
    public var ledger: SealedLedger?
    /// The rollouts that are halted because of what became of updates in this group.
    public var halted: [RolloutChange]

    /// Joins the parts.
    public init(outcomes: [StoreOutcome], ledger: SealedLedger?, halted: [RolloutChange] = []) {
        self.outcomes = outcomes
        self.ledger = ledger
        self.halted = halted
    }
}
