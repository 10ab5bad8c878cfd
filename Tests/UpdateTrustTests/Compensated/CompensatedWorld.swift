import Appraisal
import AttestationResults
import Crypto
import Messages
import Testing

@testable import UpdateTrust

/// An instance without a TPM and its verifier; of its disk there may be copies.
struct CompensatedWorld {
    let record: CompensatedBirthRecord
    var state: InstanceState
    var policy: Policy
    var now = Sample.now
    var log: TestLog
    var approvals: [RecordedApproval] = []
    var emergencies: [RecordedEmergency] = []
    var fallen: ReleaseStandings = [:]
    /// Every key that was ever committed, and its position: a store keeps it.
    private(set) var committed: [SoftwareKey: Int64] = [:]
    private var drawn: UInt64 = 0
    private let grantKey = P256.Signing.PrivateKey()

    /// What an agent has on its disk.
    struct Disk {
        var key: P256.Signing.PrivateKey
        /// Made before the request that names it, and kept until its answer has come.
        var next = P256.Signing.PrivateKey()
        var running: ClaimedRelease
        var claims: HardwareClaims
        /// A thief's copy makes its own keys.
        mutating func moveOn() { (key, next) = (next, P256.Signing.PrivateKey()) }
    }

    static func policy(
        controls: String? = #"{"releases":"*","approvals":0,"claims":false}"#,
        environments: String = #""*""#,
        window: String? = nil,
        drift: Int64? = nil,
        releaseApprovals: String? = nil,
        witnesses: Int? = nil
    ) throws -> Policy {
        let controls = controls.map { #","controls":\#($0)"# } ?? ""
        let window = window.map { #","window":\#($0)"# } ?? ""
        let drift = drift.map { #","drift":{"seconds":\#($0)}"# } ?? ""
        let releaseApprovals = releaseApprovals.map { #","releaseApprovals":\#($0)"# } ?? ""
        let witnesses = witnesses.map { #","witnesses":\#($0)"# } ?? ""
        let text = #"""
            {"formatVersion":1,"rules":[{"id":"no-tpm","match":{"models":"*","hardwareRevisions":"*","environments":\#(environments),
            "tiers":["compensated"],"packages":"*"},"moves":{"upgrade":true,"reinstall":true,"downgrade":false},
            "boot":{"requireLog":false,"secureBoot":"any"},"lease":{"seconds":3600},"grant":{"seconds":600}
            \#(controls)\#(window)\#(drift)\#(releaseApprovals)\#(witnesses)}]}
            """#
        return try Policy(parsing: Array(text.utf8))
    }

    private let first: P256.Signing.PrivateKey

    init(policy: Policy? = nil) throws {
        first = P256.Signing.PrivateKey()
        record = CompensatedBirthRecord(
            serial: Sample.label("SN-9"),
            model: Sample.label("gw-100"),
            hardwareRevision: Sample.label("B"),
            environment: Sample.label("production"),
            profile: Sample.label("no-tpm"),
            bornAt: now - 1000,
            station: Sample.label("station-1"),
            bornWith: BornWith(name: Sample.label("os"), version: Sample.label("1.0.0"), securityVersion: 3),
            key: SoftwareKey(of: first),
            keyOrigin: .device,
            claims: try #require(HardwareClaims([Sample.label("mmc-cid"): Sample.label("15010038474e4434")]))
        )
        self.policy = try policy ?? Self.policy()
        log = try TestLog()
        let birth = try Transition.birth(
            of: record,
            payload: ContentDigest(of: try CanonicalJSON.encode(record)),
            at: now,
            by: Sample.verifier
        )
        state = birth.state
        committed[record.key] = 0
        try log.append(birth.entries)
    }

    /// What the line left on the device.
    var born: Disk {
        Disk(
            key: first,
            running: ClaimedRelease(name: Sample.label("os"), version: Sample.label("1.0.0"), manifest: nil),
            claims: record.claims
        )
    }

    func request(
        _ disk: Disk,
        _ purpose: Purpose,
        package: KnownRelease? = nil,
        grant: String? = nil,
        witness: WitnessCode? = nil
    ) -> CompensatedRequest {
        CompensatedRequest(
            instance: record.instance,
            purpose: purpose,
            challenge: "challenge-\(drawn)",
            key: SoftwareKey(of: disk.key),
            next: SoftwareKey(of: disk.next),
            claims: disk.claims,
            running: disk.running,
            package: package.map(Sample.reference),
            grant: grant,
            witness: witness
        )
    }

    func verdict(_ evidence: CompensatedEvidence, _ request: CompensatedRequest) throws -> CompensatedVerdict {
        let committed = committed
        return CompensatedAppraiser(record: record.subject, ratchet: try #require(state.ratchet)) { committed[$0] }
            .appraise(evidence, request)
    }

    mutating func input(
        _ disk: Disk,
        _ purpose: Purpose,
        package: KnownRelease? = nil,
        grant: String? = nil,
        witness: WitnessCode? = nil
    ) throws -> CompensatedInput {
        drawn += 1
        let request = request(disk, purpose, package: package, grant: grant, witness: witness)
        let evidence = try CompensatedEvidence(request, signedBy: disk.key, next: disk.next)
        let random = (0..<32).map { UInt8(truncatingIfNeeded: drawn >> (8 * ($0 % 8))) }
        return CompensatedInput(
            verdict: try verdict(evidence, request),
            request: try ReceivedCompensatedRequest(parsing: evidence.request.bytes),
            evidence: evidence.digest,
            record: record.subject,
            state: state,
            release: package,
            standings: fallen,
            approvals: approvals,
            emergencies: emergencies,
            policy: policy,
            now: now,
            identifiers: try #require(FreshIdentifiers(random: random)),
            verifier: Sample.verifier
        )
    }

    /// Asks, and takes over what follows as a verifier does; the answer may be lost.
    @discardableResult
    mutating func ask(
        _ disk: inout Disk,
        _ purpose: Purpose = .attest,
        package: KnownRelease? = nil,
        grant: String? = nil,
        witness: WitnessCode? = nil,
        isAnswerLost: Bool = false
    ) throws -> CompensatedDecision {
        var decision = decide(try input(disk, purpose, package: package, grant: grant, witness: witness))
        if case .granting(let terms, _) = decision.outcome {
            decision = try decision.issuing(try GrantSigner(key: grantKey).sign(terms))
        }
        if let transition = decision.transition { try take(transition) }
        if decision.isAnswered, !isAnswerLost { disk.moveOn() }
        return decision
    }

    mutating func act(_ kind: OperatorAct.Kind) throws -> OperatorAct.Outcome {
        let act = OperatorAct(kind, by: Sample.label("alice"), reason: try #require(Remark("ticket 7")))
        let outcome = try act.apply(to: state, at: now)
        if case .applied(let transition) = outcome { try take(transition) }
        return outcome
    }

    /// - Returns: whether there was a fork to settle.
    mutating func settle(_ line: ForkCopy) throws -> Bool {
        let settlement = ForkSettlement(line, by: Sample.label("alice"), reason: try #require(Remark("looked at both")))
        guard let transition = try settlement.apply(to: state, at: now) else { return false }
        try take(transition)
        return true
    }

    /// Has a code made for somebody at the device; `nil` when nobody may have one.
    mutating func call(
        _ known: KnownRelease,
        _ code: WitnessCode? = nil,
        seconds: Int64 = 900
    ) throws -> WitnessCode? {
        let code = try #require(code ?? WitnessCode(number: drawn &+ 1_234_567_890))
        let reason = try #require(Remark("Bob is on site"))
        let call = WitnessCodeAct(known.manifest, seconds: seconds, by: Sample.label("alice"), reason: reason)
        guard let (transition, _) = try call.apply(code, to: state, at: now) else { return nil }
        try take(transition)
        return code
    }

    mutating func take(_ transition: Transition) throws {
        #expect(transition.state.version == state.version + 1)
        state = transition.state
        if let ratchet = state.ratchet { committed[ratchet.key] = committed[ratchet.key] ?? ratchet.position }
        try log.append(transition.entries)
    }

    mutating func approve(
        _ known: KnownRelease,
        by name: String,
        role: OperatorRole = .releaseManager,
        environment: String? = nil,
        wholeRelease: Bool = false,
        seconds: Int64 = 3600
    ) throws {
        let reason = try #require(Remark("change 12"))
        let made = Approval(
            release: known.manifest,
            instance: environment == nil && !wholeRelease ? record.instance : nil,
            environment: environment.map(Sample.label),
            by: Sample.label(name),
            role: role,
            reason: reason,
            until: now + seconds
        )
        let approval = try #require(made)
        approvals.append(RecordedApproval(approval, entry: Sample.digest("entry of \(name) \(approvals.count)")))
    }

    func grant(_ decision: CompensatedDecision) throws -> CompensatedGrant {
        guard case .granted(let signed, _) = decision.outcome else { throw NotGranted(codes: decision.reasonCodes) }
        return try CompensatedGrant.verify(
            signed.compact,
            issuer: Sample.verifier,
            keys: [StatementKey(grantKey.publicKey)]
        )
    }

    var grantKeys: [StatementKey] { [StatementKey(grantKey.publicKey)] }
}

extension CompensatedDecision {
    /// Whether an agent hears that its next key is committed.
    var isAnswered: Bool {
        switch outcome {
        case .accepted, .granted: true
        case .granting, .refused, .notAuthentic, .undecided: false
        }
    }

    var reasonCodes: [String] {
        guard case .refused(let refused) = outcome else { return [] }
        return refused.codes
    }
}
