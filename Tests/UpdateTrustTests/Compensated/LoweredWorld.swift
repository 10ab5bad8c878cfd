import Appraisal
import AttestationResults
import Crypto
import Messages
import Testing

@testable import UpdateTrust

/// An instance with a TPM, and the software keys that spoke for it in between.
struct LoweredWorld {
    var measured: World
    /// Every key that was ever committed, and its position: a store keeps it.
    private(set) var committed: [SoftwareKey: Int64] = [:]
    private var drawn: UInt64 = 1 << 40

    static let claims = HardwareClaims([Sample.label("board"): Sample.label("A7")])

    init() throws {
        let rest = #""boot":{"requireLog":false,"secureBoot":"any"},"lease":{"seconds":86400},"grant":{"seconds":600}"#
        let match = #""models":"*","hardwareRevisions":"*","environments":"*","packages":"*""#
        let moves = #""moves":{"upgrade":true,"reinstall":true,"downgrade":false}"#
        let text = #"""
            {"formatVersion":1,"rules":[
            {"id":"no-tpm","match":{\#(match),"tiers":["compensated"]},\#(moves),\#(rest),
            "controls":{"releases":"*","approvals":0,"claims":true}},
            {"id":"all","match":{\#(match),"tiers":["tpm","vtpm"]},\#(moves),\#(rest)}]}
            """#
        measured = try World(policy: try Policy(parsing: Array(text.utf8)))
    }

    var state: InstanceState { measured.state }
    var now: Int64 {
        get { measured.now }
        set { measured.now = newValue }
    }

    /// A key that the device makes, with what its agent says that it runs.
    func newDisk() throws -> CompensatedWorld.Disk {
        CompensatedWorld.Disk(
            key: P256.Signing.PrivateKey(),
            running: ClaimedRelease(
                name: state.running.name,
                version: state.running.version,
                manifest: state.running.manifest
            ),
            claims: try #require(Self.claims)
        )
    }

    @discardableResult
    mutating func lower(
        for disk: CompensatedWorld.Disk,
        seconds: Int64 = 7 * 86_400,
        bornFrom facts: BirthFacts? = nil
    ) throws -> TierLowering.Outcome {
        let lowering = TierLowering(
            try KeyRequest(by: disk.key, claims: disk.claims),
            seconds: seconds,
            by: Sample.label("alice"),
            reason: try #require(Remark("TPM dead"))
        )
        let outcome = try lowering.apply(
            to: state,
            bornFrom: facts ?? measured.record.facts,
            isKeyUsed: committed[SoftwareKey(of: disk.key)] != nil,
            at: now
        )
        if case .applied(let transition) = outcome { try take(transition) }
        return outcome
    }

    mutating func raise() throws -> Bool {
        let raise = TierRaise(by: Sample.label("bob"), reason: try #require(Remark("board swapped")))
        guard let transition = try raise.apply(to: state, at: now) else { return false }
        try take(transition)
        return true
    }

    @discardableResult
    mutating func say(
        _ disk: inout CompensatedWorld.Disk,
        _ purpose: Purpose = .attest,
        package: KnownRelease? = nil,
        grant: String? = nil
    ) throws -> CompensatedDecision {
        drawn += 1
        let request = CompensatedRequest(
            instance: state.instance,
            purpose: purpose,
            challenge: "challenge-\(drawn)",
            key: SoftwareKey(of: disk.key),
            next: SoftwareKey(of: disk.next),
            claims: disk.claims,
            running: disk.running,
            package: package.map(Sample.reference),
            grant: grant
        )
        let evidence = try CompensatedEvidence(request, signedBy: disk.key, next: disk.next)
        let subject = CompensatedSubject(
            facts: measured.record.facts,
            claims: try #require(state.lowered?.claims ?? Self.claims)
        )
        let committed = committed
        let ratchet = state.ratchet ?? Ratchet(first: SoftwareKey(of: P256.Signing.PrivateKey()))
        let random = (0..<32).map { UInt8(truncatingIfNeeded: drawn >> (8 * ($0 % 8))) }
        let input = CompensatedInput(
            verdict: CompensatedAppraiser(record: subject, ratchet: ratchet) { committed[$0] }
                .appraise(evidence, request),
            request: try ReceivedCompensatedRequest(parsing: evidence.request.bytes),
            evidence: evidence.digest,
            record: subject,
            state: state,
            release: package,
            standings: measured.fallen,
            approvals: [],
            policy: measured.policy,
            now: now,
            identifiers: try #require(FreshIdentifiers(random: random)),
            verifier: Sample.verifier
        )
        var decision = decide(input)
        if case .granting(let terms, _) = decision.outcome {
            decision = try decision.issuing(try GrantSigner(key: measured.grantKey).sign(terms))
        }
        if let transition = decision.transition { try take(transition) }
        if decision.isAnswered { disk.moveOn() }
        return decision
    }

    private mutating func take(_ transition: Transition) throws {
        #expect(transition.state.version == state.version + 1)
        measured.state = transition.state
        if let ratchet = state.ratchet { committed[ratchet.key] = committed[ratchet.key] ?? ratchet.position }
        try measured.log.append(transition.entries)
    }
}
