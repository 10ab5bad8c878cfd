// Part 3, chapter 9: Start-up.

internal import CTSS2

extension TPMConnection {
    /// TPM2_Shutdown(CLEAR): announces that power goes, so that the clock stays safe.
    public func shutdown() throws(TPMError) {
        try run(.shutdown) {
            unsafe Esys_Shutdown($0.pointer, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_SU_CLEAR)
        }
    }
}
