import AsyncHTTPClient
import DurableFiles
import Messages
import NIOCore
import NIOHTTP1
import NIOSSL
import VerifierClient

@testable import VerifierService

/// Sends whatever a test likes, with or without a client certificate.
struct HTTPProbe {
    struct Reply: Sendable {
        var status: Int
        var contentType: String?
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        var problem: Problem? { try? CanonicalJSON.decode(Problem.self, from: body, limit: Problem.maximumSize) }
    }

    let http: HTTPClient
    let base: String
    private let signer: ActSigner?

    /// - Parameter identity: certificate chain and key in PEM.
    static func with<Result>(
        _ service: TestVerifier,
        identity: (certificate: [UInt8], key: [UInt8])? = nil,
        _ body: (HTTPProbe) async throws -> Result
    ) async throws -> Result {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv13
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(service.trust.tlsRoots.utf8)))
        if let identity {
            tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(identity.certificate).map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: identity.key, format: .pem))
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.timeout.connect = .seconds(TestVerifier.patience.connect)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Swift.Result<Result, any Error>
        do {
            let signer = try identity.map { try ActSigner(certificate: $0.certificate, key: $0.key, for: service) }
            result = .success(try await body(HTTPProbe(http: http, base: service.trust.url, signer: signer)))
        } catch { result = .failure(error) }
        try await http.shutdown()
        return try result.get()
    }

    static func identity(_ role: OperatorRole, of service: TestVerifier) throws -> (certificate: [UInt8], key: [UInt8])
    {
        let place = service.directory.file("operators/" + role.rawValue)
        return (
            try BoundedFile.read(place + "/cert.pem", limit: 1 << 16),
            try BoundedFile.read(place + "/key.pem", limit: 1 << 16)
        )
    }

    /// Acts are signed, unless a test brings a statement of its own, or wants none.
    func send(
        _ method: String,
        _ path: String,
        body: [UInt8]? = nil,
        headers: [(String, String)] = [],
        chunked: Bool = false,
        signed: Bool = true
    ) async throws -> Reply {
        var request = HTTPClientRequest(url: base + path)
        request.method = .init(rawValue: method)
        if signed, method == OperatorRoute.method, RequestedAct(path: path) != nil, let signer {
            request.headers.add(
                name: SignedStatement.headerName,
                value: try signer.statement(path, body ?? []).header
            )
        }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.body =
                chunked
                ? .stream([ByteBuffer(bytes: body)].async(), length: .unknown) : .bytes(ByteBuffer(bytes: body))
        }
        let response = try await http.execute(request, timeout: .seconds(TestVerifier.patience.exchange))
        let bytes = try await response.body.collect(upTo: 32 << 20)
        return Reply(
            status: Int(response.status.code),
            contentType: response.headers.first(name: "content-type"),
            body: Array(buffer: bytes)
        )
    }
}

extension Array where Element == ByteBuffer {
    /// The parts one after the other, as a body that does not say its length beforehand.
    fileprivate func async() -> AsyncStream<ByteBuffer> {
        AsyncStream { continuation in
            for part in self { continuation.yield(part) }
            continuation.finish()
        }
    }
}
