import Messages

/// Who may call a route.
enum Callers: Hashable, Sendable {
    /// Everybody: what the body says is not believed for who sent it.
    case anyone
    /// Operators whose client certificate carries one of these roles.
    case operators(Set<OperatorRole>)
}

/// The two methods there are.
enum Method: String, Hashable, Sendable, CaseIterable {
    case get = "GET"
    case post = "POST"
}

/// One line of the route table.
struct Route: Sendable {
    var method: Method
    var pattern: RoutePattern
    var callers: Callers
    /// The most bytes of a body; 0 for requests that have none.
    var bodyLimit: Int
    var handler: @Sendable (Exchange) async throws -> Answer

    init(
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
}

/// A path with parameters: `/v1/releases/{manifest}/withdraw`; `{name...}` takes all segments that are left.
struct RoutePattern: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    private enum Segment: Hashable {
        case literal(String)
        case parameter(String)
        case rest(String)
    }

    let description: String
    private let segments: [Segment]

    init(stringLiteral text: String) {
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
    func match(_ path: Substring) -> [String: String]? {
        guard path.first == "/" else { return nil }
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        var parameters: [String: String] = [:]
        for (index, segment) in segments.enumerated() {
            guard index < parts.count else { return nil }
            switch segment {
            case .literal(let text):
                guard parts[index] == text else { return nil }
            case .parameter(let name):
                guard let value = Self.decoded(parts[index]), !value.isEmpty else { return nil }
                parameters[name] = value
            case .rest(let name):
                parameters[name] = parts[index...].joined(separator: "/")
                return parameters
            }
        }
        return parts.count == segments.count ? parameters : nil
    }

    /// The text behind percent-encoding (RFC 3986 section 2.1); `nil` unless it is printable ASCII.
    private static func decoded(_ segment: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = segment.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard bytes.allSatisfy({ (0x21..<0x7F).contains($0) }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A request that was let in, with its whole body.
struct Exchange: Sendable {
    var parameters: [String: String]
    var query: [String: String]
    var body: [UInt8]
    /// Who calls, on routes of operators.
    var caller: CallingOperator?
    var peer: PeerAddress

    /// A parameter that the route's pattern names.
    func parameter(_ name: String) throws -> String {
        guard let value = parameters[name] else { throw ServiceProblem.notFound }
        return value
    }
}

/// What a handler answers.
struct Answer: Sendable {
    var status = 200
    var mediaType: String
    var body: [UInt8]

    /// One JSON object in canonical form.
    static func json(_ value: some Encodable, status: Int = 200) throws -> Answer {
        Answer(status: status, mediaType: "application/json", body: try CanonicalJSON.encode(value))
    }

    static func text(_ bytes: [UInt8]) -> Answer {
        Answer(mediaType: "text/plain; charset=utf-8", body: bytes)
    }

    static func bytes(_ bytes: [UInt8]) -> Answer {
        Answer(mediaType: "application/octet-stream", body: bytes)
    }
}
