import HTTPService
import Ledger
import Logging
import UpdateTrust
import VerifierStore
import Wording

/// What witnesses have signed of the ledger, and what they are asked to sign next.
///
/// All are asked for one checkpoint, since a quorum is of lines under one: it is held until enough have signed, or have had their time.
/// However many commits there were meanwhile, the next one is the newest.
actor Cosignatures {
    /// How one witness stands.
    struct Standing: Hashable, Sendable {
        /// The number of entries that it has signed for last.
        var size = 0
        /// Why the last attempt came to nothing; `nil` when it came to something.
        var trouble: String?
        /// It has seen more entries than there are.
        var isAhead = false
    }

    private let store: any VerifierStore
    private let logKeys: [VerifierKey]
    private var keys: [VerifierKey]
    private let required: Int
    private let clock: VerifierClock
    private let metrics: Metrics
    private let logger: Logger

    private var target: SignedCheckpoint?
    private var since = ContinuousClock.now
    private var looked: ContinuousClock.Instant?
    /// The newest checkpoint under which so many have signed.
    private var newest: [Int: SignedCheckpoint] = [:]
    private var standings: [VerifierKey: Standing] = [:]

    /// Commits of this long share one checkpoint.
    private static let grouping = Duration.milliseconds(100)
    /// How long a checkpoint waits for those who have not signed it; a slow witness signs the next one.
    private static let holding = Duration.seconds(1)
    /// How often somebody who waits looks again: nobody has to be woken, and nobody can be forgotten.
    private static let interval = Duration.milliseconds(20)

    init(
        _ materials: VerifierMaterials,
        store: any VerifierStore,
        clock: VerifierClock,
        metrics: Metrics,
        logger: Logger
    ) async throws {
        self.store = store
        self.clock = clock
        logKeys = materials.checkpointSigner.verifierKeys
        keys = materials.witnesses.map(\.key)
        required = materials.configuration.witnesses?.required ?? 0
        self.metrics = metrics
        self.logger = logger
        guard !keys.isEmpty, let kept = try await store.witnessedCheckpoint() else { return }
        // Kept lines of witnesses that are not named any more count for nothing, and hurt nobody.
        let checkpoint = try SignedCheckpoint(parsing: kept)
        guard case .success(let verified) = checkpoint.verify(logKeys: logKeys, witnesses: keys) else { return }
        target = checkpoint
        for key in verified.cosignatures.keys { standings[key, default: Standing()].size = checkpoint.claimed.size }
        take(checkpoint, signedBy: verified.cosignatures.count)
    }

    /// Counts witnesses no more, and asks them no more; what they have signed is not counted either.
    /// - Parameter names: of their keys, as reports of compromised keys name them.
    func exclude(_ names: Set<String>) {
        let excluded = keys.filter { names.contains($0.description) }
        guard !excluded.isEmpty else { return }
        keys.removeAll { excluded.contains($0) }
        for witness in excluded { standings[witness] = nil }
        newest = [:]
        if let target { take(target, signedBy: Self.signers(of: target, among: keys).count) }
        report()
    }

    // MARK: Who asks for what was signed

    /// The newest checkpoint that so many have signed.
    func witnessed(by count: Int) -> SignedCheckpoint? { newest[count] }

    /// The newest one that has what this verifier's devices ask for, or at least one line.
    var witnessed: SignedCheckpoint? { newest[max(1, required)] }

    /// A checkpoint of the ledger with the lines that are known of it.
    func withLines(_ checkpoint: [UInt8]) -> [UInt8] {
        guard let target, let own = try? SignedCheckpoint(parsing: checkpoint), own.note.text == target.note.text else {
            return checkpoint
        }
        return target.bytes
    }

    /// Waits until so many have signed for an entry.
    /// - Returns: `nil` when they did not in time.
    nonisolated func checkpoint(
        holding index: Int,
        signedBy count: Int,
        within patience: Duration
    ) async throws -> SignedCheckpoint? {
        let end = ContinuousClock.now + patience
        while true {
            if let found = await witnessed(by: count), found.claimed.size > index { return found }
            guard ContinuousClock.now < end else { return nil }
            try await Task.sleep(for: Self.interval)
        }
    }

    /// How a witness stands.
    func standing(of key: VerifierKey) -> Standing { standings[key] ?? Standing() }

    // MARK: Who asks the witnesses

    /// Waits for a checkpoint that a witness has not signed.
    nonisolated func next(for key: VerifierKey) async throws -> SignedCheckpoint {
        while true {
            if let checkpoint = try await offered(to: key) { return checkpoint }
            try await Task.sleep(for: Self.interval)
        }
    }

    private func offered(to key: VerifierKey) async throws -> SignedCheckpoint? {
        try await advance()
        guard keys.contains(key), let target, !Self.signers(of: target, among: keys).contains(key) else { return nil }
        return target
    }

    private func advance() async throws {
        let now = ContinuousClock.now
        if let looked, now - looked < Self.grouping { return }
        looked = now
        if let target {
            let signed = Self.signers(of: target, among: keys)
            let isSignedByAll = keys.allSatisfy { signed.contains($0) || standings[$0]?.trouble != nil }
            guard isSignedByAll || now - since > Self.holding else { return }
        }
        guard let checkpoint = try await store.ledgerHead().checkpoint else { return }
        let head = try SignedCheckpoint(parsing: checkpoint)
        guard head.claimed.size > target?.claimed.size ?? 0 else { return }
        (target, since) = (head, now)
    }

    /// Takes in what a witness answered.
    /// - Throws: `LedgerFormatError`, `LedgerRefusal`: that was no cosignature of its own; `WitnessTrouble.otherTime`; `StoreError`.
    func took(_ lines: [UInt8], from key: VerifierKey, over checkpoint: SignedCheckpoint) async throws {
        var signed = target?.note.text == checkpoint.note.text ? target ?? checkpoint : checkpoint
        guard keys.contains(key), try signed.add(lines: lines, of: [key]).get() == [key] else {
            throw LedgerRefusal.witnessesMissing(required: 1, found: 0)
        }
        // No device counts a line that states another time; it is not to pass for one that devices count.
        let stated = try signed.note.signers(among: [key]).get().cosignatures[key].map { Int64($0) } ?? 0
        let (ahead, isOut) = stated.subtractingReportingOverflow(clock.seconds)
        guard !isOut, ahead.magnitude <= GateTrust.witnessTolerance.magnitude else {
            throw WitnessTrouble.otherTime
        }
        standings[key] = Standing(size: signed.claimed.size)
        metrics.count(.witnessAnswers, "cosigned")
        report()
        if target?.note.text == signed.note.text { target = signed }
        if Self.signers(of: signed, among: keys).count >= max(1, required) {
            try await store.keep(witnessed: signed.bytes)
        }
        // Who was excluded while that was kept does not count any more.
        take(signed, signedBy: Self.signers(of: signed, among: keys).count)
    }

    /// Notes that a witness has not signed; told once for each reason.
    func failed(_ key: VerifierKey, _ outcome: WitnessTrouble) {
        metrics.count(.witnessAnswers, outcome.label)
        let trouble = String(describing: outcome)
        let before = standings[key]?.trouble
        standings[key, default: Standing()].trouble = trouble
        standings[key]?.isAhead = outcome.isAlarm
        report()
        guard trouble != before else { return }
        logger.log(
            level: outcome.isAlarm ? .critical : .warning,
            "a witness has not signed the ledger",
            metadata: ["witness": "\(key.name)", "why": "\(trouble)", "hint": "\(outcome.hint)"]
        )
    }

    private func take(_ checkpoint: SignedCheckpoint, signedBy count: Int) {
        guard count > 0 else { return }
        for number in 1...count where checkpoint.claimed.size >= newest[number]?.claimed.size ?? 0 {
            newest[number] = checkpoint
        }
        metrics.set(.witnessedEntries, to: Double(witnessed?.claimed.size ?? 0))
    }

    private func report() {
        metrics.set(.witnessesInTrouble, to: Double(standings.values.count { $0.trouble != nil }))
        metrics.set(.witnessesAhead, to: Double(standings.values.count { $0.isAhead }))
    }

    private static func signers(of checkpoint: SignedCheckpoint, among keys: [VerifierKey]) -> Set<VerifierKey> {
        // Every line was judged when it was taken in.
        Set(keys.filter { key in checkpoint.note.signatures.contains { $0.name == key.name && $0.keyID == key.id } })
    }
}

