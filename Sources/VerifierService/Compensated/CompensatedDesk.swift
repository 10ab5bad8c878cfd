import Appraisal
import AttestationResults
import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// Instances without a TPM, as they ask.
extension Verifier {
    /// `POST /v1/compensated-decisions`: judges what an instance without a TPM shows, and answers once the decision is durable.
    func compensatedDecision(_ exchange: Exchange) async throws -> Answer {
        let wantsResult = try exchange.wantsResult
        let evidence = try exchange.message(CompensatedEvidence.init(parsing:))
        let given = try await received(evidence, wantsResult: wantsResult)
        return try await undecidedOnFault(given.request.request.purpose) { try .json(try await decide(given)) }
    }

    /// Evidence of an instance without a TPM, with the record of whom it says that it is; its challenge is used up.
    /// - Parameter isLeaving: whether it is a farewell that has its place here, and nothing else.
    func received(
        _ evidence: CompensatedEvidence,
        wantsResult: Bool,
        isLeaving: Bool = false
    ) async throws -> CompensatedCase {
        let request: ReceivedCompensatedRequest
        do { request = try ReceivedCompensatedRequest(parsing: evidence.request.bytes) } catch {
            throw ServiceProblem.malformed(error.detail)
        }
        let asked = request.request
        guard (asked.purpose == .farewell) == isLeaving else {
            throw ServiceProblem.malformed("a farewell goes to /v1/compensated-farewells, and nothing else does")
        }
        guard let birth = try await enrolledBirth(asked.instance) else {
            throw notAuthentic(asked.instance, asked.purpose, "no such instance on record")
        }
        guard let selection = birth.measured?.record.selection ?? Self.usualSelection else {
            throw ServiceProblem.undecided("no selection")
        }
        // Before the challenge is used up: who claims another tier has cost nobody anything.
        guard let held = try await store.snapshot(of: asked.instance, release: nil) else {
            throw ServiceProblem.undecided("the state of \(asked.instance) is gone")
        }
        _ = try subject(birth, held.state, asked)
        let binding = Challenges.Binding(
            instance: asked.instance,
            purpose: asked.purpose,
            package: asked.package?.sha256,
            iakName: birth.keyName,
            selection: selection
        )
        let challenge = try await consume(asked.challenge, for: binding) {
            try await appraise(evidence, asked, of: birth).verdict.isAuthentic
        }
        return CompensatedCase(
            evidence: evidence,
            request: request,
            birth: birth,
            challenge: challenge,
            wantsResult: wantsResult
        )
    }

    /// Whom the evidence is held to as the record stands; throws where the instance's TPM speaks for it.
    private func subject(
        _ birth: EnrolledBirth,
        _ state: InstanceState,
        _ asked: CompensatedRequest
    ) throws -> CompensatedSubject {
        if let subject = birth.subject(in: state, at: clock.seconds) { return subject }
        let why =
            state.lowered == nil
            ? "it was born with a TPM, and claims to have none" : "its time without its TPM is over"
        throw tierMismatch(asked.instance, asked.purpose, why)
    }

    /// Who claims another tier than the birth's is refused like a stranger, and noticed: nothing shows who it was.
    func tierMismatch(_ instance: InstanceID, _ purpose: Purpose, _ detail: String) -> ServiceProblem {
        metrics.count(.tierMismatches)
        logger.warning("tier mismatch", metadata: ["instance": "\(instance)", "why": "\(detail)"])
        return notAuthentic(instance, purpose, detail)
    }

    /// Evidence with everything that does not change while it is decided on.
    struct CompensatedCase: Sendable {
        var evidence: CompensatedEvidence
        var request: ReceivedCompensatedRequest
        var birth: EnrolledBirth
        var challenge: Challenges.Valid
        var wantsResult: Bool
        /// The word of the gateway through which it came.
        var vouch: Vouch?
    }

    /// Decides, and answers what was asked once it is durable; everything else is thrown.
    func decide(_ given: CompensatedCase) async throws -> CompensatedAnswer {
        let asked = given.request.request
        for _ in 0..<Self.attempts {
            let policy = policy.now.policy
            let (snapshot, subject, verdict, positions) = try await appraise(given)
            // What was held up on its way names keys that were left behind since, and is no copy's for that.
            if verdict.isAuthentic,
                consumed.isOvertaken(asked.instance, expires: given.challenge.expires, now: clock.milliseconds())
            {
                throw ServiceProblem.undecided("later evidence of \(asked.instance) was decided on first")
            }
            var input = try await input(given, subject, verdict, snapshot, policy)
            let archived = try archive(&input, given, positions, .decision)
            var decided = UpdateTrust.decide(input)
            if case .granting(let terms, _) = decided.outcome {
                decided = try decided.issuing(try grantSigner.sign(terms))
            }
            let ear = try await result(given, decided, input)
            guard let transition = decided.transition else {
                return try await answer(decided, given, result: ear, committed: nil)
            }
            var change = change(given, decided, transition, snapshot, policy)
            change.keep(archived)
            // Before it is durable: from then on earlier evidence finds other keys.
            consumed.accepted(asked.instance, expires: given.challenge.expires, now: clock.milliseconds())
            let result = try await committer.commit(.decision(change))
            switch result.outcome {
            case .committed(let index):
                noteEmergency(transition)
                return try await answer(decided, given, result: ear, committed: (index, transition, result))
            case .challengeUsed: throw notAuthentic(asked.instance, asked.purpose, "the challenge was used before")
            case .stale: metrics.count(.staleCommits)
            case .known, .conflict: throw ServiceProblem.undecided("the record refused a decision")
            }
        }
        metrics.count(.decisions, asked.purpose.rawValue, "undecided")
        throw ServiceProblem.undecided(
            "the record of \(asked.instance) moved \(Self.attempts) times while it was decided on"
        )
    }

