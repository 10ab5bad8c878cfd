// The way to the TPM: TCTI strings, the default search, and what to say when there is none.

internal import CTSS2
internal import Glibc
internal import TPMCrypto

extension TPMConnection {
    /// Opens the TCTI and the ESAPI context over it.
    @unsafe static func open(
        tcti argument: String?
    ) throws(TPMError) -> (context: OpaquePointer, tcti: OpaquePointer) {
        silenceLibraryLog
        LibCrypto.withoutLegacyNames
        let choice = TCTIChoice(argument: argument)
        var tcti: OpaquePointer?
        let opened =
            unsafe choice.name.map { unsafe Tss2_TctiLdr_Initialize($0, &tcti) }
            ?? Tss2_TctiLdr_Initialize(nil, &tcti)
        guard opened == 0, let transport = unsafe tcti else { throw choice.unavailable(opened) }
        var context: OpaquePointer?
        let initialised = unsafe Esys_Initialize(&context, transport, nil)
        guard initialised == 0, let context = unsafe context else {
            unsafe Tss2_TctiLdr_Finalize(&tcti)
            throw choice.unavailable(initialised)
        }
        return unsafe (context, transport)
    }

    /// Keeps libtss2 from writing its own lines to standard error.
    ///
    /// It reads the variable at its first use. Its words are in our errors instead; a user who sets TSS2_LOG gets both.
    private static let silenceLibraryLog: Void = {
        _ = unsafe setenv("TSS2_LOG", "all+none", 0)
    }()
}

/// Which TPM to open, and who said so.
private struct TCTIChoice {
    let name: String?
    let origin: String

    init(argument: String?) {
        if let argument, !argument.isEmpty {
            name = argument
            origin = "as asked for"
        } else if let variable = unsafe getenv("TPM2TOOLS_TCTI"), unsafe variable.pointee != 0 {
            name = unsafe String(cString: variable)
            origin = "from TPM2TOOLS_TCTI"
        } else {
            name = nil
            origin = "by default"
        }
    }

    func unavailable(_ code: TSS2_RC) -> TPMError {
        let tried =
            name.map { "\"\($0)\" (\(origin))" }
            ?? "the resource manager daemon, /dev/tpmrm0, /dev/tpm0 and a software TPM on localhost (no TCTI was named)"
        let findings = suspects.compactMap(Self.finding(about:))
        let sentences =
            ["No TPM could be opened. Tried \(tried): \(TPMError.text(of: code)) (0x\(String(code, radix: 16)))."]
            + findings
        return TPMError(unavailable: sentences.joined(separator: " "))
    }

    /// The files that the choice depends on.
    private var suspects: [String] {
        guard let name else { return ["/dev/tpmrm0", "/dev/tpm0"] }
        if let path = name.removingPrefix("device:") { return [path] }
        if let path = name.removingPrefix("swtpm:path=") { return [path, path + ".ctrl"] }
        return []
    }

    private static func finding(about path: String) -> String? {
        guard unsafe access(path, F_OK) == 0 else { return "\(path) does not exist." }
        guard unsafe access(path, R_OK | W_OK) == 0 else {
            return "\(path) exists, but this user may not use it: add the user to the group tss and log in again."
        }
        return nil
    }
}

extension String {
    fileprivate func removingPrefix(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
