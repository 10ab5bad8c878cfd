import AttestationResults
import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// Instances without a TPM, as they ask through a gateway.
extension Verifier {
    /// `POST /v1/vouched-decisions`: judges the gateway first, then what its child shows; answers once both decisions are durable.
    func vouchedDecision(_ exchange: Exchange) async throws -> Answer {
        let wantsResult = try exchange.wantsResult
        let vouched: VouchedEvidence
        let statement: VouchStatement
        do {
            vouched = try VouchedEvidence(parsing: exchange.body)
            statement = try VouchStatement(parsing: vouched.statement.bytes)
        } catch { throw ServiceProblem.malformed(error.detail) }
        let (evidence, request, enrolled) = try await received(vouched.gateway) { purpose in
            guard purpose == .vouch else {
                throw ServiceProblem.malformed("the gateway's purpose is \(purpose.rawValue)")
            }
        }
        guard request.request.vouches == ContentDigest(of: vouched.statement.bytes) else {
            throw ServiceProblem.malformed("the gateway's request names another statement")
        }
        guard statement.evidence == vouched.child.digest else {
            throw ServiceProblem.malformed("the statement is about other evidence")
        }
        let challenge = try await consume(evidence, request, enrolled)
        let child = try await received(vouched.child, wantsResult: wantsResult)
        guard statement.child == child.request.request.instance else {
            throw ServiceProblem.malformed("the statement names another instance")
        }
        return try await undecidedOnFault(.vouch) {
            // A stranger at the gateway's door moves nothing, neither of the gateway nor of its child.
            let (_, _, verdict, _) = try await appraise(child)
            if case .notAuthentic(let detail) = verdict {
                metrics.count(.vouches, "child-not-authentic")
                throw notAuthentic(statement.child, child.request.request.purpose, detail)
            }
            let gateway = Case(
                evidence: evidence,
                request: request,
                enrolled: enrolled,
                challenge: challenge,
                wantsResult: false
            )
            return try await decide(child, vouchedForBy: gateway, vouched.statement.bytes)
        }
    }

    private func decide(
        _ child: CompensatedCase,
        vouchedForBy gateway: Case,
        _ statement: [UInt8]
    ) async throws -> Answer {
        let made = try await decided(gateway)
        let vouch = Vouch(made.decision, gateway.request.request, statement: statement)
        if vouch == nil { metrics.count(.vouches, "gateway-refused") }
        // Throws what a gateway that is refused is told of itself; of the child nothing was decided then.
        let answer = try await answer(made, to: gateway.request.request)
        guard let vouch else { throw ServiceProblem.undecided("the gateway's word was not taken: \(answer.rule)") }
        var child = child
        child.vouch = vouch
        do {
            let given = try await decide(child)
            metrics.count(.vouches, "accepted")
            return try .json(VouchedAnswer(gateway: answer, child: given))
        } catch let error as ServiceProblem {
            let isAssigned = error.problem.reasons?.contains(DecisionReason.notAssigned.rawValue) != true
            metrics.count(.vouches, isAssigned ? "child-refused" : "not-assigned")
            if !isAssigned {
                logger.warning(
                    "a gateway spoke for an instance that is not its own",
                    metadata: ["gateway": "\(vouch.gateway)", "instance": "\(child.request.request.instance)"]
                )
            }
            throw error
        }
    }

    /// Whether the gateway on whose word a lease rests is trusted still; true when it rests on nobody's.
    func gatewayHolds(of state: InstanceState) async throws -> Bool {
        guard let gateway = state.lease?.under else { return true }
        guard let snapshot = try await store.snapshot(of: gateway, release: nil) else { return false }
        // What it has as a device without its TPM is worth nothing to others: nobody measures what it boots.
        guard snapshot.state.lowered == nil else { return false }
        let standing = InstanceStanding(of: snapshot.state)
        return standing.status(at: clock.seconds) == .valid
    }
}
