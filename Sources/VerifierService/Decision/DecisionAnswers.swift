import HTTPService
import Ledger
import Logging
import Messages
import UpdateTrust
import VerifierStore

extension Verifier {
    typealias Committed = (index: Int, transition: Transition, result: GroupCommitter.Result)

    /// What is answered to a decision that gives what was asked, which is durable by now; everything else is thrown.
    func answer(_ made: MadeDecision, to request: DecisionRequest) async throws -> DecisionAnswer {
        let (decided, result, committed) = made
        let purpose = request.purpose.rawValue
        func note(_ verdict: String, _ reasons: [String] = []) {
            metrics.count(.decisions, purpose, verdict)
            for reason in reasons { metrics.count(.reasons, reason) }
            var metadata: Logger.Metadata = [
                "instance": "\(request.instance)", "purpose": "\(purpose)", "verdict": "\(verdict)",
                "why": "\(decided.explanation.joined(separator: "; "))",
            ]
            if !reasons.isEmpty { metadata["reasons"] = "\(reasons.joined(separator: ","))" }
            if let entry = committed.flatMap(Self.entry) { metadata["entry"] = "\(entry)" }
            logger.info("decision", metadata: metadata)
            if reasons.contains(DecisionReason.retired.rawValue) { noteReappearance(metadata) }
        }
        switch decided.outcome {
        case .accepted(let acceptance):
            note("accepted")
            return acceptance.answer(result: result)
        case .granted(let grant, let acceptance):
            let delivery = try await delivery(of: grant.compact, wanting: grant.terms.claims.witnesses, committed)
            note("granted")
            return acceptance.answer(delivering: delivery, result: result)
        case .refused(let refused):
            note("refused", refused.codes)
            throw ServiceProblem.refused(
                refused.reasons.first?.sentence ?? "Refused.",
                reasons: refused.codes,
                instance: request.instance.text,
                entry: committed.flatMap(Self.entry),
                ear: result?.compact
            )
        case .notAuthentic:
            metrics.count(.garbage)
            note("not-authentic")
            throw ServiceProblem.notAuthentic(request.instance.text)
        case .undecided(let cause):
            note("undecided")
            throw ServiceProblem.undecided(cause)
        case .granting:
            throw ServiceProblem.undecided("a grant was decided on and not signed")
        }
    }

    /// The number of the entry that states what evidence has shown.
    static func entry(of committed: Committed) -> Int? {
        committed.transition.entries.firstIndex { $0.entry.body.restsOnEvidence }.map { committed.index + $0 }
    }

    /// The key of an instance that should be no more has signed: who retired it wants to know.
    private func noteReappearance(_ metadata: Logger.Metadata) {
        metrics.count(.reappearances)
        logger.warning("a retired instance asks", metadata: metadata)
    }

    /// The grant with the proof that it stands on the ledger.
    /// - Parameter witnesses: how many have to have signed by then, as the grant says.
    func delivery(of grant: String, wanting witnesses: Int?, _ committed: Committed?) async throws -> GrantDelivery {
        guard let committed, let ledger = committed.result.ledger,
            let offset = committed.transition.entries.firstIndex(where: { $0.entry.body.isGrant })
        else { throw ServiceProblem.undecided("a grant without an entry on the ledger") }
        let index = committed.index + offset
        let proof = try await witnessedProof(of: index, wanting: witnesses) ?? ledger.proof(of: index)
        return GrantDelivery(
            grant: grant,
            entry: Blob(committed.transition.entries[offset].bytes),
            proof: String(decoding: proof.bytes, as: UTF8.self)
        )
    }
}
