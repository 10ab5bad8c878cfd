import Appraisal
import AttestationResults
import HTTPService
import Ledger
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// Requests and receipts that operators bring as files from devices that are off line.
extension Verifier {
    /// `POST /v1/delayed/requests`: the same request gets the same grant, however often it is brought.
    func authorize(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        var given = try await carried(exchange, acting, .delayed)
        let request = given.request.request
        let freshness = try freshness(of: given)
        (given.challenge, given.carried) = (freshness.challenge, freshness.carried)
        logger.info("delayed request", metadata: ["instance": "\(request.instance)", "operator": "\(acting.by)"])
        return try await undecidedOnFault(.delayed) {
            if let again = try await grantAgain(given) { return again }
            return try .json(try await decide(given))
        }
    }

    /// `POST /v1/delayed/receipts`: late, doubled and in any order.
    func takeReceipt(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let given = try await carried(exchange, acting, .confirm)
        let request = given.request.request
        guard request.challenge == request.grant else {
            throw ServiceProblem.malformed("a receipt names its grant in the place of a challenge")
        }
        logger.info("receipt", metadata: ["instance": "\(request.instance)", "operator": "\(acting.by)"])
        return try await undecidedOnFault(.confirm) { try await receive(given) }
    }

    /// Evidence out of a file, with the record of whom it says that it is.
    private func carried(_ exchange: Exchange, _ acting: Acting, _ purpose: Purpose) async throws -> Case {
        let (evidence, request, enrolled) = try await received(exchange, for: purpose)
        return Case(
            evidence: evidence,
            request: request,
            enrolled: enrolled,
            challenge: Challenges.Valid(
                nonce: ContentDigest(of: evidence.attest.bytes).bytes,
                expires: clock.milliseconds() + longChallenges.lifetime
            ),
            wantsResult: false,
            carried: .grant,
            acting: acting
        )
    }

    /// Why a request is no older than it may be, and what is to be remembered so that it is answered once.
    private func freshness(of given: Case) throws -> (challenge: Challenges.Valid, carried: CarriedFreshness) {
        let request = given.request.request
        let record = given.enrolled.record
        if let epoch = try? epochs.check(request.challenge, at: clock.seconds) {
            // An epoch is everybody's; what is used up is the quote over the request.
            return (.init(nonce: given.challenge.nonce, expires: epoch.expires * 1000), .epoch(from: epoch.began))
        }
        let binding = Challenges.Binding(
            instance: record.instance,
            purpose: .delayed,
            package: nil,
            iakName: record.iak.name.bytes,
            selection: record.selection
        )
        do throws(Challenges.Refusal) {
            let valid = try longChallenges.check(request.challenge, for: binding, now: clock.milliseconds())
            return (valid, .challenge(from: (valid.expires - longChallenges.lifetime) / 1000))
        } catch {
            throw notAuthentic(given.request, "neither a current epoch nor a challenge that is good: it is \(error)")
        }
    }

    /// The grant that was given on this very quote over this very request; `nil` when none was.
    ///
    /// Within an epoch a device that asks again asks in the same words: only the quote tells that time has passed.
    private func grantAgain(_ asked: Case) async throws -> Answer? {
        let (instance, manifest) = (asked.request.request.instance, asked.request.request.package?.manifest)
        guard let snapshot = try await store.snapshot(of: instance, release: manifest) else { return nil }
        let state = snapshot.state
        for earlier in state.delayed ?? [] where earlier.request == asked.request.digest {
            guard let given = try await store.grant(earlier.grant.jti) else {
                throw ServiceProblem.undecided("the grant \(earlier.grant.jti) is not on record any more")
            }
            // It was signed with a key of ours, and is of use as long as devices know that key.
            let verified = try? Grant.verify(
                given.compact,
                issuer: materials.configuration.name,
                keys: published.now.grantKeys
            )
            guard let claims = verified?.claims else {
                throw ServiceProblem.refused(
                    DecisionReason.grantEnded.sentence,
                    reasons: [DecisionReason.grantEnded.rawValue],
                    instance: state.instance.text
                )
            }
            guard claims.quote == ContentDigest(of: asked.evidence.attest.bytes) else { continue }
            let isWithdrawn = snapshot.standings[earlier.grant.package.manifest] != .registered
            let isEnded = earlier.grant.status != .issued
            let reason: DecisionReason? =
                isWithdrawn ? .releaseWithdrawn : isEnded ? .grantEnded : snapshot.rollout?.stop(for: state)
            if let reason {
                throw ServiceProblem.refused(
                    reason.sentence,
                    reasons: [reason.rawValue],
                    instance: state.instance.text
                )
            }
            return try await deliverAgain(given, claims)
        }
        return nil
    }

