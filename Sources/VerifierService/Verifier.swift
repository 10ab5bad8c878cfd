import Appraisal
import AttestationResults
import DurableFiles
public import HTTPService
import Ledger
public import Logging
import Messages
import UpdateTrust
public import VerifierStore

/// The verifier behind the routes: record, keys, policy and what is worth remembering between requests.
public final class Verifier: Sendable {
    let materials: VerifierMaterials
    let store: any VerifierStore
    let committer: GroupCommitter
    let policy: PolicyInForce
    let policyFile: PolicyFile
    let trust: TrustInForce
    let published: PublishedTrust
    let compromised: CompromisedKeys
    let challenges: Challenges
    /// For evidence that is brought as a file.
    let longChallenges: Challenges
    let epochs: Epochs
    let consumed: ConsumedChallenges
    /// Of what operators have signed.
    let actNonces: ConsumedChallenges
    let status: StatusDesk
    let cosignatures: Cosignatures
    let figures: FiguresDesk
    let clock: VerifierClock
    let logger: Logger
    /// What happened, in numbers.
    public let metrics: Metrics

    /// Birth records and imported keys by instance: neither ever changes.
    let enrolled = BoundedCache<InstanceID, EnrolledBirth>(limit: 4096)
    /// Logs that were replayed, by digest and the PCRs they were replayed for.
    let replayed = BoundedCache<ReplayedKey, ReplayedLog>(limit: 256)
    /// The most bytes of a log among them: real ones have 10 to 100 KB, and a device may pad its own, each time in another way.
    static let largestReplayed = 128 << 10
    /// Releases whose payload was read, by manifest.
    let releases = BoundedCache<ContentDigest, Release>(limit: 256)

    struct Enrolled: Sendable {
        var record: BirthRecord
        var key: EnrolledKey
    }

    /// An instance of either tier.
    enum EnrolledBirth: Sendable {
        case measured(Enrolled)
        case compensated(CompensatedBirthRecord)

        var measured: Enrolled? { if case .measured(let enrolled) = self { enrolled } else { nil } }

        /// What a challenge is bound to besides the instance.
        var keyName: [UInt8] {
            switch self {
            case .measured(let enrolled): enrolled.record.iak.name.bytes
            case .compensated(let record): record.key.bytes
            }
        }
    }

    struct ReplayedKey: Hashable, Sendable {
        var digest: ContentDigest
        var selection: PCRSet
    }

    /// Takes up the record, and refuses to when its ledger is not the one that was signed.
    /// - Throws: `SetupError` that names the first entry that differs, or the store's error.
    public convenience init(
        _ materials: VerifierMaterials,
        store: any VerifierStore,
        clock: VerifierClock = .system,
        logger: Logger
    ) async throws {
        try await self.init(
            materials,
            store: store,
            clock: clock,
            logger: logger,
            remembering: ConsumedChallenges.usualLimit
        )
    }

    /// - Parameter most: how many challenges are remembered in the lifetime of one.
    init(
        _ materials: VerifierMaterials,
        store: any VerifierStore,
        clock: VerifierClock,
        logger: Logger,
        remembering most: Int
    ) async throws {
        let metrics = Metrics(MetricFamily.ofVerifier)
        self.materials = materials
        self.store = store
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
        let limits = materials.configuration.limits
        let lifetime = Int64(limits.challengeSeconds) * 1000
        challenges = Challenges(key: materials.challengeKey, lifetime: lifetime)
        longChallenges = Challenges(key: materials.challengeKey, lifetime: DelayedRule.maximumAge * 1000)
        epochs = Epochs(
            key: materials.challengeKey,
            length: Int64(limits.epochSeconds ?? ServiceLimits.defaultEpochSeconds)
        )
        consumed = ConsumedChallenges(lifetime: lifetime, limit: most)
        // From as long before this verifier's time to as long after it.
        actNonces = ConsumedChallenges(lifetime: 2 * ActStatement.tolerance * 1000)
        committer = GroupCommitter(
            store: store,
            sealer: LedgerSealer(materials.checkpointSigner),
            metrics: metrics,
            logger: logger,
            patience: .seconds(limits.commitSeconds)
        )
        figures = FiguresDesk(store: store, clock: clock)
        status = StatusDesk(
            maker: StatusListMaker(
                store: store,
                signer: materials.resultSigner,
                uri: materials.configuration.statusListURI
            ),
            clock: clock
        )
        cosignatures = try await Cosignatures(
            materials,
            store: store,
            clock: clock,
            metrics: metrics,
            logger: logger
        )
        trust = TrustInForce(materials, metrics: metrics, logger: logger)
        let reported = CompromisedKeys(try await store.compromisedKeys())
        compromised = reported
        let newest = try await PublishedTrust.newest(store, materials, compromised: reported)
        published = PublishedTrust(newest.bundle)
        policy = PolicyInForce(try .init(parsing: materials.policy, for: materials.configuration))
        policyFile = PolicyFile(materials.directory, materials.configuration)
        await cosignatures.exclude(reported.names(.witness))
        try await LedgerGuard(materials: materials, store: store).check()
        if let bytes = newest.bytes { copyTrust(bytes) }
        metrics.set(.ledgerSize, to: Double(try await store.ledgerHead().size))
        try await activate(policy: materials.policy)
        // A nonce is dead with its challenge; the day more is for clocks that go back.
        try await store.forgetChallenges(expiredBefore: clock.seconds - 86_400)
    }

    /// Reads the files again that say whose word counts; what cannot be read is logged, and changes nothing.
    ///
    /// A verifier that serves does so by itself within seconds of a change.
    public func reloadTrust() { trust.read() }

    /// Whose word makes a release: as the published trust bundle says, and the directory's list while `init` made the bundle.
    var releaseKeys: SigningKeys? {
        let bundle = published.now
        return bundle.number > 1 ? bundle.releaseKeys : trust.now.releaseKeys
    }

    /// The key that signs grants.
    /// - Throws: `ServiceProblem` when it was reported compromised: nothing more is granted with it.
    var grantSigner: GrantSigner {
        get throws {
            let signer = materials.grantSigner
            guard !compromised.contains(.grant, signer.kid) else {
                throw ServiceProblem.undecided(
                    "the grant key was reported compromised: birthmark-verifier key use grant"
                )
            }
            return signer
        }
    }

    /// Keeps a copy of the newest trust bundle where people look for it; the record has it.
    func copyTrust(_ bytes: [UInt8]) {
        let path = materials.directory.trustBundle
        guard (try? BoundedFile.readKept(path, limit: TrustBundle.maximumSize)) != bytes else { return }
        do {
            try AtomicFile.write(bytes, to: path, mode: 0o644)
        } catch {
            logger.error(
                "trust.json cannot be written; it is when the service starts",
                metadata: ["error": "\(error)", "hint": "\(error.hint ?? "")"]
            )
        }
    }
}