/// Why a witness has not signed.
enum WitnessTrouble: Error, Hashable, Sendable, CustomStringConvertible {
    /// It could not be asked, or its answer was none.
    case unreachable(String)
    /// It stands where this ledger was not yet when it was asked.
    case elsewhere(size: Int)
    /// It has seen more entries than there are.
    case ahead(seen: Int, size: Int)
    /// It has seen another tree, or finds that this one does not continue what it saw.
    case forked(status: Int, size: Int)
    /// It has signed for a time that is not now.
    case otherTime
    /// It said no for another reason.
    case refused(status: Int)

    /// Whether it says of the ledger what must never be said of one.
    var isAlarm: Bool {
        switch self {
        case .ahead, .forked: true
        case .unreachable, .elsewhere, .otherTime, .refused: false
        }
    }

    /// For the metric: a closed list.
    var label: String {
        switch self {
        case .unreachable: "unreachable"
        case .elsewhere: "elsewhere"
        case .ahead: "ahead"
        case .forked: "forked"
        case .otherTime: "other-time"
        case .refused: "refused"
        }
    }

    /// What to do.
    var hint: String {
        switch self {
        case .unreachable:
            "it is asked again by itself; see that it runs, and that \"witnesses\" in config.json says where"
        case .elsewhere: "it is asked again by itself"
        case .ahead, .forked:
            "keep both records, and find out which is the right one; after birthmark-verifier restore tell the witness's people"
        case .otherTime: "set the clock that is wrong"
        case .refused: "look at the witness's own log; it must name this ledger's key"
        }
    }

