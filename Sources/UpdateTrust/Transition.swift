public import Messages

/// A change of one instance and the ledger entries that explain it: stored together or not at all.
public struct Transition: Hashable, Sendable {
    /// The state as it is to be stored.
    public let state: InstanceState
    /// The entries, in the order in which they are appended.
    public let entries: [WrittenEntry]

    /// Takes an instance over from its birth record.
    /// - Parameters:
    ///   - record: the record, read from `payload`, whose signature was checked.
    ///   - payload: SHA-256 of the record's exact bytes.
    /// - Throws: `MessageError` when the ledger entry cannot be written.
    public static func birth(
        of record: BirthRecord,
        payload: ContentDigest,
        at now: Int64,
        by verifier: Label
    ) throws(MessageError) -> Transition {
        try birth(InstanceState(bornFrom: record), record.facts, payload: payload, at: now, by: verifier)
    }

    /// Takes an instance without a TPM over from its birth record.
    public static func birth(
        of record: CompensatedBirthRecord,
        payload: ContentDigest,
        at now: Int64,
        by verifier: Label
    ) throws(MessageError) -> Transition {
        try birth(InstanceState(bornFrom: record), record.facts, payload: payload, at: now, by: verifier)
    }

    /// Takes an instance of either tier over from its birth record.
    public static func birth(
        of record: InstanceBirth,
        payload: ContentDigest,
        at now: Int64,
        by verifier: Label
    ) throws(MessageError) -> Transition {
        switch record {
        case .measured(let record): try birth(of: record, payload: payload, at: now, by: verifier)
        case .compensated(let record): try birth(of: record, payload: payload, at: now, by: verifier)
        }
    }

    private static func birth(
        _ state: InstanceState,
        _ facts: BirthFacts,
        payload: ContentDigest,
        at now: Int64,
        by verifier: Label
    ) throws(MessageError) -> Transition {
        let entry = LedgerEntry(
            at: now,
            instance: facts.instance,
            actor: Actor(.verifier, verifier),
            body: .birth(BirthEntry(facts, payload: payload))
        )
        let written = try WrittenEntry(entry)
        var born = state
        born.lastEntry = written.digest
        return Transition(state: born, entries: [written])
    }
}

/// A change under construction: each entry names the one before it.
struct TransitionDraft {
    var state: InstanceState
    private var entries: [WrittenEntry] = []
    let now: Int64
    private let actor: Actor
    private let statement: ContentDigest?
    private let version: Int64

    /// - Parameter statement: what the operator has signed, when it is one who acts.
    init(of state: InstanceState, at now: Int64, actor: Actor, statement: ContentDigest? = nil) {
        self.state = state
        self.now = now
        self.actor = actor
        self.statement = statement
        version = state.version
    }

    /// Adds an entry.
    /// - Returns: its digest.
    @discardableResult
    mutating func record(_ body: LedgerEntry.Body) throws(MessageError) -> ContentDigest {
        let written = try WrittenEntry(
            LedgerEntry(
                at: now,
                instance: state.instance,
                prev: state.lastEntry,
                actor: actor,
                statement: statement,
                body: body
            )
        )
        entries.append(written)
        let digest = written.digest
        state.lastEntry = digest
        return digest
    }

    /// The whole change; its version is one above the state's before, however many entries it took.
    var finished: Transition {
        var state = state
        state.version = version &+ 1
        return Transition(state: state, entries: entries)
    }
}
