import DurableFiles
import Messages
import VerifierClient

/// Why the agent did not do what was asked, with what to do next.
public struct AgentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Whose fault it is, which is what a script needs to know.
    public enum Kind: Hashable, Sendable {
        /// Something was judged and not accepted.
        case refused
        /// A file or an argument is not what it should be.
        case malformed
        /// No TPM, no verifier, no disk.
        case environment
    }

    /// Whose fault it is.
    public var kind: Kind
    /// What happened.
    public var message: String
    /// What to do next.
    public var hint: String?
    /// Reason codes of a refusal.
    public var reasons: [String]
    /// The attestation result for relying parties that came with a refusal, when one was asked for.
    public var ear: String?
    /// Whether somebody has signed, or answered, whom the trust bundle does not name.
    var isOfAStranger = false

    /// Makes an error.
    public init(_ kind: Kind, _ message: String, hint: String? = nil, reasons: [String] = [], ear: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.reasons = reasons
        self.ear = ear
    }

    /// One line for people.
    public var description: String { message }
}

extension AgentError {
    /// A file of the agent's own: the disk's fault, or somebody changed what only the agent writes.
    init(_ error: FileError) {
        self.init(.environment, error.description, hint: error.hint)
    }

    /// A file that the caller named.
    init(input error: FileError) {
        switch error.code {
        case .system, .exposed: self.init(error)
        default: self.init(.malformed, error.description, hint: error.hint)
        }
    }

    /// The verifier refused, or could not be asked.
    init(_ error: VerifierClientError) {
        var reasons: [String] = []
        var ear: String?
        if case .problem(let problem) = error { (reasons, ear) = (problem.reasons ?? [], problem.ear) }
        let kind: Kind = error.isRefusal ? .refused : error.isMalformedInput ? .malformed : .environment
        self.init(kind, error.description, hint: error.hint, reasons: reasons, ear: ear)
        if case .untrusted = error { isOfAStranger = true }
    }

    /// What an exchange with the verifier has ended in.
    /// - Parameter what: the message that was to be sent.
    init(of error: any Error, about what: String) {
        switch error {
        case let error as AgentError: self = error
        case let error as VerifierClientError: self.init(error)
        case let error as MessageError: self.init(what, error)
        default: self.init(.environment, String(describing: error))
        }
    }

    /// Bytes of a message are not what they should be.
    init(_ what: String, _ error: MessageError) {
        let isForeign = error.code == .badSignature
        self.init(
            isForeign ? .refused : .malformed,
            "\(what): \(error.detail)",
            hint: isForeign
                ? "fetch it again from its makers; if they changed their keys, this device needs their verifier's next trust bundle"
                : "check that it is the right file, whole and unchanged"
        )
        isOfAStranger = isForeign
    }
}