    var description: String {
        switch self {
        case .unreachable(let why): why
        case .elsewhere(let size): "it stands at \(Counted.of(size, "entry", "entries"))"
        case .ahead(let seen, let size):
            "it has seen \(Counted.of(seen, "entry", "entries")) of this ledger, which has \(size): the record was cut, or restored from a backup"
        case .forked(let status, let size):
            "it has seen another ledger of this name (\(status), at \(Counted.of(size, "entry", "entries"))): the record was replaced, or kept twice"
        case .otherTime:
            "it states a time that is not now, so that no device counts what it signs: its clock is wrong, or this machine's"
        case .refused(let status): "it answers \(status)"
        }
    }
}

extension MetricFamily {
    static let witnessAnswers = MetricFamily(
        "birthmark_ledger_witness_answers_total",
        labels: ["outcome"],
        help: "Attempts to have the ledger cosigned, by outcome."
    )
    static let witnessedEntries = MetricFamily(
        "birthmark_ledger_witnessed_entries",
        .gauge,
        help: "Entries under the newest checkpoint that enough witnesses have signed."
    )
    static let witnessesInTrouble = MetricFamily(
        "birthmark_ledger_witnesses_in_trouble",
        .gauge,
        help: "Witnesses whose last attempt came to nothing."
    )
    static let witnessesAhead = MetricFamily(
        "birthmark_ledger_witnesses_alarmed",
        .gauge,
        help: "Witnesses that have seen more of this ledger than there is, or another one: never 1 on a sound record."
    )
}
