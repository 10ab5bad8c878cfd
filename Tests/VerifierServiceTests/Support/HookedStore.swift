import Ledger
import Messages
import StoreSQLite
import Synchronization
import UpdateTrust
import VerifierStore

/// The real record, with a hook before and after each of its verbs: for faults and races.
final class HookedStore: VerifierStore {
    enum Moment: Hashable, Sendable {
        case before
        case after
    }
    typealias Hook = @Sendable (_ verb: String, _ moment: Moment) async throws(StoreError) -> Void

    private let store: SQLiteStore
    private let hook = Mutex<Hook?>(nil)

    init(_ store: SQLiteStore) { self.store = store }

    func set(_ hook: Hook?) { self.hook.withLock { $0 = hook } }

    private func call<Value: Sendable>(
        _ verb: String,
        _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let hook = hook.withLock { $0 }
        try await hook?(verb, .before)
        let value = try await body()
        try await hook?(verb, .after)
        return value
    }

    func snapshot(of instance: InstanceID, release: ContentDigest?) async throws(StoreError) -> DecisionSnapshot? {
        try await call("snapshot") { () async throws(StoreError) in
            try await store.snapshot(of: instance, release: release)
        }
    }
    func witnessedCheckpoint() async throws(StoreError) -> [UInt8]? {
        try await call("witnessedCheckpoint") { () async throws(StoreError) in try await store.witnessedCheckpoint() }
    }
    func keep(witnessed checkpoint: [UInt8]) async throws(StoreError) {
        try await call("keepWitnessed") { () async throws(StoreError) in try await store.keep(witnessed: checkpoint) }
    }
    func close() throws(StoreError) { try store.close() }

    func birth(of instance: InstanceID) async throws(StoreError) -> StoredBirth? {
        try await call("birth") { () async throws(StoreError) in try await store.birth(of: instance) }
    }
    func instance(serial: Label) async throws(StoreError) -> InstanceID? {
        try await call("serial") { () async throws(StoreError) in try await store.instance(serial: serial) }
    }
    func instances(after: InstanceID?, limit: Int) async throws(StoreError) -> [StoredInstance] {
        try await call("instances") { () async throws(StoreError) in
            try await store.instances(after: after, limit: limit)
        }
    }
    func due(at now: Int64, limit: Int) async throws(StoreError) -> [InstanceID] {
        try await call("due") { () async throws(StoreError) in try await store.due(at: now, limit: limit) }
    }
    func updates(_ query: UpdateQuery, before: Int64?, limit: Int) async throws(StoreError) -> [StoredUpdate] {
        try await call("updates") { () async throws(StoreError) in
            try await store.updates(query, before: before, limit: limit)
        }
    }
    func updateCounts(of release: ContentDigest) async throws(StoreError) -> [UpdateStage: Int] {
        try await call("updateCounts") { () async throws(StoreError) in try await store.updateCounts(of: release) }
    }
    func updateTiers(of release: ContentDigest) async throws(StoreError) -> [Tier: Int] {
        try await call("updateTiers") { () async throws(StoreError) in try await store.updateTiers(of: release) }
    }
    func statusIndex(of instance: InstanceID) async throws(StoreError) -> Int? {
        try await call("statusIndex") { () async throws(StoreError) in try await store.statusIndex(of: instance) }
    }
    func standings(after: InstanceID?, limit: Int) async throws(StoreError) -> [StoredStanding] {
        try await call("standings") { () async throws(StoreError) in
            try await store.standings(after: after, limit: limit)
        }
    }
    func restoration(
        _ number: UInt32,
        of instance: InstanceID
    ) async throws(StoreError) -> StoredRestoration? {
        try await call("restoration") { () async throws(StoreError) in
            try await store.restoration(number, of: instance)
        }
    }
    func sequences() async throws(StoreError) -> [StoredSequence] {
        try await call("sequences") { () async throws(StoreError) in try await store.sequences() }
    }
    func release(_ manifest: ContentDigest) async throws(StoreError) -> StoredRelease? {
        try await call("release") { () async throws(StoreError) in try await store.release(manifest) }
    }
    func releases() async throws(StoreError) -> [StoredRelease] {
        try await call("releases") { () async throws(StoreError) in try await store.releases() }
    }
    func rollout(of release: ContentDigest) async throws(StoreError) -> StagedRollout? {
        try await call("rollout") { () async throws(StoreError) in try await store.rollout(of: release) }
    }
    func ratchetPositions(
        of keys: [SoftwareKey],
        _ instance: InstanceID
    ) async throws(StoreError) -> [SoftwareKey: Int64] {
        try await store.ratchetPositions(of: keys, instance)
    }
    func emergencies(of release: ContentDigest?, at now: Int64) async throws(StoreError) -> [RecordedEmergency] {
        try await store.emergencies(of: release, at: now)
    }

