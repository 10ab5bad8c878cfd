import Messages
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A peer at an address of its own in 127/8, which makes one request after the other on one connection.
struct AddressedClient: Sendable {
    struct Reply: Sendable {
        var status = 0
        var body: [UInt8] = []
    }

    private struct Closed: Error {}

    private let channel: any Channel

    /// Connects from an address, and closes when `body` ends.
    static func with<Result: Sendable>(
        _ service: TestVerifier,
        from address: String,
        _ body: (AddressedClient) async throws -> Result
    ) async throws -> Result {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv13
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(service.trust.tlsRoots.utf8)))
        let context = try NIOSSLContext(configuration: tls)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(Exchanging())
                }
            }
            .bind(to: SocketAddress(ipAddress: address, port: 0))
            .connect(host: "127.0.0.1", port: service.port).get()
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(AddressedClient(channel: channel))) } catch { result = .failure(error) }
        try? await channel.close()
        return try result.get()
    }

    /// Sends a body, and waits for the answer.
    func post(_ path: String, _ body: [UInt8]) async throws -> Reply {
        var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: path)
        head.headers.add(name: "host", value: "localhost")
        head.headers.add(name: "content-length", value: "\(body.count)")
        let answered = channel.eventLoop.makePromise(of: Reply.self)
        let asked = Exchanging.Asked(head: head, body: ByteBuffer(bytes: body), answered: answered)
        channel.writeAndFlush(asked).cascadeFailure(to: answered)
        return try await answered.futureResult.get()
    }

    /// Joins each answer to its request.
    private final class Exchanging: ChannelDuplexHandler {
        typealias InboundIn = HTTPClientResponsePart
        typealias OutboundIn = Asked
        typealias OutboundOut = HTTPClientRequestPart

        struct Asked: Sendable {
            var head: HTTPRequestHead
            var body: ByteBuffer
            var answered: EventLoopPromise<Reply>
        }

        private var waiting: EventLoopPromise<Reply>?
        private var reply = Reply()

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            let asked = unwrapOutboundIn(data)
            waiting = asked.answered
            context.write(wrapOutboundOut(.head(asked.head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(asked.body))), promise: nil)
            context.write(wrapOutboundOut(.end(nil)), promise: promise)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): reply = Reply(status: Int(head.status.code))
            case .body(let bytes): reply.body += Array(buffer: bytes)
            case .end:
                waiting?.succeed(reply)
                waiting = nil
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            waiting?.fail(Closed())
            waiting = nil
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
