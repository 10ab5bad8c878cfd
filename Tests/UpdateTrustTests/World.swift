@_spi(Appraiser) import AttestationResults
import Crypto
import Ledger
import Messages
import Testing

@testable import UpdateTrust

/// One instance and its verifier: real keys, a real ledger, and a device whose TPM is a few numbers.
struct World {
    let record: BirthRecord
    let iak: P256.Signing.PrivateKey
    var state: InstanceState
    var policy: Policy
    var now = Sample.now
    var device: Device
    var log: TestLog
    var grantKey = P256.Signing.PrivateKey()
    /// What the verifier has registered, for boots that nobody expects.
    var known: [KnownRelease] = []
    /// Releases that were withdrawn or recalled.
    var fallen: ReleaseStandings = [:]
    /// What people have said of the release that is asked for.
    var authority = ReleaseAuthority()
    let releaseKey = StatementSigner.ed25519(Curve25519.Signing.PrivateKey())
    private var drawn: UInt64 = 0
    /// The request of the last input: its proof is random, so the same is not made twice.
    private(set) var asked: [UInt8] = []

    /// What the device's TPM holds.
    struct Device {
        var clock: UInt64 = 100_000
        var resetCount: UInt32 = 5
        var firmwareVersion: UInt64 = 1
        var counters = CounterReadings(securityFloor: 43, grants: 70)
        var pcrs: PCRValues
        /// What a reimage replaces.
        var installation = P256.Signing.PrivateKey()

        mutating func reboot(into boot: String) throws {
            resetCount += 1
            clock += 20_000
            pcrs = try Sample.pcrs(boot)
        }
    }

    init(policy: Policy? = nil, tier: Tier = .vtpm, environment: String = "production") throws {
        iak = P256.Signing.PrivateKey()
        record = try Sample.record(iak: iak.publicKey, tier: tier, environment: environment)
        let birth = try Transition.birth(
            of: record,
            payload: ContentDigest(of: try CanonicalJSON.encode(record)),
            at: now,
            by: Sample.verifier
        )
        state = birth.state
        self.policy = try policy ?? Sample.policy()
        device = Device(pcrs: try Sample.pcrs("1.0.0"))
        log = try TestLog()
        try log.append(birth.entries)
    }

    /// The request that the device makes now.
    func request(
        _ purpose: Purpose,
        package: KnownRelease? = nil,
        grant: String? = nil,
        counters: Bool = true
    ) throws -> [UInt8] {
        let challenge = "challenge-\(device.clock)"
        return try DecisionRequest(
            instance: record.instance,
            purpose: purpose,
            challenge: challenge,
            installation: InstallationProof(by: device.installation, for: record.instance, challenge: challenge),
            package: package.map(Sample.reference),
            grant: grant,
            counters: counters ? device.counters : nil,
            vouches: purpose == .vouch ? Sample.digest("statement") : nil
        ).bytes
    }

    /// What an appraisal of the device's quote over these bytes says: only what this module relies on.
    func verdict(on request: [UInt8], purpose: Purpose) throws -> Verdict {
        let observation = Observation(
            clock: ClockReading(clock: device.clock, resetCount: device.resetCount, restartCount: 0, safe: true),
            firmwareVersion: device.firmwareVersion,
            pcrs: device.pcrs
        )
        func refused(_ code: ReasonCode) -> Verdict {
            .refused(Refusal(reasons: [Reason(code, "seen")], authentic: observation))
        }
        let movement: ClockMovement
        switch state.lastSeen?.clock {
        case nil: movement = .first
        case let last? where last.resetCount > device.resetCount: return refused(.tpmClearedOrReplaced)
        case let last? where last.resetCount < device.resetCount:
            movement = .rebooted(device.resetCount - last.resetCount)
        case let last?:
            if device.clock <= last.clock { return refused(.clockWentBack) }
            movement = .sameBoot
        }
        let expectations =
            state.expectations(for: purpose, grant: try DecisionRequest(parsing: request).grant)
            + state.strayExpectations(record, among: known)
        let seen = expectations.first { expectation in
            expectation.profile.exact.values.allSatisfy { device.pcrs.values[$0.key] == $0.value }
        }
        guard let seen else { return refused(.bootUnexpected) }
        return .accepted(
            attested(
                request: request,
                boot: seen.name,
                release: seen.release,
                movement: movement,
                observation: observation
            )
        )
    }

