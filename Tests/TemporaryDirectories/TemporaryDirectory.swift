import FoundationEssentials

/// A directory that is gone when the test is: closed to others, and with a path that is short enough for sockets in it.
public final class TemporaryDirectory: Sendable {
    /// Where it is.
    public let path: String

    /// Makes it.
    public init() throws {
        path = "/tmp/bm-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
