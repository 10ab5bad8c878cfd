import AttestationResults
import HTTPService
import Logging
import Messages
import UpdateTrust

extension Verifier {
    /// The answer to a decision; what was decided is durable by now.
    func answer(
        _ decided: CompensatedDecision,
        _ given: CompensatedCase,
        result: AttestationResult?,
        committed: Committed?
    ) async throws -> CompensatedAnswer {
        let request = given.request.request
        func note(_ verdict: String, _ reasons: [String] = []) {
            metrics.count(.decisions, request.purpose.rawValue, verdict)
            for reason in reasons { metrics.count(.reasons, reason) }
            var metadata: Logger.Metadata = [
                "instance": "\(request.instance)", "purpose": "\(request.purpose.rawValue)", "tier": "compensated",
                "verdict": "\(verdict)", "why": "\(decided.explanation.joined(separator: "; "))",
            ]
            if let mark = committed?.transition.state.lowered?.mark { metadata["lowered"] = "\(mark)" }
            if !reasons.isEmpty { metadata["reasons"] = "\(reasons.joined(separator: ","))" }
            if let entry = committed.flatMap(Self.entry) { metadata["entry"] = "\(entry)" }
            // A copy that has spoken is somebody's business at once.
            let isFork = committed != nil && reasons.contains(DecisionReason.forked.rawValue)
            logger.log(level: isFork ? .warning : .info, "decision", metadata: metadata)
        }
        switch decided.outcome {
        case .accepted(let acceptance):
            note("accepted")
            return acceptance.answer(result: result, commitment: try commitment(acceptance, given))
        case .granted(let grant, let acceptance):
            let delivery = try await delivery(of: grant.compact, wanting: grant.terms.claims.witnesses, committed)
            note("granted")
            return acceptance.answer(
                delivering: delivery,
                result: result,
                commitment: try commitment(acceptance, given)
            )
        case .refused(let refused):
            note("refused", refused.codes)
            throw ServiceProblem.refused(
                refused.reasons.first?.sentence ?? "Refused.",
                reasons: refused.codes,
                instance: request.instance.text,
                entry: committed.flatMap(Self.entry)
            )
        case .notAuthentic(let detail): throw notAuthentic(request.instance, request.purpose, detail)
        case .undecided(let cause):
            note("undecided")
            throw ServiceProblem.undecided(cause)
        case .granting: throw ServiceProblem.undecided("a grant was decided on and not signed")
        }
    }

    private func commitment(_ acceptance: CompensatedAcceptance, _ given: CompensatedCase) throws -> String {
        try materials.resultSigner.sign(
            Commitment(
                by: materials.configuration.name,
                to: given.request.request.instance,
                at: clock.seconds,
                request: given.request.digest,
                acceptance
            )
        )
    }
}
