/// One request over a serial line: a line of canonical JSON, which has no line feed in it, ended by one.
public struct LineRequest: Hashable, Sendable, Codable {
    /// Chosen by who asks; the answer repeats it, so that one that comes late is not taken for another's.
    public var id: Int64
    /// The route, as over HTTPS, with its query.
    public var path: String
    /// The body.
    public var body: Blob

    /// The most bytes of a line: base64 of evidence, and some.
    public static let maximumSize = 64 << 10

    /// Joins the parts.
    public init(id: Int64, path: String, body: Blob) {
        self.id = id
        self.path = path
        self.body = body
    }

    /// Reads a line without its end.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(LineRequest.self, from: bytes, limit: Self.maximumSize)
    }
}

/// The answer to a ``LineRequest``, in the same form.
public struct LineAnswer: Hashable, Sendable, Codable {
    /// That of the request.
    public var id: Int64
    /// The status, as over HTTPS.
    public var status: Int
    /// The body: an answer, or a `Problem`.
    public var body: Blob

    /// The most bytes of a line.
    public static let maximumSize = CompensatedAnswer.maximumSize / 3 * 4 + 1024

    /// Joins the parts.
    public init(id: Int64, status: Int, body: Blob) {
        self.id = id
        self.status = status
        self.body = body
    }

    /// Reads a line without its end.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(LineAnswer.self, from: bytes, limit: Self.maximumSize)
    }
}
