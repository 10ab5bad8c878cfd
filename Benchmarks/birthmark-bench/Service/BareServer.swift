import FoundationEssentials
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import Messages
import NIOCore
import NIOSSL
import VerifierService

/// The least that requests over TLS cost: Hummingbird takes the body and gives back bytes that were made before.
struct BareServer {
    let trust: TrustBundle

    /// Runs it while `body` runs.
    /// - Parameters:
    ///   - service: whose TLS certificate it shows.
    ///   - answers: what it answers at each path.
    static func with<Result: Sendable>(
        _ service: RunningService,
        answers: [String: [UInt8]],
        _ body: (BareServer) async throws -> Result
    ) async throws -> Result {
        let router = Router()
        for (path, answer) in answers {
            let bytes = ByteBuffer(bytes: answer)
            for method in [HTTPRequest.Method.get, .post] {
                router.on(RouterPath(path), method: method) { request, _ in
                    _ = try await request.body.collect(upTo: 1 << 20)
                    return Response(
                        status: .ok,
                        headers: [.contentType: "application/json"],
                        body: ResponseBody(byteBuffer: bytes)
                    )
                }
            }
        }
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "bare") { _ in SwiftLogNoOpLogHandler() }
        let application = Application(
            router: router,
            server: try .tls(.http1(), tlsConfiguration: tls(service.record.directory)),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) },
            logger: logger
        )
        let running = Task {
            defer { port.finish() }
            try await application.run()
        }
        var started = ports.makeAsyncIterator()
        guard let number = await started.next() else {
            try await running.value
            throw WrongResult(name: "the bare server ended", wrong: 1, of: 1)
        }
        var trust = service.trust
        trust.url = "https://localhost:\(number)"
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(BareServer(trust: trust))) } catch { result = .failure(error) }
        running.cancel()
        _ = try? await running.value
        return try result.get()
    }

    private static func tls(_ directory: VerifierDirectory) throws -> TLSConfiguration {
        let chain = try NIOSSLCertificate.fromPEMFile(directory.tlsCertificate)
        let key = try NIOSSLPrivateKey(file: directory.file("keys/tls.key"), format: .pem)
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        tls.minimumTLSVersion = .tlsv13
        tls.applicationProtocols = ["http/1.1"]
        return tls
    }
}
