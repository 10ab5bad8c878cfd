import DeviceAgent
import HTTPService
import Logging
import Messages
import VerifierClient

/// What devices trust, carried to children that cannot ask the verifier: a gateway adds nothing to it, and each child judges it itself.
extension Gateway {
    /// Which verifier this gateway asks, and how it is known.
    var trust: TrustBundle { agent.trust }

    /// `GET /v1/trust/{version}`.
    func trustOfVersion(_ exchange: Exchange) async throws -> Answer {
        let text = try exchange.parameter("version")
        guard let version = Int64(text), String(version) == text, (1...TrustBundle.maximumVersion).contains(version)
        else { throw ServiceProblem.notFound }
        let envelope: SignedEnvelope?
        do {
            envelope = try await asking { try await $0.trust(version) }
        } catch let error as VerifierClientError {
            throw unreached(error.description)
        }
        guard let envelope else { throw ServiceProblem.notFound }
        return try .json(envelope)
    }

    /// One exchange with the verifier, and once more when it is known by a newer trust bundle than this gateway's.
    func asking<Result: Sendable>(_ body: (VerifierClient) async throws -> Result) async throws -> Result {
        do {
            return try await VerifierClient.with(trust, limits: limits, body)
        } catch let error as VerifierClientError {
            guard case .untrusted = error, await hasCaughtUp() else { throw error }
            return try await VerifierClient.with(trust, limits: limits, body)
        }
    }

    private func hasCaughtUp() async -> Bool {
        do {
            let lock = try await lock()
            return try await agent.followTrust(lock).hasMoved
        } catch {
            logger.warning("no newer trust bundle", metadata: ["error": "\(error)"])
            return false
        }
    }
}
