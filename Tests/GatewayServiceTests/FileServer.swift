import FoundationEssentials
import Messages
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import Testing

@testable import GatewayService
@testable import HTTPService

/// An HTTPS server of files on the loopback, as any web server is one: it knows ranges (RFC 9110 section 14), and can be cut off.
final class FileServer: Sendable {
    /// How it answers who asks for the rest of a file.
    enum Ranges { case given, ignored }

    /// What was asked for: path, and the `Range` header.
    struct Asked: Hashable, Sendable {
        var path: String
        var range: String?
    }

    let port: Int
    /// The CA certificate (PEM) that its own chains to.
    let roots: String
    private let state: State

    private final class State: Sendable {
        struct Values {
            var files: [String: [UInt8]] = [:]
            var ranges = Ranges.given
            /// Where the connection is cut for the first answers, in bytes of the body.
            var cuts: [Int] = []
            /// Where answers wait, in bytes of the body.
            var hold: Int?
            var asked: [Asked] = []
        }
        let values = Mutex(Values())
    }

    private init(port: Int, roots: String, state: State) {
        (self.port, self.roots, self.state) = (port, roots, state)
    }

    var url: String { "https://localhost:\(port)" }
    var asked: [Asked] { state.values.withLock(\.asked) }

    func put(_ bytes: [UInt8], as digest: ContentDigest) { state.values.withLock { $0.files["/\(digest)"] = bytes } }
    func cut(after bytes: [Int]) { state.values.withLock { $0.cuts = bytes } }
    func hold(after bytes: Int) { state.values.withLock { $0.hold = bytes } }
    func letGo() { state.values.withLock { $0.hold = nil } }
    func answer(ranges: Ranges) { state.values.withLock { $0.ranges = ranges } }

    /// Serves for as long as `body` runs, under a certificate of a CA that is made for it in a directory.
    static func with(in directory: String, _ body: (FileServer) async throws -> Void) async throws {
        let place = GatewayDirectory(directory)
        let configuration = GatewayConfiguration(
            listen: "127.0.0.1:0",
            url: "https://localhost",
            hosts: ["localhost"],
            port: try #require(Label("lan"))
        )
        let now = Int64(Date.now.timeIntervalSince1970)
        try place.make(configuration, now: now)
        let context = try NIOSSLContext(configuration: place.identity(configuration, now: now).tls())
        let state = State()
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
        let roots = try GatewayContact(parsing: [UInt8](Data(contentsOf: URL(filePath: place.contact)))).tlsRoots
        let server = FileServer(port: listener.channel.localAddress?.port ?? 0, roots: roots, state: state)
        let serving = Task {
            try? await listener.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        group.addTask { try? await serve(connection, state) }
                    }
                }
            }
        }
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(server))
        } catch {
            outcome = .failure(error)
        }
        serving.cancel()
        await serving.value
        try outcome.get()
    }

    private static func serve(
        _ connection: NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>,
        _ state: State
    ) async throws {
        try await connection.executeThenClose { requests, responses in
            for try await part in requests {
                guard case .head(let head) = part else { continue }
                let asked = Asked(path: head.uri, range: head.headers.first(name: "range"))
                let (file, ranges, cut) = state.values.withLock { values in
                    values.asked.append(asked)
                    let cut = values.cuts.isEmpty ? nil : values.cuts.removeFirst()
                    return (values.files[asked.path], values.ranges, cut)
                }
                guard let file else {
                    let missing = HTTPResponseHead(
                        version: .http1_1,
                        status: .notFound,
                        headers: ["content-length": "0"]
                    )
                    try await responses.write(.head(missing))
                    try await responses.write(.end(nil))
                    continue
                }
                let offset = ranges == .given ? asked.offset : nil
                var body = file.dropFirst(offset ?? 0)
                var headers: HTTPHeaders = ["content-length": "\(body.count)"]
                if let offset {
                    headers.add(name: "content-range", value: "bytes \(offset)-\(file.count - 1)/\(file.count)")
                }
                let status: HTTPResponseStatus = offset == nil ? .ok : .partialContent
                try await responses.write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
                if let cut {
                    try await responses.write(.body(.byteBuffer(ByteBuffer(bytes: body.prefix(cut)))))
                    return
                }
                if let hold = state.values.withLock({ $0.hold }) {
                    try await responses.write(.body(.byteBuffer(ByteBuffer(bytes: body.prefix(hold)))))
                    body = body.dropFirst(hold)
                    while state.values.withLock({ $0.hold }) != nil { try await Task.sleep(for: .milliseconds(5)) }
                }
                try await responses.write(.body(.byteBuffer(ByteBuffer(bytes: body))))
                try await responses.write(.end(nil))
            }
        }
    }
}

extension FileServer.Asked {
    /// Where a `Range: bytes=<offset>-` begins.
    var offset: Int? {
        guard let range, range.hasPrefix("bytes="), range.hasSuffix("-") else { return nil }
        return Int(range.dropFirst("bytes=".count).dropLast())
    }
}