    /// What evidence comes to, and what of the record it was held to.
    typealias AppraisedCase = (
        snapshot: DecisionSnapshot, subject: CompensatedSubject, verdict: CompensatedVerdict,
        positions: [SoftwareKey: Int64]
    )

    /// Holds the evidence to the record as it stands.
    func appraise(_ given: CompensatedCase) async throws -> AppraisedCase {
        try await appraise(given.evidence, given.request.request, of: given.birth)
    }

    private func appraise(
        _ evidence: CompensatedEvidence,
        _ asked: CompensatedRequest,
        of birth: EnrolledBirth
    ) async throws -> AppraisedCase {
        // Positions only come to be: read before the state, they cannot be ahead of it.
        let positions = try await store.ratchetPositions(of: [asked.key, asked.next], asked.instance)
        guard let snapshot = try await store.snapshot(of: asked.instance, release: asked.package?.manifest) else {
            throw ServiceProblem.undecided("the state of \(asked.instance) is gone")
        }
        let subject = try subject(birth, snapshot.state, asked)
        guard let ratchet = snapshot.state.ratchet else {
            throw ServiceProblem.undecided("\(asked.instance) has no ratchet")
        }
        let appraiser = CompensatedAppraiser(record: subject, ratchet: ratchet) { positions[$0] }
        return (snapshot, subject, appraiser.appraise(evidence, asked), positions)
    }

    func input(
        _ given: CompensatedCase,
        _ subject: CompensatedSubject,
        _ verdict: CompensatedVerdict,
        _ snapshot: DecisionSnapshot,
        _ policy: Policy
    ) async throws -> CompensatedInput {
        guard let identifiers = FreshIdentifiers(random: Self.random(32)) else {
            throw ServiceProblem.undecided("no identifiers")
        }
        let now = clock.seconds
        let manifest = given.request.request.package?.manifest
        var approvals: [RecordedApproval] = []
        var emergencies: [RecordedEmergency] = []
        if let package = given.request.request.package {
            approvals = try await self.approvals(of: package.manifest)
            let rule = policy.rule(for: PolicySubject(subject.facts.withoutTPM, package: package.name))
            emergencies = try await self.emergencies(over: package.manifest, rule, snapshot)
        }
        return CompensatedInput(
            verdict: verdict,
            request: given.request,
            evidence: given.evidence.digest,
            record: subject,
            state: snapshot.state,
            release: try await known(manifest, snapshot),
            standings: snapshot.standings,
            approvals: approvals,
            emergencies: emergencies,
            vouch: given.vouch,
            gatewayHolds: try await gatewayHolds(of: snapshot.state),
            policy: policy,
            now: now,
            identifiers: identifiers,
            verifier: materials.configuration.name
        )
    }

    private func result(
        _ given: CompensatedCase,
        _ decided: CompensatedDecision,
        _ input: CompensatedInput
    ) async throws -> AttestationResult? {
        guard given.wantsResult else { return nil }
        var claims: EARClaims
        switch decided.outcome {
        case .accepted(let acceptance), .granted(_, let acceptance): claims = input.resultClaims(for: acceptance)
        case .granting, .refused, .notAuthentic, .undecided: return nil
        }
        claims.statusList = try await statusReference(of: given.request.request.instance)
        return try materials.resultSigner.sign(claims)
    }

    func change(
        _ given: CompensatedCase,
        _ decided: CompensatedDecision?,
        _ transition: Transition,
        _ snapshot: DecisionSnapshot,
        _ policy: Policy
    ) -> DecisionChange {
        var grant: StoredGrant?
        if case .granted(let signed, _) = decided?.outcome {
            let claims = signed.terms.claims
            grant = StoredGrant(
                jti: claims.jti,
                compact: signed.compact,
                kid: signed.kid,
                expires: claims.exp,
                manifest: claims.package.manifest,
                tier: claims.tier
            )
        }
        return DecisionChange(
            transition: transition,
            replacing: snapshot.state.version,
            policy: policy.digest,
            standings: snapshot.standings,
            rollout: snapshot.rollout?.revision,
            gateway: given.vouch.map { GatewayStanding($0.gateway, until: $0.until) },
            challenge: given.challenge.nonce,
            challengeExpires: given.challenge.expires / 1000 + 1,
            grant: grant,
            log: nil
        )
    }
}
