import DurableFiles
import Messages
import VerifierClient

/// What a child is told of a package that its gateway has not got.
///
/// Anybody on the local side can ask: he learns what is wrong, and nothing of the gateway's paths and addresses. The gateway's log has them.
enum PackageTrouble {
    /// One line for people at the child.
    static func text(of error: any Error) -> String {
        switch error {
        case let error as FileError: text(of: error)
        case let error as VerifierClientError: text(of: error)
        case is PackageShelf.NoRoom, is PackagePart.Different: String(describing: error)
        default: "it could not be fetched"
        }
    }

    private static func text(of error: FileError) -> String {
        if error.act == .read, error.code == .missing { return "its source has no such package" }
        var told = error
        told.path = error.act == .read ? "the package in its source" : "its copy of the package"
        return told.description
    }

    private static func text(of error: VerifierClientError) -> String {
        switch error {
        case .unusable, .turnedAway: "it cannot ask its source of packages"
        case .unreachable: "its source of packages cannot be reached"
        case .untrusted(_, let detail): "whoever answers is not its source of packages: \(detail)"
        case .timedOut: "its source of packages did not answer in time"
        case .malformedAnswer(let detail): "the answer of its source of packages cannot be understood: \(detail)"
        case .problem(let problem): "its source of packages says: \(problem.title)"
        }
    }
}
