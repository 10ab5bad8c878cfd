/// `POST /v1/releases/{manifest}/log`: the event log that a release's boot was taken from.
///
/// The release names it by its digest, so that whoever brings it need not be trusted with what it says.
public struct ReleaseLog: Hashable, Sendable, Codable {
    /// The log as firmware wrote it.
    public var log: Blob

    /// The most bytes of the message: a log in base64, and its name.
    public static let maximumSize = Evidence.maximumLogSize / 3 * 4 + 1024

    /// Takes a log.
    public init(_ log: [UInt8]) { self.log = Blob(log) }

    /// Reads the message.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(ReleaseLog.self, from: bytes, limit: Self.maximumSize)
        guard log.bytes.count <= Evidence.maximumLogSize else {
            throw MessageError(.outOfRange, "a log has at most \(Evidence.maximumLogSize) bytes")
        }
    }
}
