import DeviceAgent
import HTTPService
import Messages

/// Packages on the local side: a hundred children need one of them a hundred times, and it is fetched once.
extension Gateway {
    /// `POST /v1/packages`: how far the package of a release is that makers whom this device believes have signed.
    func packageStatus(_ exchange: Exchange) async throws -> Answer {
        guard let shelf else { throw ServiceProblem.notFound }
        let release: VerifiedRelease
        do {
            release = try VerifiedRelease(try SignedEnvelope(parsing: exchange.body), trust)
        } catch let error as MessageError {
            throw ServiceProblem.malformed(error.detail)
        } catch let error as AgentError {
            throw ServiceProblem.malformed(error.message)
        }
        return try .json(await shelf.status(of: release.release.artifact))
    }

    /// `GET /v1/packages/{sha256}`, with `?from=<bytes>` to go on.
    func package(_ exchange: Exchange) async throws -> Answer {
        guard let shelf, let digest = ContentDigest(try exchange.parameter("sha256")) else {
            throw ServiceProblem.notFound
        }
        let text = exchange.query["from"] ?? "0"
        guard let offset = UInt64(text) else { throw ServiceProblem.malformed("from is not a number of bytes") }
        guard let part = try FilePart(shelf.path(of: digest), from: offset) else { throw ServiceProblem.notFound }
        return .file(part)
    }
}