    private func deliverAgain(_ given: GivenGrant, _ claims: GrantClaims) async throws -> Answer {
        guard let index = given.entry, let entry = try await store.ledgerEntries(index..<index + 1).first else {
            throw ServiceProblem.undecided("the entry of the grant \(claims.jti) is not on record any more")
        }
        let reader = LedgerReader(store: store, cosignatures: cosignatures)
        let witnessed = try await witnessedProof(of: index, wanting: claims.witnesses)
        let proof = if let witnessed { witnessed } else { try await reader.proof(of: index) }
        metrics.count(.decisions, Purpose.delayed.rawValue, "granted-before")
        return try .json(
            DecisionAnswer(
                lease: LeaseStatement(id: claims.lease.id.text, expires: claims.lease.exp),
                grant: GrantDelivery(
                    grant: given.compact,
                    entry: Blob(entry.bytes),
                    proof: String(decoding: proof.bytes, as: UTF8.self)
                ),
                bootState: claims.from.bootState.rawValue,
                rule: claims.policy.rule.text
            )
        )
    }

    private func receive(_ given: Case) async throws -> Answer {
        let request = given.request.request
        for _ in 0..<Self.attempts {
            let current = policy.now
            guard let snapshot = try await store.snapshot(of: request.instance, release: nil) else {
                throw ServiceProblem.undecided("the state of \(request.instance) is gone")
            }
            let (appraised, log) = try await appraise(given, snapshot.state, current)
            var input = try await input(given, snapshot, appraised, current.policy, isLogHeld: log.isHeld)
            let archived = try archive(&input, given, appraised, .receipt)
            switch UpdateTrust.receive(input) {
            case .known: return try answer(.known, given, snapshot.state)
            case .refused(let refused):
                metrics.count(.decisions, request.purpose.rawValue, "refused")
                throw ServiceProblem.refused(
                    refused.reasons.first?.sentence ?? "Refused.",
                    reasons: refused.codes,
                    instance: request.instance.text
                )
            case .notAuthentic: throw notAuthentic(given.request, "no receipt of this instance's")
            case .undecided(let cause): throw ServiceProblem.undecided(cause)
            case .taken(let transition, let outcome):
                var change = change(given, nil, transition, snapshot, current.policy, log: log.new)
                change.keep(archived)
                switch try await committer.commit(given.signed(.decision(change))).outcome {
                case .committed: return try answer(outcome, given, transition.state)
                case .stale: metrics.count(.staleCommits)
                case .challengeUsed: return try answer(.known, given, snapshot.state)
                case .known, .conflict: throw ServiceProblem.undecided("the record refused a receipt")
                }
            }
        }
        throw ServiceProblem.undecided("the record of \(request.instance) moved \(Self.attempts) times")
    }

    private func answer(_ outcome: ReceiptAnswer.Outcome, _ given: Case, _ state: InstanceState) throws -> Answer {
        metrics.count(.decisions, Purpose.confirm.rawValue, outcome == .known ? "known" : "accepted")
        return try .json(
            ReceiptAnswer(
                instance: state.instance,
                tier: given.enrolled.record.tier,
                grant: given.request.request.grant ?? "",
                outcome: outcome,
                running: RunningPackage(
                    name: state.running.name,
                    version: state.running.version,
                    securityVersion: state.running.securityVersion,
                    manifest: state.running.manifest
                )
            )
        )
    }
}
