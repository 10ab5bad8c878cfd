import AsyncHTTPClient
public import Messages
import NIOCore
import NIOSSL

/// Speaks to one verifier: TLS 1.3, the roots of the trust bundle and no others, bounded in size and time.
public struct VerifierClient: Sendable {
    /// How long things may take.
    public struct Limits: Sendable {
        /// Seconds for the connection and its handshake.
        public var connect: Int64
        /// Seconds for one whole exchange, from the request's first byte to the answer's last.
        public var exchange: Int64
        /// Attempts of an exchange that changes nothing.
        public var attempts: Int

        /// A verifier answers in milliseconds; a device on a bad radio link needs more.
        public init(connect: Int64 = 10, exchange: Int64 = 30, attempts: Int = 3) {
            self.connect = connect
            self.exchange = exchange
            self.attempts = attempts
        }
    }

    /// How requests get there.
    enum Transport: Sendable {
        case https(HTTPClient)
        case line(LineTransport)
    }

    let transport: Transport
    let url: String
    let limits: Limits
    let signatory: Signatory?

    /// Who signs what this client has done, and to whom.
    struct Signatory: Sendable {
        var identity: OperatorIdentity
        var verifier: Label
    }

    /// Runs `body` with a client, and closes its connections whatever happens.
    /// - Throws: `VerifierClientError.unusable`, or what `body` throws.
    public static func with<Result: Sendable>(
        _ trust: TrustBundle,
        identity: OperatorIdentity? = nil,
        limits: Limits = Limits(),
        _ body: (VerifierClient) async throws -> Result
    ) async throws -> Result {
        try await with(
            url: trust.url,
            tlsRoots: trust.tlsRoots,
            identity: identity,
            verifier: Label(trust.verifier),
            limits: limits,
            body
        )
    }

    /// The same for a gateway, which answers an instance without a TPM like a verifier.
    public static func with<Result: Sendable>(
        _ gateway: GatewayContact,
        limits: Limits = Limits(),
        _ body: (VerifierClient) async throws -> Result
    ) async throws -> Result {
        if let path = gateway.line {
            return try await body(VerifierClient(LineTransport(path: path), limits: limits))
        }
        return try await with(url: gateway.url, tlsRoots: gateway.tlsRoots, identity: nil, limits: limits, body)
    }

    /// The same for whoever stands at an address: only roots in PEM are believed about who that is.
    /// - Parameter verifier: for whom acts are signed; `nil` where nobody takes any.
    /// - Parameter tlsRoots: `nil` where nothing is believed of whoever answers, and so it is not asked who that is.
    static func with<Result: Sendable>(
        url: String,
        tlsRoots: String?,
        identity: OperatorIdentity?,
        verifier: Label? = nil,
        limits: Limits = Limits(),
        _ body: (VerifierClient) async throws -> Result
    ) async throws -> Result {
        let client = try VerifierClient(
            url: url,
            tlsRoots: tlsRoots,
            identity: identity,
            verifier: verifier,
            limits: limits
        )
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(client))
        } catch {
            result = .failure(error)
        }
        if case .https(let http) = client.transport { try? await http.shutdown() }
        return try result.get()
    }

    private init(
        url given: String,
        tlsRoots: String?,
        identity: OperatorIdentity?,
        verifier: Label?,
        limits: Limits
    ) throws(VerifierClientError) {
        guard given.hasPrefix("https://") else { throw .unusable("\"\(given)\" does not begin with https://") }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv13
        tls.certificateVerification = tlsRoots == nil ? .none : .fullVerification
        if let tlsRoots {
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(tlsRoots.utf8)))
            } catch {
                throw .unusable("\"tlsRoots\", the CA certificates for \(given), are not certificates in PEM")
            }
        }
        if let identity {
            tls.certificateChain = identity.chain.map { .certificate($0) }
            tls.privateKey = .privateKey(identity.key)
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(limits.connect)
        configuration.timeout.read = .seconds(limits.exchange)
        // Its own retries would hide for the whole connect timeout that nobody listens.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        transport = .https(HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration))
        var url = given
        while url.hasSuffix("/") { url.removeLast() }
        self.url = url
        self.limits = limits
        signatory = identity.flatMap { identity in
            verifier.map { Signatory(identity: identity, verifier: $0) }
        }
    }

    private init(_ line: LineTransport, limits: Limits) {
        transport = .line(line)
        url = LineTransport.scheme + line.path
        self.limits = limits
        signatory = nil
    }
}
