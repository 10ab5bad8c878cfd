/// `POST /v1/decisions`: RATS Evidence of one instance, for one decision request.
public struct Evidence: Hashable, Sendable, Codable {
    /// The exact bytes of the decision request.
    public var request: Blob
    /// TPMS_ATTEST as the TPM returned it, at most 2 KiB.
    public var attest: Blob
    /// TPMT_SIGNATURE over it, at most 1 KiB.
    public var signature: Blob
    /// The quoted PCRs' values; hints, trusted only when their digest is the quoted one.
    public var pcrs: PCRValues
    /// SHA-256 of the event log.
    public var log: ContentDigest?
    /// The event log itself, when the verifier does not hold it.
    public var logBytes: Blob?
    /// What Linux measured; present exactly when the challenge asked for it.
    public var ima: IMAListPart?

    /// TPMS_ATTEST of a quote has about 150 bytes; 2 KiB leaves room for every hash and Name.
    public static let maximumAttestSize = 2048
    /// TPMT_SIGNATURE of RSA-4096 has 518 bytes.
    public static let maximumSignatureSize = 1024
    /// Logs of real machines have 10 to 100 KB.
    public static let maximumLogSize = 2 << 20
    /// Log and list in base64, and everything else.
    public static let maximumSize = (maximumLogSize + IMAListPart.maximumSize) / 3 * 4 + (32 << 10)

    /// Joins the parts of evidence.
    public init(
        request: Blob,
        attest: Blob,
        signature: Blob,
        pcrs: PCRValues,
        log: ContentDigest? = nil,
        logBytes: Blob? = nil,
        ima: IMAListPart? = nil
    ) {
        self.request = request
        self.attest = attest
        self.signature = signature
        self.pcrs = pcrs
        self.log = log
        self.logBytes = logBytes
        self.ima = ima
    }

    /// Reads evidence and holds its parts to their sizes.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(Evidence.self, from: bytes, limit: Self.maximumSize)
        try check()
    }

    /// Holds the parts to their sizes, and the log to its digest.
    func check() throws(MessageError) {
        guard request.bytes.count <= DecisionRequest.maximumSize, attest.bytes.count <= Self.maximumAttestSize,
            signature.bytes.count <= Self.maximumSignatureSize, (logBytes?.bytes.count ?? 0) <= Self.maximumLogSize,
            (ima?.bytes.bytes.count ?? 0) <= IMAListPart.maximumSize
        else { throw MessageError(.tooLarge, "a part of the evidence is larger than it may be") }
        if let logBytes {
            guard log == ContentDigest(of: logBytes.bytes) else {
                throw MessageError(.outOfRange, "\"logBytes\" is not the log that \"log\" names")
            }
        }
    }
}
