package import Messages

/// Who may call a route.
package enum Callers: Hashable, Sendable {
    /// Everybody: what the body says is not believed for who sent it.
    case anyone
    /// Operators whose client certificate carries one of these roles.
    case operators(Set<OperatorRole>)
}

/// The two methods there are.
package enum Method: String, Hashable, Sendable, CaseIterable {
    case get = "GET"
    case post = "POST"
}

/// One line of the route table.
package struct Route: Sendable {
    package var method: Method
    package var pattern: RoutePattern
    package var callers: Callers
    /// The most bytes of a body; 0 for requests that have none.
    package var bodyLimit: Int
    var handler: @Sendable (Exchange) async throws -> Answer

    package init(
        _ method: Method,
        _ pattern: RoutePattern,
        by callers: Callers,
        bodyLimit: Int = 0,
        _ handler: @escaping @Sendable (Exchange) async throws -> Answer
    ) {
        self.method = method
        self.pattern = pattern
        self.callers = callers
        self.bodyLimit = bodyLimit
        self.handler = handler
    }

    /// For everybody: whether the service runs.
    package static let health = Route(.get, "/healthz", by: .anyone) { _ in .text(Array("alive\n".utf8)) }

    /// For everybody: what the service has counted.
    package static func figures(of metrics: Metrics) -> Route {
        Route(.get, "/metrics", by: .anyone) { _ in .exposition(metrics.text()) }
    }

    /// Does what the route does, for a request that came another way than over HTTPS.
    package func answer(_ exchange: Exchange) async throws -> Answer { try await handler(exchange) }
}

/// A path with parameters: `/v1/releases/{manifest}/withdraw`; `{name...}` takes all segments that are left.
package struct RoutePattern: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    private enum Segment: Hashable {
        case literal(String)
        case parameter(String)
        case rest(String)
    }

    package let description: String
    private let segments: [Segment]

    package init(stringLiteral text: String) {
        description = text
        segments = text.split(separator: "/").map { part in
            guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
            let name = part.dropFirst().dropLast()
            return name.hasSuffix("...") ? .rest(String(name.dropLast(3))) : .parameter(String(name))
        }
    }

    /// The parameters, or `nil` when the path is another.
    ///
    /// Nothing is normalised: a path that is not spelled exactly is not in the table. Only parameters may be percent-encoded.
    package func match(_ path: Substring) -> [String: String]? {
        guard path.first == "/" else { return nil }
        // A stranger may send thousands of segments, and each pattern of the table gets to see them.
        let parts = path.dropFirst().split(
            separator: "/",
            maxSplits: segments.count,
            omittingEmptySubsequences: false
        )
        var parameters: [String: String] = [:]
        for (index, segment) in segments.enumerated() {
            guard index < parts.count else { return nil }
            switch segment {
            case .literal(let text):
                guard parts[index] == text else { return nil }
            case .parameter(let name):
                guard let value = PathSegment.decode(parts[index]), !value.isEmpty else { return nil }
                parameters[name] = value
            case .rest(let name):
                parameters[name] = parts[index...].joined(separator: "/")
                return parameters
            }
        }
        return parts.count == segments.count ? parameters : nil
    }
}

/// A request that was let in, with its whole body.
package struct Exchange: Sendable {
    /// The request's target as it came, with its query.
    package var target: String
    package var parameters: [String: String]
    package var query: [String: String]
    package var body: [UInt8]
    /// Who calls, on routes of operators.
    package var caller: CallingOperator?
    /// What the caller has signed for this very request (`birthmark-act`), as it came; `nil` without one, or with two.
    package var statement: String?
    package var peer: PeerAddress
    /// The peer's own IP address; `nil` where it has none.
    package var address: String?

    package init(
        target: String,
        parameters: [String: String],
        query: [String: String],
        body: [UInt8],
        caller: CallingOperator?,
        statement: String? = nil,
        peer: PeerAddress,
        address: String?
    ) {
        self.target = target
        self.parameters = parameters
        self.query = query
        self.body = body
        self.caller = caller
        self.statement = statement
        self.peer = peer
        self.address = address
    }

    /// A parameter that the route's pattern names.
    package func parameter(_ name: String) throws -> String {
        guard let value = parameters[name] else { throw ServiceProblem.notFound }
        return value
    }

    /// Whether a result for relying parties is to come with the answer: `?result=ear`.
    package var wantsResult: Bool {
        get throws {
            switch query["result"] {
            case nil: false
            case "ear": true
            default: throw ServiceProblem.malformed("result is not ear")
            }
        }
    }

    /// The message in the body; what cannot be read is the sender's fault.
    package func message<Message>(_ parse: ([UInt8]) throws(MessageError) -> Message) throws -> Message {
        do {
            return try parse(body)
        } catch { throw ServiceProblem.malformed(error.detail) }
    }
}

/// What a handler answers.
package struct Answer: Sendable {
    package var status = 200
    package var mediaType: String
    package var body: [UInt8]
    /// A file whose bytes follow the body; read while they are sent.
    package var file: FilePart?

    package init(status: Int = 200, mediaType: String, body: [UInt8]) {
        self.status = status
        self.mediaType = mediaType
        self.body = body
    }

    /// One JSON object in canonical form.
    package static func json(_ value: some Encodable, status: Int = 200) throws -> Answer {
        Answer(status: status, mediaType: "application/json", body: try CanonicalJSON.encode(value))
    }

    package static func text(_ bytes: [UInt8]) -> Answer {
        Answer(mediaType: "text/plain; charset=utf-8", body: bytes)
    }

    /// Figures in the Prometheus text exposition format.
    package static func exposition(_ text: String) -> Answer {
        Answer(mediaType: "text/plain; version=0.0.4; charset=utf-8", body: Array(text.utf8))
    }

    package static func file(_ part: FilePart) -> Answer {
        var answer = bytes([])
        answer.file = part
        return answer
    }

    package static func bytes(_ bytes: [UInt8]) -> Answer {
        Answer(mediaType: "application/octet-stream", body: bytes)
    }
}
