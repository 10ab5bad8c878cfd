public import AttestationResults
public import Messages

/// Everything that one appraisal looks at; nothing else has a say.
public struct AppraisalInput: Sendable {
    /// The instance, by the verifier's own record.
    public var instance: InstanceID
    /// Its IAK, by the verifier's own record and never by the request.
    public var key: EnrolledKey
    /// TPMS_ATTEST exactly as it was received; these bytes are what the signature is over.
    public var attest: [UInt8]
    /// TPMT_SIGNATURE exactly as it was received.
    public var signature: [UInt8]
    /// The values said to be quoted: hints, until their digest is the quoted one.
    public var pcrs: PCRValues
    /// The event log said to explain them.
    public var log: LogEvidence
    /// What Linux measured, when the instance quotes the PCR for it.
    public var ima: IMAEvidence?
    /// SHA-256 of the exact bytes of the decision request.
    public var request: ContentDigest
    /// The 32 bytes that the quote must carry: `DecisionRequest.qualifyingData(for:)`.
    public var qualifyingData: [UInt8]
    /// The PCRs that the instance must quote.
    public var selection: PCRSet
    /// The clock of the last evidence that was accepted from this key; `nil` before the first.
    public var lastClock: ClockReading?
    /// TPM firmware versions that may be seen: the last one (at first, that of birth), and those it may be updated to.
    public var firmwareVersions: [UInt64]
    /// The boots that the instance may show, in order of preference.
    public var expectations: [BootExpectation]

    /// Joins the parts.
    public init(
        instance: InstanceID,
        key: EnrolledKey,
        attest: [UInt8],
        signature: [UInt8],
        pcrs: PCRValues,
        log: LogEvidence,
        ima: IMAEvidence? = nil,
        request: ContentDigest,
        qualifyingData: [UInt8],
        selection: PCRSet,
        lastClock: ClockReading?,
        firmwareVersions: [UInt64],
        expectations: [BootExpectation]
    ) {
        self.instance = instance
        self.key = key
        self.attest = attest
        self.signature = signature
        self.pcrs = pcrs
        self.log = log
        self.ima = ima
        self.request = request
        self.qualifyingData = qualifyingData
        self.selection = selection
        self.lastClock = lastClock
        self.firmwareVersions = firmwareVersions
        self.expectations = expectations
    }
}

/// The event log beside a quote.
public enum LogEvidence: Sendable {
    /// None.
    case none
    /// Its bytes, looked at only after the quote has passed, and their SHA-256.
    case bytes([UInt8], digest: ContentDigest)
    /// One that was replayed before, for the same selection.
    case replayed(ReplayedLog)
}
