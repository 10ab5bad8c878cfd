internal import CTSS2
public import TPMWire

/// Why a TPM command, or the way to the TPM, failed.
///
/// A refusal by the TPM is an error here: nothing in this module decides about trust.
public struct TPMError: Error, Sendable, Hashable {
    /// The command as Part 3 names it, such as `TPM2_Quote`, or what was being done when there was no command.
    public let command: String
    public let cause: Cause
    /// What the TPM says of its lockout, when that is why it refused.
    public internal(set) var lockout: DictionaryAttackState?

    /// What went wrong.
    public enum Cause: Sendable, Hashable {
        /// libtss2 or the TPM returned this code; the text is libtss2's own.
        case returned(ResponseCode, text: String)
        /// The TPM or libtss2 returned bytes that are not the structure they should be.
        case malformed(String)
        /// The caller asked for something that no TPM can do; nothing was sent.
        case argument(String)
        /// No TPM could be opened; the text says what was tried.
        case unavailable(String)
    }

    init(_ command: String, returned code: TSS2_RC) {
        self.command = command
        self.cause = .returned(ResponseCode(code), text: Self.text(of: code))
    }

    init(_ command: String, malformed detail: String) {
        self.command = command
        self.cause = .malformed(detail)
    }

    init(_ command: String, argument detail: String) {
        self.command = command
        self.cause = .argument(detail)
    }

    init(unavailable detail: String) {
        self.command = "open TPM"
        self.cause = .unavailable(detail)
    }

    /// The whole code that libtss2 or the TPM returned, with layer and subject, if one did.
    public var response: ResponseCode? {
        guard case .returned(let response, _) = cause else { return nil }
        return response
    }

    /// The code without layer and subject, to be compared with the constants: `error.code == .nvDefined`.
    public var code: ResponseCode? { response?.code }

    /// Whether the TPM had no time for the command, or could not write just now, and did not begin it: it may be sent
    /// again.
    ///
    /// A chip that spares its NV rations what is counted up in a row (Part 2, section 6.6.3: TPM_RC_NV_RATE).
    var isPassing: Bool { code.map { Self.passing.contains($0) } ?? false }

    private static let passing: Set<ResponseCode> = [.retry, .yielded, .testing, .nvRate, .nvUnavailable]

    var isLockout: Bool { code == .lockout }

    /// libtss2's own words for a code.
    static func text(of code: TSS2_RC) -> String {
        guard let text = unsafe Tss2_RC_Decode(code) else { return "unknown" }
        return unsafe String(cString: text)
    }
}

extension TPMError: CustomStringConvertible {
    public var description: String {
        switch cause {
        case .returned(let response, let text):
            let hint = (lockout?.description ?? response.hint).map { ". " + $0 } ?? ""
            return "\(command) failed: \(response) [\(text)]\(hint)"
        case .malformed(let detail): return "\(command) returned malformed data: \(detail)"
        case .argument(let detail): return "\(command) was not sent: \(detail)"
        case .unavailable(let detail): return detail
        }
    }
}