    func act(_ digest: ContentDigest) async throws(StoreError) -> SignedAct? { try await store.act(digest) }

    func approvals(of release: ContentDigest, at now: Int64) async throws(StoreError) -> [RecordedApproval] {
        try await store.approvals(of: release, at: now)
    }
    func trust(_ version: Int64) async throws(StoreError) -> StoredTrust? { try await store.trust(version) }
    func newestTrust() async throws(StoreError) -> StoredTrust? { try await store.newestTrust() }
    func compromisedKeys() async throws(StoreError) -> Set<NamedKey> { try await store.compromisedKeys() }
    func extent(of compromise: KeyCompromise) async throws(StoreError) -> CompromiseExtent {
        try await store.extent(of: compromise)
    }
    func policy() async throws(StoreError) -> StoredPolicy? {
        try await call("policy") { () async throws(StoreError) in try await store.policy() }
    }
    func figures(at now: Int64) async throws(StoreError) -> FleetFigures { try await store.figures(at: now) }
    func policy(_ digest: ContentDigest) async throws(StoreError) -> StoredPolicy? { try await store.policy(digest) }
    func ledgerEntries(
        about subject: LedgerSubject,
        from index: Int,
        limit: Int
    ) async throws(StoreError) -> [NumberedEntry] {
        try await store.ledgerEntries(about: subject, from: index, limit: limit)
    }
    func lastLedgerEntry(
        about subject: LedgerSubject,
        before index: Int
    ) async throws(StoreError) -> NumberedEntry? {
        try await store.lastLedgerEntry(about: subject, before: index)
    }
    func log(_ digest: ContentDigest) async throws(StoreError) -> [UInt8]? {
        try await call("log") { () async throws(StoreError) in try await store.log(digest) }
    }
    func holdsLog(_ digest: ContentDigest) async throws(StoreError) -> Bool {
        try await call("holdsLog") { () async throws(StoreError) in try await store.holdsLog(digest) }
    }
    func basis(of entry: ContentDigest) async throws(StoreError) -> KeptBasis? { try await store.basis(of: entry) }
    func measuredList(_ digest: ContentDigest) async throws(StoreError) -> [UInt8]? {
        try await store.measuredList(digest)
    }
    func bases(
        in times: Range<Int64>,
        after: ArchivePlace?,
        limit: Int
    ) async throws(StoreError) -> [KeptBasis] {
        try await store.bases(in: times, after: after, limit: limit)
    }
    func basesToShed(before time: Int64, limit: Int) async throws(StoreError) -> [ContentDigest] {
        try await call("basesToShed") { () async throws(StoreError) in
            try await store.basesToShed(before: time, limit: limit)
        }
    }
    func grant(_ jti: String) async throws(StoreError) -> GivenGrant? {
        try await call("grant") { () async throws(StoreError) in try await store.grant(jti) }
    }
    func ledgerHead() async throws(StoreError) -> LedgerHead { try await store.ledgerHead() }
    func ledgerEntries(_ range: Range<Int>) async throws(StoreError) -> [LogEntry] {
        try await store.ledgerEntries(range)
    }
    func ledgerNodes(_ places: [NodePlace]) async throws(StoreError) -> [TreeHash] {
        try await store.ledgerNodes(places)
    }
    func ledgerNodes(completedBy entries: Range<Int>) async throws(StoreError) -> [TreeHash] {
        try await store.ledgerNodes(completedBy: entries)
    }
    func commit(_ changes: [StoreChange], sealer: LedgerSealer) async throws(StoreError) -> CommitReceipt {
        try await call("commit") { () async throws(StoreError) in try await store.commit(changes, sealer: sealer) }
    }
    func forgetChallenges(expiredBefore time: Int64) async throws(StoreError) {
        try await store.forgetChallenges(expiredBefore: time)
    }
}

/// Lets the first caller through, once.
final class Once: Sendable {
    private let isUsed = Mutex(false)

    var isFirst: Bool {
        isUsed.withLock { used in
            defer { used = true }
            return !used
        }
    }
}
