import FoundationEssentials
import Messages

struct Missing: Error {}

extension Optional {
    /// The value; a test ends that finds none.
    func found() throws -> Wrapped {
        guard let self else { throw Missing() }
        return self
    }
}

func label(_ text: String) throws -> Label { try Label(text).found() }

func remark(_ text: String) throws -> OperatorReason { try OperatorReason(text).found() }

/// A directory that is gone when the test is.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = "/tmp/srv-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
