// Part 3, chapter 9: Start-up.

internal import CTSS2

extension TPMConnection {
    /// What the TPM keeps over a shutdown and the startup after it (Part 2, section 6.10).
    public enum StartupType: Sendable {
        /// Everything is reset: a reboot.
        case clear
        /// PCRs and sessions are restored: a resume.
        case state

        var code: TPM2_SU { self == .clear ? TPM2_SU_CLEAR : TPM2_SU_STATE }
    }

    /// TPM2_Startup: firmware does this on a real machine.
    public func startup(_ type: StartupType = .clear) throws(TPMError) {
        try run(.startup) { unsafe Esys_Startup($0.pointer, type.code) }
    }

    /// TPM2_Shutdown: announces that power goes, so that the clock stays safe.
    public func shutdown(_ type: StartupType = .clear) throws(TPMError) {
        try run(.shutdown) {
            unsafe Esys_Shutdown($0.pointer, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, type.code)
        }
    }
}
