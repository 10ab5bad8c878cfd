import Appraisal
import AttestationResults
import HTTPService
import Logging
import Messages
import Reappraisal
import UpdateTrust
import VerifierStore

extension Verifier {
    /// How often a decision is taken again because the record moved under it.
    static let attempts = 3

    /// `POST /v1/decisions`: judges evidence, decides, and answers once the decision is durable.
    ///
    /// With `?result=ear` the answer carries a result for relying parties, also when the instance's own evidence is refused.
    func decision(_ exchange: Exchange) async throws -> Answer {
        let wantsResult = try exchange.wantsResult
        let (evidence, request, enrolled) = try await received(exchange) { purpose in
            switch purpose {
            case .attest, .update, .confirm: break
            case .delayed: throw ServiceProblem.malformed("a delayed request is brought as a file")
            case .farewell: throw ServiceProblem.malformed("a farewell goes to /v1/farewells")
            case .vouch: throw ServiceProblem.malformed("what a gateway vouches for goes to /v1/vouched-decisions")
            }
        }
        let challenge = try await consume(evidence, request, enrolled)
        return try await undecidedOnFault(request.request.purpose) {
            try .json(
                try await decide(
                    Case(
                        evidence: evidence,
                        request: request,
                        enrolled: enrolled,
                        challenge: challenge,
                        wantsResult: wantsResult
                    )
                )
            )
        }
    }

    /// What a record that fails means for whoever asked: nothing was decided.
    func undecidedOnFault(_ purpose: Purpose, _ body: () async throws -> Answer) async throws -> Answer {
        do {
            return try await body()
        } catch let error as StoreError {
            metrics.count(.decisions, purpose.rawValue, "undecided")
            throw ServiceProblem.undecided("the record: \(error.message)")
        } catch is GroupCommitter.Late {
            metrics.count(.decisions, purpose.rawValue, "undecided")
            throw ServiceProblem.undecided("the record did not take the decision in time")
        }
    }

    /// Evidence with everything that does not change while it is decided on.
    struct Case: Sendable {
        var evidence: Evidence
        var request: ReceivedRequest
        var enrolled: Enrolled
        var challenge: Challenges.Valid
        var wantsResult: Bool
        /// Why it is no older than it may be, when it came as a file.
        var carried: CarriedFreshness?
        /// The operator who has brought it, when it came as a file.
        var acting: Acting?

        /// A change by it, with what that operator has signed.
        func signed(_ change: StoreChange) -> StoreChange {
            guard let acting else { return change }
            return .signed(change, acting.signed)
        }

        /// The part that is judged.
        var measured: MeasuredCase {
            MeasuredCase(
                evidence: evidence,
                request: request,
                record: enrolled.record,
                key: enrolled.key,
                carried: carried
            )
        }
    }

    /// Decides, and answers what was asked once it is durable; everything else is thrown.
    func decide(_ given: Case) async throws -> DecisionAnswer {
        try await answer(try await decided(given), to: given.request.request)
    }

    /// A decision that is durable, as far as there is anything to keep of it.
    typealias MadeDecision = (decision: Decision, result: AttestationResult?, committed: Committed?)

    func decided(_ given: Case) async throws -> MadeDecision {
        let instance = given.request.request.instance
        var firstSeen: LastSeen??
        for _ in 0..<Self.attempts {
            let current = policy.now
            let policy = current.policy
            let manifest = given.request.request.package?.manifest
            guard let snapshot = try await store.snapshot(of: instance, release: manifest) else {
                throw ServiceProblem.undecided("the state of \(instance) is gone")
            }
            // Evidence that was overtaken on its way shows an older clock; nothing may follow from that.
            let isOvertaken = firstSeen.map { $0 != snapshot.state.lastSeen } ?? false
            firstSeen = .some(snapshot.state.lastSeen)
            // What came as a file is old, and is judged as that.
            if given.carried == nil,
                isOvertaken
                    || consumed.isOvertaken(instance, expires: given.challenge.expires, now: clock.milliseconds())
            {
                throw ServiceProblem.undecided("later evidence of \(instance) was decided on first")
            }
            let (appraised, log) = try await appraise(given, snapshot.state, current)
            var input = try await input(given, snapshot, appraised, policy, isLogHeld: log.isHeld)
            let archived = try archive(&input, given, appraised, .decision)
            let (decided, ear) = try await decide(given, input)
            guard let transition = decided.transition else { return (decided, ear, nil) }
            var change = change(given, decided, transition, snapshot, policy, log: log.new)
            change.keep(archived)
            // Before it is durable: from then on earlier evidence finds a later clock.
            if given.carried == nil {
                consumed.accepted(instance, expires: given.challenge.expires, now: clock.milliseconds())
            }
            let result = try await committer.commit(given.signed(.decision(change)))
            switch result.outcome {
            case .committed(let index):
                noteEmergency(transition)
                return (decided, ear, (index, transition, result))
            case .challengeUsed where given.carried != nil:
                throw ServiceProblem.refused(
                    DecisionReason.requestUsed.sentence,
                    reasons: [DecisionReason.requestUsed.rawValue],
                    instance: instance.text
                )
            case .challengeUsed: throw notAuthentic(given.request, "the challenge was used before")
            case .stale: metrics.count(.staleCommits)
            case .known, .conflict: throw ServiceProblem.undecided("the record refused a decision")
            }
        }
        metrics.count(.decisions, given.request.request.purpose.rawValue, "undecided")
        throw ServiceProblem.undecided("the record of \(instance) moved \(Self.attempts) times while it was decided on")
    }

