/// The largest sizes that are accepted on the wire, in bytes unless said otherwise, each with its reason.
public enum WireBounds {
    /// The largest digest: SHA-512 and SHA3-512.
    public static let digest = 64
    /// TPM2B_DATA and TPM2B_NAME: a digest behind its two-byte algorithm (sizeof TPMT_HA).
    public static let data = 2 + digest
    /// TPM2B_ECC_PARAMETER: a coordinate of P-521.
    public static let eccParameter = 66
    /// TPM2B_PUBLIC_KEY_RSA: the modulus of RSA-4096, the largest key in any TCG profile.
    public static let rsaKey = 512
    /// TPM2B_SENSITIVE_DATA: MAX_SYM_DATA is 128 in the reference code; 256 leaves room.
    public static let sensitiveData = 256
    /// TPM2B_PRIVATE: an encrypted RSA-4096 sensitive area with both wrappers stays below this.
    public static let privateArea = 1536
    /// TPM2B_MAX_NV_BUFFER and the data size of an NV index: MAX_NV_INDEX_SIZE of the reference code.
    public static let nvBuffer = 2048
    /// TPML_PCR_SELECTION entries: HASH_COUNT of any TPM, with room (libtss2 allows 16 too).
    public static let pcrSelections = 16
    /// Bytes of a PCR bitmap: TPMs have 24 PCRs (3 bytes); 4 is the most libtss2 and the reference code allow.
    public static let pcrSelect = 4
    /// TPMS_ATTEST: the largest real one, a quote over every bank, is below 400; NV certification is the long case.
    public static let attest = 2048
    /// TPMT_SIGNATURE: RSA-4096 is 518.
    public static let signature = 1024
}
