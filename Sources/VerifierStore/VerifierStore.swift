public import Ledger
public import Messages
public import UpdateTrust

/// The verifier's record: instances, releases, policies, event logs and the ledger over all of them.
///
/// **Durability.** When `commit` returns, every change whose outcome is `.committed` survives a kill of the process and a
/// loss of power, together with its ledger entries, the tree over them and the one signed checkpoint of the group; no
/// reader ever sees a part of them. When `commit` throws, nothing of the group was done, or the store does not know:
/// then the next `commit` finds out, because it takes the ledger's end from what is stored.
///
/// **Order.** Commits are serial. A change is held against the record as it is inside the transaction, so that a decision
/// taken on an old view is `.stale` and not carried out.
///
/// Each database fulfils this with its own statements; one conformance suite holds them to it.
public protocol VerifierStore: Sendable {
    // MARK: Instances

    /// What a decision about an instance needs, read in one view; `nil` when the instance is not on record.
    /// - Parameter release: the manifest digest of the release whose standing and rollout are asked too.
    func snapshot(of instance: InstanceID, release: ContentDigest?) async throws(StoreError) -> DecisionSnapshot?

    /// The signed birth of an instance: it never changes.
    func birth(of instance: InstanceID) async throws(StoreError) -> StoredBirth?

    /// The instance that has a serial number: the one that was born with it last.
    func instance(serial: Label) async throws(StoreError) -> InstanceID?

    /// Instances in ascending order, beginning after one.
    func instances(after: InstanceID?, limit: Int) async throws(StoreError) -> [StoredInstance]

    /// The place of an instance on the status list: given when its birth is taken over, at random among those that are free, and
    /// the same for ever; `nil` when the instance is not on record.
    func statusIndex(of instance: InstanceID) async throws(StoreError) -> Int?

    /// Instances for which time, a withdrawal, or the end of their gateway's lease has something to do (`Transition.lapse`), those that wait longest first.
    func due(at now: Int64, limit: Int) async throws(StoreError) -> [InstanceID]

    /// Granted updates, the latest first, beginning before one.
    func updates(_ query: UpdateQuery, before: Int64?, limit: Int) async throws(StoreError) -> [StoredUpdate]

    /// How many updates to a release are in each stage.
    func updateCounts(of release: ContentDigest) async throws(StoreError) -> [UpdateStage: Int]

    /// How many grants of a release went to devices of each tier, as far as that was kept.
    func updateTiers(of release: ContentDigest) async throws(StoreError) -> [Tier: Int]

    /// How instances stand and where on the status list, in ascending order of their ids, beginning after one.
    func standings(after: InstanceID?, limit: Int) async throws(StoreError) -> [StoredStanding]

    /// The fleet in figures.
    func figures(at now: Int64) async throws(StoreError) -> FleetFigures

    /// The restoration of an instance with this number; `nil` when it was not taken over.
    func restoration(_ number: UInt32, of instance: InstanceID) async throws(StoreError) -> StoredRestoration?

    /// What came of each station's sequence of bundles, by the stations' names.
    func sequences() async throws(StoreError) -> [StoredSequence]

    /// The positions of those keys that were committed for an instance without a TPM at any time.
    func ratchetPositions(
        of keys: [SoftwareKey],
        _ instance: InstanceID
    ) async throws(StoreError) -> [SoftwareKey: Int64]

    /// The approvals of a release that are not over.
    func approvals(of release: ContentDigest, at now: Int64) async throws(StoreError) -> [RecordedApproval]

    /// The emergencies that are not over, in the order in which they were declared: of one release, or of all.
    func emergencies(of release: ContentDigest?, at now: Int64) async throws(StoreError) -> [RecordedEmergency]

    /// What an operator has signed for an act, by the digest that entries name; `nil` when nothing of that digest is kept.
    func act(_ digest: ContentDigest) async throws(StoreError) -> SignedAct?

    // MARK: Keys

    /// The published trust bundle of a version; `nil` when there is none.
    func trust(_ version: Int64) async throws(StoreError) -> StoredTrust?

    /// The newest published trust bundle; `nil` while none was published.
    func newestTrust() async throws(StoreError) -> StoredTrust?

    /// The keys that were reported compromised.
    func compromisedKeys() async throws(StoreError) -> Set<NamedKey>

    /// How much hangs on a key now; nothing is changed.
    func extent(of compromise: KeyCompromise) async throws(StoreError) -> CompromiseExtent

