import Appraisal
import AttestationResults
import Crypto
import FoundationEssentials
import Ledger
import Messages
import Testing
import UpdateTrust

/// What a verifier judges and decides, with the real appraisal, decision, grant and ledger, and with its memory for a store.
actor TestVerifier {
    nonisolated let identity: TLSIdentity
    nonisolated let releaseKey = StatementSigner.ed25519(Curve25519.Signing.PrivateKey())
    private let name = label("verifier.test")
    private var grantSigner: GrantSigner
    /// That of the first trust bundle.
    private nonisolated let firstGrantKey: StatementKey
    /// The versions of the trust bundle after the first.
    private var successors: [Int64: SignedEnvelope] = [:]
    /// How often a version was asked for.
    private(set) var askedForTrust = 0
    private let ledgerSigner: CheckpointSigner
    private let policy: Policy
    private let record: BirthRecord
    private let key: EnrolledKey

    private(set) var state: InstanceState
    private var releases: [KnownRelease] = []
    private var challenges: [String: ChallengeRequest] = [:]
    private var entries: [[UInt8]] = []
    private var clock: ClockReading?

    /// How many witnesses a grant's rule wants, a device's bundle names, and have signed the ledger.
    struct Witnessed: Sendable {
        var wanted: Int?
        var known = 0
        var signing = 0
    }

    private nonisolated let witnesses: [WitnessSigner]
    private nonisolated let known: Int
    private var signing: Int

    /// How many challenges were given, and how much evidence came.
    private(set) var asked = 0
    private(set) var decided = 0
    /// The kinds of the ledger's entries in order.
    private(set) var kinds: [String] = []
    /// Changes an answer before it is given.
    private var meddling: (@Sendable (DecisionAnswer) -> DecisionAnswer)?
    /// Seconds that this verifier's clock is ahead.
    private var ahead: Int64 = 0

    /// What is wrong with this verifier.
    enum Trouble: Sendable, Hashable {
        /// It takes connections and closes them.
        case down
        /// Its answer does not come.
        case slow
        /// It says that it cannot say, in these words.
        case undecided(String)
    }

    private var trouble: Trouble?
    /// How many questions were kept waiting.
    private(set) var kept = 0

    init(of record: BirthRecord, leaseSeconds: Int64 = 3600, witnessed: Witnessed = Witnessed()) throws {
        identity = try TLSIdentity()
        let first = try GrantSigner(key: P256.Signing.PrivateKey())
        grantSigner = first
        firstGrantKey = first.publicKey
        ledgerSigner = try CheckpointSigner(origin: "ledger.test", privateKey: Curve25519.Signing.PrivateKey())
        witnesses = try (1...3).map { number in
            try WitnessSigner(name: "witness.test/w\(number)", privateKey: Curve25519.Signing.PrivateKey())
        }
        known = witnessed.known
        signing = witnessed.signing
        let wanted = witnessed.wanted.map { #", "witnesses": \#($0)"# } ?? ""
        policy = try Policy(
            parsing: Array(
                """
                {"formatVersion": 1, "rules": [{
                  "id": "lab",
                  "match": {"environments": ["lab"], "tiers": "*", "models": "*", "hardwareRevisions": "*", "packages": "*"},
                  "moves": {"upgrade": true, "reinstall": true, "downgrade": true},
                  "boot": {"requireLog": false, "secureBoot": "any"},
                  "lease": {"seconds": \(leaseSeconds)}, "grant": {"seconds": \(min(leaseSeconds, 600))}\(wanted)
                }]}
                """.utf8
            )
        )
        self.record = record
        key = try EnrolledKey(record.iak)
        let birth = try Transition.birth(
            of: record,
            payload: ContentDigest(of: CanonicalJSON.encode(record)),
            at: now,
            by: name
        )
        state = birth.state
        entries = birth.entries.map(\.bytes)
    }

    /// - Parameter people: whose word makes the next version.
    nonisolated func trust(port: Int, people: SigningKeys? = nil) throws -> TrustBundle {
        TrustBundle(
            verifier: name.text,
            url: "https://localhost:\(port)",
            tlsRoots: identity.rootPEM,
            grantKeys: [firstGrantKey],
            ledgerKey: ledgerSigner.verifierKey.text,
            ledgerWitnesses: known == 0
                ? nil : LedgerQuorum(required: 0, keys: witnesses.prefix(known).map(\.verifierKey.text)),
            releaseKeys: try SigningKeys(threshold: 1, keys: [releaseKey.key]),
            trustKeys: people
        )
    }

    /// Publishes a trust bundle, without a look at it.
    func publish(_ envelope: SignedEnvelope, as version: Int64) { successors[version] = envelope }

    /// Signs grants with another key from now on.
    func signGrants(with key: P256.Signing.PrivateKey) throws { grantSigner = try GrantSigner(key: key) }

    /// Registers and signs a release.
    func release(_ release: Release) throws -> SignedEnvelope {
        let payload = try CanonicalJSON.encode(release)
        releases.append(
            KnownRelease(release: release, manifest: ContentDigest(of: payload), standing: .registered)
        )
        return try SignedEnvelope(payload: payload, payloadType: Release.payloadType, signers: [releaseKey])
    }

    func meddle(_ change: (@Sendable (DecisionAnswer) -> DecisionAnswer)?) { meddling = change }

    func setTrouble(_ trouble: Trouble?) { self.trouble = trouble }

    /// What an operator does to the instance.
    func act(_ kind: OperatorAct.Kind) throws {
        let act = OperatorAct(kind, by: name, reason: try #require(Remark("ticket 7")))
        guard case .applied(let transition) = try act.apply(to: state, at: now) else { throw Unexpected("\(kind)") }
        state = transition.state
        entries += transition.entries.map(\.bytes)
    }

    /// So many witnesses sign the ledger from now on.
    func setSigning(_ count: Int) { signing = count }

    func setClock(ahead seconds: Int64) { ahead = seconds }

    /// Serves while `body` runs.
    nonisolated func serving<Result: Sendable>(
        people: SigningKeys? = nil,
        _ body: (TrustBundle) async throws -> Result
    ) async throws -> Result {
        try await TLSServer.with(identity, answer: { try await self.answer($0) }) { server in
            try await body(try trust(port: server.port, people: people))
        }
    }

    func answer(_ asked: TLSServer.Asked) async throws -> TLSServer.Answer {
        switch trouble {
        case .down: return TLSServer.Answer(hangsUp: true)
        case .slow:
            kept += 1
            try await Task.sleep(for: .seconds(600))
        case .undecided(let title): return try .problem(Problem(.undecided, title: title, status: 503))
        case nil: break
        }
        switch asked.path {
        case "/v1/challenges":
            let request = try CanonicalJSON.decode(
                ChallengeRequest.self,
                from: asked.body,
                limit: ChallengeRequest.maximumSize
            )
            self.asked += 1
            let challenge = Base64URL.encode((0..<24).map { _ in UInt8.random(in: 0...255) })
            challenges[challenge] = request
            return try .message(
                ChallengeAnswer(
                    challenge: challenge,
                    expires: now + 300,
                    selection: record.selection,
                    holdsLog: request.log != nil
                )
            )
        case "/v1/decisions":
            decided += 1
            return try decide(try Evidence(parsing: asked.body))
        case "/v1/farewells": return try takeLeave(try Evidence(parsing: asked.body))
        case let path where path.hasPrefix("/v1/trust/"):
            askedForTrust += 1
            guard let envelope = Int64(path.dropFirst("/v1/trust/".count)).flatMap({ successors[$0] }) else {
                return try .problem(Problem(.notFound, title: "There is nothing here.", status: 404))
            }
            return try .message(envelope)
        case "/ledger/checkpoint":
            return TLSServer.Answer(type: "text/plain", body: try checkpoint().bytes)
        case let path where path.hasPrefix("/ledger/tile/entries/"):
            let tile = try TilePath(parsing: String(path.dropFirst("/ledger/".count)))
            let bundle = EntryBundle.encode(try entries[tile.nodes.indices].map { try LogEntry($0) })
            return TLSServer.Answer(type: "application/octet-stream", body: bundle)
        default:
            return try .problem(Problem(.notFound, title: "There is no such thing.", status: 404))
        }
    }

    private func takeLeave(_ evidence: Evidence) throws -> TLSServer.Answer {
        guard let input = try input(evidence) else { return try Self.notAccepted() }
        switch UpdateTrust.takeLeave(input) {
        case .taken(let transition, let farewell):
            keep(transition)
            return try .message(FarewellAnswer(instance: record.instance, at: farewell.at, wasKnown: false))
        case .known(let farewell):
            return try .message(FarewellAnswer(instance: record.instance, at: farewell.at, wasKnown: true))
        case .refused(let refused):
            let title = refused.reasons.first?.sentence ?? ""
            return try .problem(Problem(.refused, title: title, status: 403, reasons: refused.codes))
        case .notAuthentic: return try Self.notAccepted()
        case .undecided(let cause): return try .problem(Problem(.undecided, title: cause, status: 503))
        }
    }

    private static func notAccepted() throws -> TLSServer.Answer {
        try .problem(Problem(.notAuthentic, title: "The evidence is not accepted.", status: 401))
    }

    private func keep(_ transition: Transition) {
        state = transition.state
        entries += transition.entries.map(\.bytes)
        kinds += transition.entries.map(\.entry.body.type)
    }

    private func decide(_ evidence: Evidence) throws -> TLSServer.Answer {
        guard let input = try input(evidence) else { return try Self.notAccepted() }
        var decision = UpdateTrust.decide(input)
        if case .granting(let terms, _) = decision.outcome {
            decision = try decision.issuing(try grantSigner.sign(terms))
        }
        if let transition = decision.transition { keep(transition) }
        return try answer(decision)
    }

    /// What is decided on; nil when the challenge was not given for it, or was used.
    private func input(_ evidence: Evidence) throws -> DecisionInput? {
        let request = try ReceivedRequest(parsing: evidence.request.bytes)
        guard let given = challenges.removeValue(forKey: request.request.challenge),
            given.instance == request.request.instance, given.purpose == request.request.purpose,
            given.package == request.request.package?.sha256
        else { return nil }
        let verdict = Appraiser.appraise(
            AppraisalInput(
                instance: record.instance,
                key: key,
                attest: evidence.attest.bytes,
                signature: evidence.signature.bytes,
                pcrs: evidence.pcrs,
                log: .none,
                request: request.digest,
                qualifyingData: request.qualifyingData,
                selection: record.selection,
                lastClock: state.lastSeen?.clock,
                firmwareVersions: [record.tpm.firmwareVersion],
                expectations: state.expectations(for: request.request.purpose, grant: request.request.grant)
            )
        )
        return DecisionInput(
            verdict: verdict,
            request: request,
            quote: ContentDigest(of: evidence.attest.bytes),
            record: record,
            state: state,
            release: releases.first { $0.manifest == request.request.package?.manifest },
            policy: policy,
            now: now + ahead + Int64(decided),
            identifiers: try #require(FreshIdentifiers(random: (0..<32).map { _ in UInt8.random(in: 0...255) })),
            verifier: name
        )
    }

    private func answer(_ decision: Decision) throws -> TLSServer.Answer {
        switch decision.outcome {
        case .accepted(let acceptance): return try give(acceptance.answer())
        case .granted(let grant, let acceptance):
            return try give(acceptance.answer(delivering: try delivery(of: grant)))
        case .refused(let refused):
            return try .problem(
                Problem(.refused, title: "What was asked is refused.", status: 403, reasons: refused.codes)
            )
        case .notAuthentic:
            return try .problem(Problem(.notAuthentic, title: "The evidence is not accepted.", status: 401))
        case .undecided, .granting:
            return try .problem(Problem(.undecided, title: "Nothing could be decided.", status: 503))
        }
    }

    private func give(_ answer: DecisionAnswer) throws -> TLSServer.Answer {
        try .message(meddling?(answer) ?? answer)
    }

    private func delivery(of grant: SignedGrant<GrantClaims>) throws -> GrantDelivery {
        let index = try #require(
            entries.firstIndex { bytes in
                guard let entry = try? LedgerEntry(parsing: bytes), case .grant(let body) = entry.body else {
                    return false
                }
                return body.grant == grant.digest
            }
        )
        let (tree, node) = try tree()
        let proof = LogProof(
            index: index,
            path: try #require(tree.inclusionPath(of: index, node: node)),
            checkpoint: try checkpoint()
        )
        return GrantDelivery(
            grant: grant.compact,
            entry: Blob(entries[index]),
            proof: String(decoding: proof.bytes, as: UTF8.self)
        )
    }

    private func checkpoint() throws -> SignedCheckpoint {
        let (tree, node) = try tree()
        var checkpoint = try ledgerSigner.sign(size: tree.size, root: tree.root(node: node))
        let verified = try checkpoint.verify(logKey: ledgerSigner.verifierKey).get()
        for witness in witnesses.prefix(signing) { try checkpoint.add(witness.cosign(verified, time: Int(now))) }
        return checkpoint
    }

    private func tree() throws -> (MerkleTree, (Int, Int) -> TreeHash) {
        let leaves = try entries.map { try LogEntry($0).leafHash }
        func node(_ level: Int, _ index: Int) -> TreeHash {
            level == 0 ? leaves[index] : .node(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))
        }
        return (try MerkleTree(size: leaves.count), node)
    }

    /// Changes the ledger behind everybody's back, after its checkpoint was signed.
    func rewriteLedger(_ change: @Sendable (inout [[UInt8]]) -> Void) { change(&entries) }
}
