import HTTPService
import Messages
import VerifierClient

/// The last words of devices without a TPM.
extension Gateway {
    /// `POST /v1/compensated-farewells`: passed on as it is.
    ///
    /// It gives nothing, so that nobody's word is needed for it, and costs no signature of the TPM.
    func farewell(_ exchange: Exchange) async throws -> Answer {
        let (evidence, request) = try shown(exchange)
        guard request.purpose == .farewell else { throw ServiceProblem.malformed("it is no farewell") }
        let observed = observation(of: exchange)
        do {
            let answer = try await asking { try await $0.takeLeave(evidence) }
            note(request, observed, "accepted")
            return try .json(answer)
        } catch let error as VerifierClientError {
            guard case .problem(let problem) = error else {
                note(request, observed, "not-passed-on")
                throw unreached(error.description)
            }
            note(request, observed, problem.reasons?.first ?? problem.type)
            throw ServiceProblem(problem: problem, detail: "the verifier says: \(problem.title)")
        }
    }
}
