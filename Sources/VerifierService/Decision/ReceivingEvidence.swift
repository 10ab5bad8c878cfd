import HTTPService
import Messages
import UpdateTrust

extension Verifier {
    typealias Received = (evidence: Evidence, request: ReceivedRequest, enrolled: Enrolled)

    /// Evidence as it came, with the record of whom it says that it is.
    /// - Parameter admit: throws for a purpose that has no place here.
    func received(_ exchange: Exchange, admitting admit: (Purpose) throws -> Void) async throws -> Received {
        let evidence = try exchange.message(Evidence.init(parsing:))
        return try await received(evidence, admitting: admit)
    }

    /// The same for evidence that was read already.
    func received(_ evidence: Evidence, admitting admit: (Purpose) throws -> Void) async throws -> Received {
        let request: ReceivedRequest
        do { request = try ReceivedRequest(parsing: evidence.request.bytes) } catch {
            throw ServiceProblem.malformed(error.detail)
        }
        try admit(request.request.purpose)
        let instance = request.request.instance
        let enrolled: Enrolled
        switch try await enrolledBirth(instance) {
        case .measured(let born): enrolled = born
        case .compensated:
            throw tierMismatch(instance, request.request.purpose, "it was born without a TPM, and claims to have one")
        case nil: throw notAuthentic(request, "no such instance on record")
        }
        guard evidence.ima == nil || enrolled.record.imaPCR != nil else {
            throw ServiceProblem.malformed("\"ima\" was not asked for")
        }
        return (evidence, request, enrolled)
    }

    /// The same, for one purpose.
    func received(_ exchange: Exchange, for purpose: Purpose) async throws -> Received {
        try await received(exchange) { asked in
            guard asked == purpose else { throw ServiceProblem.malformed("the purpose is \(asked.rawValue)") }
        }
    }
}