    /// The log beside a quote, as far as it is worth keeping.
    struct KeptLog {
        /// Whether it is on record, or will be with this decision.
        var isHeld = false
        /// What is to be stored.
        var new: StoredLog?
    }

    /// - Returns: what the evidence came to; and the log when it belongs to what the instance's own key said: a refused one is kept
    ///   for those who have to explain the refusal, once for each suspension.
    func appraise(
        _ given: Case,
        _ state: InstanceState,
        _ current: PolicyInForce.Current
    ) async throws -> (AppraisedEvidence, KeptLog) {
        let record = given.enrolled.record
        var log = LogEvidence.none
        var isNew = false
        if let digest = given.evidence.log {
            // What was to be stored with it may not have been: then this memory alone has it, which is not enough.
            if let known = replayed[ReplayedKey(digest: digest, selection: record.selection)],
                try await isAtHand(digest, given.evidence)
            {
                log = .replayed(known)
                isNew = given.evidence.logBytes != nil
            } else if let held = try await store.log(digest) {
                log = .bytes(held, digest: digest)
            } else if let bytes = given.evidence.logBytes {
                log = .bytes(bytes.bytes, digest: digest)
                isNew = true
            }
        }
        let input = given.measured.appraisal(on: state, by: current.judged, log: log)
        var replay: ReplayedLog?
        var appraised = AppraisedEvidence(input, replaying: &replay)
        if appraised.isUnexpectedBoot {
            let known = try await knownReleases()
            appraised.look(among: known, for: input, of: record, on: state, replaying: &replay)
        }
        let verdict = appraised.verdict
        guard let digest = given.evidence.log, verdict.isAuthentic else { return (appraised, KeptLog()) }
        if case .accepted = verdict, let replay, case .bytes(let bytes, _) = log, bytes.count <= Self.largestReplayed {
            replayed.keep(replay, for: ReplayedKey(digest: digest, selection: record.selection))
        }
        guard isNew, let bytes = given.evidence.logBytes else {
            if case .none = log { return (appraised, KeptLog()) }
            return (appraised, KeptLog(isHeld: true))
        }
        return (appraised, KeptLog(isHeld: true, new: StoredLog(bytes.bytes)))
    }

    /// Whether a log came with the evidence, or is on record.
    private func isAtHand(_ log: ContentDigest, _ evidence: Evidence) async throws -> Bool {
        if evidence.logBytes != nil { return true }
        return try await store.holdsLog(log)
    }

    private func decide(_ given: Case, _ input: DecisionInput) async throws -> (Decision, AttestationResult?) {
        let decision = UpdateTrust.decide(input)
        switch decision.outcome {
        case .granting(let terms, let acceptance):
            let granted = try decision.issuing(try grantSigner.sign(terms))
            return (granted, try await result(given, input.resultClaims(for: acceptance)))
        case .accepted(let acceptance):
            return (decision, try await result(given, input.resultClaims(for: acceptance)))
        case .refused: return (decision, try await result(given, input.resultClaimsOfRefusedEvidence))
        default: return (decision, nil)
        }
    }

    /// All that a decision depends on.
    func input(
        _ given: Case,
        _ snapshot: DecisionSnapshot,
        _ appraised: AppraisedEvidence,
        _ policy: Policy,
        isLogHeld: Bool
    ) async throws -> DecisionInput {
        guard let identifiers = FreshIdentifiers(random: Self.random(32)) else {
            throw ServiceProblem.undecided("no identifiers")
        }
        return given.measured.decision(
            on: appraised,
            log: isLogHeld ? given.evidence.log : nil,
            state: snapshot.state,
            release: try await known(given.request.request.package?.manifest, snapshot),
            standings: snapshot.standings,
            authority: try await authority(
                over: given.request.request.package,
                given.enrolled.record.facts,
                policy,
                snapshot
            ),
            policy: policy,
            now: clock.seconds,
            identifiers: identifiers,
            verifier: materials.configuration.name
        )
    }

    /// - Parameter claims: what relying parties may be told, if there is anything.
    private func result(
        _ given: Case,
        _ claims: @autoclosure () -> EARClaims?
    ) async throws -> AttestationResult? {
        guard given.wantsResult, var claims = claims() else { return nil }
        claims.statusList = try await statusReference(of: given.enrolled.record.instance)
        return try materials.resultSigner.sign(claims)
    }

    func change(
        _ given: Case,
        _ decided: Decision?,
        _ transition: Transition,
        _ snapshot: DecisionSnapshot,
        _ policy: Policy,
        log: StoredLog?
    ) -> DecisionChange {
        var grant: StoredGrant?
        if case .granted(let signed, _) = decided?.outcome {
            grant = StoredGrant(
                jti: signed.terms.claims.jti,
                compact: signed.compact,
                kid: signed.kid,
                expires: signed.terms.claims.exp,
                manifest: signed.terms.claims.package.manifest,
                tier: signed.terms.claims.tier
            )
        }
        return DecisionChange(
            transition: transition,
            replacing: snapshot.state.version,
            policy: policy.digest,
            standings: snapshot.standings,
            rollout: snapshot.rollout?.revision,
            challenge: given.challenge.nonce,
            challengeExpires: given.challenge.expires / 1000 + 1,
            grant: grant,
            log: log
        )
    }
}
