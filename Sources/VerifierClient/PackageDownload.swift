public import Messages
import NIOHTTP1

/// Packages, from a gateway or from where gateways get them.
extension VerifierClient {
    /// Runs `body` with a client of whoever keeps packages at an address.
    /// - Parameters:
    ///   - url: `https://host/…`, below which packages stand by their SHA-256.
    ///   - tlsRoots: the CA certificates (PEM) that its certificate must chain to, and no others.
    public static func with<Result: Sendable>(
        packagesAt url: String,
        tlsRoots: String,
        _ body: (VerifierClient) async throws -> Result
    ) async throws -> Result {
        try await with(url: url, tlsRoots: tlsRoots, identity: nil, body)
    }

    /// Asks a gateway for the package of a release; it begins to fetch it when it does not have it.
    public func package(of release: SignedEnvelope) async throws(VerifierClientError) -> PackageStatus {
        try await post("/v1/packages", release, limit: PackageStatus.maximumSize, isRepeatable: true)
    }

    /// Fetches the rest of a package from a gateway.
    /// - Parameters:
    ///   - offset: how many bytes of it are there already.
    ///   - size: how many it has in all.
    ///   - keep: is given the bytes in order.
    public func package(
        _ digest: ContentDigest,
        from offset: UInt64,
        size: UInt64,
        keep: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws {
        _ = try await stream("/v1/packages/\(digest)?from=\(offset)", range: nil, limit: size - offset, keep: keep)
    }

    /// Fetches the rest of a package from where gateways get them: any HTTPS server of files.
    /// - Parameter restart: called before the first byte when the server gives the whole in the place of the rest (RFC 9110 section 14.2).
    public func file(
        _ digest: ContentDigest,
        from offset: UInt64,
        size: UInt64,
        restart: @escaping @Sendable () throws -> Void,
        keep: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws {
        let isRest = offset > 0
        try await stream(
            "/\(digest)",
            range: isRest ? "bytes=\(offset)-" : nil,
            limit: size,
            begin: { status in if isRest, status != .partialContent { try restart() } },
            keep: keep
        )
    }
}
