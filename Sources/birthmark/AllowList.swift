import CommandLineContract
import Endorsement

/// A file of endorsement keys that count without a certificate.
enum AllowList {
    private static let maximumSize = 1 << 20

    static func read(_ path: String) throws(CommandFailure) -> EKAllowList {
        let bytes = try InputFile.read(path, limit: maximumSize, what: "the allow list")
        guard let text = String(validating: bytes, as: UTF8.self), let list = EKAllowList(parsing: text) else {
            throw CommandFailure(
                .malformed,
                "\(path): a line is no SHA-256 in hexadecimal",
                hint: "write one digest of an EK public area a line; # begins a comment"
            )
        }
        return list
    }
}