    func attested(
        request: [UInt8],
        boot: BootName,
        release: ContentDigest? = nil,
        movement: ClockMovement,
        observation: Observation,
        log: ContentDigest? = nil,
        facts: AttestedFacts? = nil
    ) -> AttestedState {
        AttestedState(
            instance: record.instance,
            iakName: record.iak.name,
            attest: quote(request),
            request: ContentDigest(of: request),
            observation: observation,
            pcrs: device.pcrs,
            boot: boot,
            release: release,
            log: log,
            facts: facts,
            movement: movement
        )
    }

    func quote(_ request: [UInt8]) -> ContentDigest { Sample.digest("quote over \(ContentDigest(of: request))") }

    /// The input of a decision on what the device would send now; the clock of its TPM moves on.
    mutating func input(
        _ purpose: Purpose,
        package: KnownRelease? = nil,
        grant: String? = nil,
        counters: Bool = true
    ) throws -> DecisionInput {
        device.clock += 1000
        drawn += 1
        let bytes = try request(purpose, package: package, grant: grant, counters: counters)
        asked = bytes
        return DecisionInput(
            verdict: try verdict(on: bytes, purpose: purpose),
            request: try ReceivedRequest(parsing: bytes),
            quote: quote(bytes),
            record: record,
            state: state,
            release: package,
            known: known,
            standings: fallen,
            authority: authority,
            policy: policy,
            now: now,
            identifiers: try #require(
                FreshIdentifiers(random: (0..<32).map { UInt8(truncatingIfNeeded: drawn >> (8 * ($0 % 8))) })
            ),
            verifier: Sample.verifier
        )
    }

    /// Asks and takes over what follows, as a verifier does: signs, stores, appends.
    @discardableResult
    mutating func ask(
        _ purpose: Purpose,
        package: KnownRelease? = nil,
        grant: String? = nil,
        counters: Bool = true
    ) throws -> Decision {
        try settle(decide(try input(purpose, package: package, grant: grant, counters: counters)))
    }

    @discardableResult
    mutating func settle(_ decision: Decision) throws -> Decision {
        var decision = decision
        if case .granting(let terms, _) = decision.outcome {
            decision = try decision.issuing(try GrantSigner(key: grantKey).sign(terms))
        }
        if let transition = decision.transition {
            #expect(transition.state.version == state.version + 1)
            state = transition.state
            try log.append(transition.entries)
        }
        return decision
    }

    mutating func withdraw(_ manifest: ContentDigest, _ standing: ReleaseStanding) {
        fallen[manifest] = standing
        for index in known.indices where known[index].manifest == manifest { known[index].standing = standing }
    }

    /// What the sweep does.
    @discardableResult
    mutating func lapse() throws -> Transition {
        let transition = try Transition.lapse(of: state, standings: fallen, at: now, by: Sample.verifier)
        state = transition.state
        try log.append(transition.entries)
        return transition
    }

    @discardableResult
    mutating func act(_ kind: OperatorAct.Kind) throws -> OperatorAct.Outcome {
        let act = OperatorAct(kind, by: Sample.label("alice"), reason: try #require(Remark("ticket 7")))
        let outcome = try act.apply(to: state, at: now)
        if case .applied(let transition) = outcome {
            state = transition.state
            try log.append(transition.entries)
        }
        return outcome
    }

    /// TPM2_Clear, and the station's statement about it; counters begin above all that the TPM has counted to.
    @discardableResult
    mutating func clearAndRestore(
        floor: UInt64? = nil,
        _ change: (inout Restoration) -> Void = { _ in }
    ) throws -> Restoration.Outcome {
        device.clock = 10
        device.resetCount = 0
        let value = max(device.counters.securityFloor, device.counters.grants) + 1
        let floor = floor ?? state.securityFloor
        device.counters = CounterReadings(securityFloor: value + floor, grants: value)
        let indices = record.counters
        var restoration = Restoration(
            instance: record.instance,
            serial: record.serial,
            birth: ContentDigest(of: try CanonicalJSON.encode(record)),
            number: (state.restored?.number ?? 0) + 1,
            station: record.station,
            restoredAt: now,
            securityFloor: floor,
            counters: BornCounters(
                securityFloor: BornCounter(index: indices.securityFloor.index, base: value),
                grants: BornCounter(index: indices.grants.index, base: value)
            )
        )
        change(&restoration)
        let statement = ContentDigest(of: try CanonicalJSON.encode(restoration))
        let outcome = try restoration.apply(to: state, bornFrom: record, statement: statement, at: now)
        if case .applied(let transition) = outcome {
            state = transition.state
            try log.append(transition.entries)
        }
        return outcome
    }

    /// A whole update up to the grant.
    mutating func granted(_ release: Release) throws -> Delivered {
        let known = try Sample.known(release)
        let decision = try settle(decide(try input(.update, package: known)))
        guard case .granted(let grant, let acceptance) = decision.outcome else {
            throw NotGranted(codes: decision.reasonCodes)
        }
        return Delivered(
            compact: grant.compact,
            claims: grant.terms.claims,
            request: asked,
            release: release,
            delivery: try log.delivery(of: grant.compact),
            acceptance: acceptance
        )
    }

    /// Installs as the gate's caller does, and boots what was installed.
    mutating func install(_ delivered: Delivered) throws {
        device.counters.grants += 1
        try device.reboot(into: delivered.release.version.text)
    }
}