    // MARK: Releases, policies and logs

    /// A release by the digest of its signed payload.
    func release(_ manifest: ContentDigest) async throws(StoreError) -> StoredRelease?

    /// All releases, the newest first.
    func releases() async throws(StoreError) -> [StoredRelease]

    /// The rollout of a release, with what came of its updates; `nil` when it has none.
    func rollout(of release: ContentDigest) async throws(StoreError) -> StagedRollout?

    /// The policy that came into force last.
    func policy() async throws(StoreError) -> StoredPolicy?

    /// A policy that is or was in force, by the digest of its file.
    func policy(_ digest: ContentDigest) async throws(StoreError) -> StoredPolicy?

    /// An event log by its digest.
    func log(_ digest: ContentDigest) async throws(StoreError) -> [UInt8]?

    /// Whether an event log is held.
    func holdsLog(_ digest: ContentDigest) async throws(StoreError) -> Bool

    /// A grant by its `jti`, with the number of its entry on the ledger.
    func grant(_ jti: String) async throws(StoreError) -> GivenGrant?

    // MARK: The archive

    /// What a decision rested on, by the digest of the entry that states it; `nil` when nothing is kept of it, or no longer.
    func basis(of entry: ContentDigest) async throws(StoreError) -> KeptBasis?

    /// What the decisions of a span of time rested on, in the order of time, beginning after one.
    /// - Parameter times: seconds since 1970.
    func bases(
        in times: Range<Int64>,
        after: ArchivePlace?,
        limit: Int
    ) async throws(StoreError) -> [KeptBasis]

    /// The decisions before a time of which the archive keeps something, by the digests of their entries in the order of the ledger;
    /// the earliest first.
    func basesToShed(before time: Int64, limit: Int) async throws(StoreError) -> [ContentDigest]

    /// A list of what Linux measured, by its digest; `nil` when no decision names it, or none any more.
    func measuredList(_ digest: ContentDigest) async throws(StoreError) -> [UInt8]?

    // MARK: The ledger

    /// How far the ledger goes, and the checkpoint that was signed last.
    func ledgerHead() async throws(StoreError) -> LedgerHead

    /// The newest checkpoint that enough witnesses have signed, with their lines, as it was kept; `nil` when there is none.
    func witnessedCheckpoint() async throws(StoreError) -> [UInt8]?

    /// Entries by index; fewer than asked for when the ledger ends before.
    func ledgerEntries(_ range: Range<Int>) async throws(StoreError) -> [LogEntry]

    /// Entries about something, in their order, from a place on.
    func ledgerEntries(
        about subject: LedgerSubject,
        from index: Int,
        limit: Int
    ) async throws(StoreError) -> [NumberedEntry]

    /// The last entry about something that stands before a place; `nil` when none does.
    func lastLedgerEntry(
        about subject: LedgerSubject,
        before index: Int
    ) async throws(StoreError) -> NumberedEntry?

    /// The hashes of complete subtrees, in the order asked for, in one reading; an error when the ledger does not reach that far.
    func ledgerNodes(_ places: [NodePlace]) async throws(StoreError) -> [TreeHash]

    /// The hashes of the complete subtrees that entries completed when they were appended, in that order (`TreeFrontier.append`); fewer
    /// when the ledger ends before.
    func ledgerNodes(completedBy entries: Range<Int>) async throws(StoreError) -> [TreeHash]

    // MARK: Changing

    /// Carries out a group of changes in one transaction, in order, and signs one checkpoint over the ledger after it.
    ///
    /// A change that does not hold any more changes nothing and leaves the others alone; its outcome says why. A change that shows what
    /// became of an update moves the counts of its release's rollout, and is followed by the halt (`StagedRollout.halted`) when that makes
    /// it one failure too many: in this same transaction, before the next change.
    func commit(_ changes: [StoreChange], sealer: LedgerSealer) async throws(StoreError) -> CommitReceipt

    /// Keeps a checkpoint with the lines of witnesses, in the place of the one before; what it is over is durable already.
    func keep(witnessed checkpoint: [UInt8]) async throws(StoreError)

    /// Forgets consumed challenges that expired before a time in seconds since 1970.
    func forgetChallenges(expiredBefore time: Int64) async throws(StoreError)

    /// Lets go of the database, in which all that was committed is by itself then; nothing may be asked of the store any more.
    func close() throws(StoreError)
}
