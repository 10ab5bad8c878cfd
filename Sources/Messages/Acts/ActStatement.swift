/// What an operator signs for one act: the request as he makes it, to this verifier, at this time, once.
///
/// Whoever keeps the record then has the operator's word for what stands there in his name, and cannot make it up.
public struct ActStatement: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The name of the verifier that is asked: to another it says nothing.
    public var verifier: Label
    /// The method of the request.
    public var method: String
    /// The path as it is requested, with its percent-encoding.
    public var path: String
    /// SHA-256 of the request's body.
    public var body: ContentDigest
    /// SHA-256 of the operator's certificate (DER): no other one of his, with other roles, takes its place later.
    public var certificate: ContentDigest
    /// When it was signed, in seconds since 1970 by the operator's clock.
    public var at: Int64
    /// 16 random bytes: no two statements are the same.
    public var nonce: HexBytes

    /// The media type, which is signed too.
    public static let payloadType = "application/vnd.birthmark.act.v1+json"
    /// The most bytes: the longest path and names, and what is around them.
    static let maximumSize = 1024
    /// The most bytes of a path: a label of which each character is percent-encoded, and what is around it.
    static let maximumPath = 256
    /// The bytes of a nonce.
    public static let nonceSize = 16
    /// Seconds by which the clocks of operator and verifier may be apart; so long a verifier remembers nonces.
    public static let tolerance: Int64 = 300

    /// States a request.
    /// - Parameter nonce: ``nonceSize`` random bytes.
    /// - Throws: `MessageError` with code `.outOfRange` for a path that no act has, or another nonce.
    public init(
        to verifier: Label,
        path: String,
        body: [UInt8],
        certificate: [UInt8],
        at: Int64,
        nonce: [UInt8]
    ) throws(MessageError) {
        formatVersion = 1
        self.verifier = verifier
        method = OperatorRoute.method
        self.path = path
        self.body = ContentDigest(of: body)
        self.certificate = ContentDigest(of: certificate)
        self.at = at
        self.nonce = HexBytes(nonce)
        try check()
    }

    /// Reads the statement's exact bytes.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(ActStatement.self, from: bytes, limit: Self.maximumSize)
        try check()
    }

    private func check() throws(MessageError) {
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "act format \(formatVersion) is not known here")
        }
        guard method == OperatorRoute.method, path.utf8.count <= Self.maximumPath, RequestedAct(path: path) != nil
        else {
            throw MessageError(.outOfRange, "the statement is for a request that is no act of an operator")
        }
        guard nonce.bytes.count == Self.nonceSize else {
            throw MessageError(.outOfRange, "the nonce has \(nonce.bytes.count) bytes, not \(Self.nonceSize)")
        }
    }

    /// What is asked for.
    /// - Throws: `MessageError` for a path that no act has.
    public var requested: RequestedAct {
        get throws(MessageError) {
            guard let requested = RequestedAct(path: path) else {
                throw MessageError(.outOfRange, "the statement is for a request that is no act of an operator")
            }
            return requested
        }
    }

    /// Whether it was signed within so many seconds of a time.
    public func isSigned(within seconds: Int64, of time: Int64) -> Bool {
        let (apart, overflow) = at.subtractingReportingOverflow(time)
        return !overflow && apart.magnitude <= seconds.magnitude
    }
}