struct NotGranted: Error { let codes: [String] }

extension Decision {
    /// The reason codes that the asker is told; empty unless the outcome is `refused`.
    var reasonCodes: [String] {
        guard case .refused(let refused) = outcome else { return [] }
        return refused.codes
    }
}

/// What the device got for an update request.
struct Delivered {
    var compact: String
    var claims: GrantClaims
    var request: [UInt8]
    var release: Release
    var delivery: GrantDelivery
    var acceptance: Acceptance
}

/// A ledger in memory.
struct TestLog {
    var frontier = TreeFrontier()
    var nodes: [TreeNode] = []
    var entries: [WrittenEntry] = []
    let signer: CheckpointSigner

    init() throws {
        signer = try CheckpointSigner(origin: "ledger.example/updates", privateKey: Curve25519.Signing.PrivateKey())
    }

    mutating func append(_ more: [WrittenEntry]) throws {
        for entry in more {
            entries.append(entry)
            nodes += frontier.append(try LogEntry(entry.bytes).leafHash)
        }
    }

    func proof(of index: Int) throws -> LogProof {
        let tree = try MerkleTree(size: frontier.size)
        let path = try tree.inclusionPath(of: index) { level, index in
            try #require(nodes.first { $0.level == level && $0.index == index }).hash
        }
        let checkpoint = try signer.sign(size: frontier.size, root: frontier.root)
        return LogProof(index: index, path: try #require(path), checkpoint: checkpoint)
    }

    func delivery(of compact: String) throws -> GrantDelivery {
        let digest = ContentDigest(of: Array(compact.utf8))
        let index = try #require(
            entries.lastIndex {
                if case .grant(let body) = $0.entry.body { body.grant == digest } else { false }
            }
        )
        let proof = try proof(of: index)
        return GrantDelivery(
            grant: compact,
            entry: Blob(entries[index].bytes),
            proof: String(decoding: proof.bytes, as: UTF8.self)
        )
    }
}

extension World {
    /// What the device trusts.
    func trust(grantKeys: [P256.Signing.PrivateKey]? = nil, ledger: TestLog? = nil) throws -> GateTrust {
        try GateTrust(
            TrustBundle(
                verifier: Sample.verifier.text,
                url: "https://localhost:8443",
                tlsRoots: "",
                grantKeys: (grantKeys ?? [grantKey]).map { StatementKey($0.publicKey) },
                ledgerKey: (ledger ?? log).signer.verifierKey.text,
                releaseKeys: try SigningKeys(threshold: 1, keys: [releaseKey.key])
            )
        )
    }

    /// What the device's gate judges after a delivery.
    func gate(_ delivered: Delivered) throws -> GateInput {
        GateInput(
            delivery: delivered.delivery,
            request: delivered.request,
            release: try SignedEnvelope(
                payload: try CanonicalJSON.encode(delivered.release),
                payloadType: Release.payloadType,
                signers: [releaseKey]
            ),
            package: MeasuredPackage(
                size: delivered.release.artifact.size,
                sha256: delivered.release.artifact.sha256
            ),
            instance: record.instance,
            iakPublicArea: record.iak.publicArea.bytes,
            counters: record.counters,
            readings: GateReadings(
                clock: device.clock,
                resetCount: device.resetCount,
                safe: true,
                clockUpdate: 4096,
                grants: device.counters.grants,
                securityFloor: device.counters.securityFloor
            ),
            wallClock: now
        )
    }
}
