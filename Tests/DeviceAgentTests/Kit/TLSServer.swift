import Messages
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// An HTTPS server on the loopback for the length of a test: it says what the test tells it to.
struct TLSServer: Sendable {
    struct Asked: Sendable {
        var method: String
        var path: String
        var body: [UInt8]
    }

    struct Answer: Sendable {
        var status = 200
        var type = "application/json"
        var body: [UInt8] = []
        /// Where a redirect leads.
        var location: String?
        /// Sends the body in two parts, and waits that long in between.
        var drip: Duration?
        /// Closes the connection instead of answering.
        var hangsUp = false

        static func message(_ message: some Encodable) throws -> Answer {
            Answer(body: try CanonicalJSON.encode(message))
        }

        static func problem(_ problem: Problem) throws -> Answer {
            Answer(status: problem.status, type: Problem.mediaType, body: try CanonicalJSON.encode(problem))
        }
    }

    let port: Int

    /// Serves for as long as `body` runs.
    static func with<Result: Sendable>(
        _ identity: TLSIdentity,
        configure: @Sendable (inout TLSConfiguration) -> Void = { _ in },
        answer: @escaping @Sendable (Asked) async throws -> Answer,
        _ body: (TLSServer) async throws -> Result
    ) async throws -> Result {
        let context = try identity.serverContext(configure)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    return try NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>(
                        wrappingChannelSynchronously: channel
                    )
                }
            }
        let server = TLSServer(port: listener.channel.localAddress?.port ?? 0)
        let serving = Task {
            try? await listener.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        group.addTask { try? await serve(connection, answer) }
                    }
                }
            }
        }
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await body(server))
        } catch {
            outcome = .failure(error)
        }
        serving.cancel()
        await serving.value
        return try outcome.get()
    }

    private static func serve(
        _ connection: NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>,
        _ answer: @Sendable (Asked) async throws -> Answer
    ) async throws {
        try await connection.executeThenClose { requests, responses in
            var asked = Asked(method: "", path: "", body: [])
            for try await part in requests {
                switch part {
                case .head(let head): asked = Asked(method: head.method.rawValue, path: head.uri, body: [])
                case .body(let bytes): asked.body += bytes.readableBytesView
                case .end:
                    let answer = try await answer(asked)
                    if answer.hangsUp { return }
                    var headers: HTTPHeaders = [
                        "content-type": answer.type, "content-length": "\(answer.body.count)",
                    ]
                    if let location = answer.location { headers.add(name: "location", value: location) }
                    let head = HTTPResponseHead(
                        version: .http1_1,
                        status: .init(statusCode: answer.status),
                        headers: headers
                    )
                    try await responses.write(.head(head))
                    let half = answer.drip == nil ? answer.body.count : answer.body.count / 2
                    try await responses.write(.body(.byteBuffer(ByteBuffer(bytes: answer.body[..<half]))))
                    if let drip = answer.drip { try await Task.sleep(for: drip) }
                    try await responses.write(.body(.byteBuffer(ByteBuffer(bytes: answer.body[half...]))))
                    try await responses.write(.end(nil))
                }
            }
        }
    }
}
