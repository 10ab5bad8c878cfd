package import Messages
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A peer that makes one request after the other on one connection.
package struct EdgeClient: Sendable {
    package struct Reply: Sendable {
        package var status = 0
        package var body: [UInt8] = []

        package var problem: Problem? {
            try? CanonicalJSON.decode(Problem.self, from: body, limit: Problem.maximumSize)
        }
    }

    private struct Closed: Error {}

    private let channel: any Channel

    /// Connects, and closes when `body` ends.
    /// - Parameter address: the peer's own, in 127/8.
    package static func with<Result: Sendable>(
        _ edge: ProbedEdge,
        from address: String = "127.0.0.1",
        _ body: (EdgeClient) async throws -> Result
    ) async throws -> Result {
        let context = try edge.context
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
            .connect(host: "127.0.0.1", port: edge.port).get()
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(EdgeClient(channel: channel))) } catch { result = .failure(error) }
        try? await channel.close()
        return try result.get()
    }

    /// One request on a connection of its own.
    package static func ask(
        _ edge: ProbedEdge,
        _ method: String,
        _ path: String,
        _ body: [UInt8] = []
    ) async throws -> Reply {
        try await with(edge) { try await $0.send(method, path, body) }
    }

    /// Sends a request, and waits for the answer.
    package func send(_ method: String, _ path: String, _ body: [UInt8] = []) async throws -> Reply {
        var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: path)
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
