/// Why evidence is refused: the closed list.
///
/// Each stands for one check of the quote verifier.
public enum ReasonCode: String, Hashable, Sendable, Codable, CaseIterable {
    // The key, held to its template from the stored bytes at every appraisal.
    case keyParameters = "key-parameters"
    case keyAttributes = "key-attributes"
    case keyScheme = "key-scheme"
    case keyPolicy = "key-policy"
    // The signature.
    case signatureMalformed = "signature-malformed"
    case signatureScheme = "signature-scheme"
    case signatureInvalid = "signature-invalid"
    // The attested structure.
    case attestMalformed = "attest-malformed"
    case notFromTPM = "not-from-tpm"
    case notAQuote = "not-a-quote"
    case signerMismatch = "signer-mismatch"
    case notThisRequest = "not-this-request"
    case clockWentBack = "clock-went-back"
    case tpmClearedOrReplaced = "tpm-cleared-or-replaced"
    case firmwareChanged = "tpm-firmware-changed"
    case selectionMismatch = "pcr-selection"
    case pcrDigestMismatch = "pcr-digest"
    // The event log and its meaning.
    case logMissing = "log-missing"
    case logMalformed = "log-malformed"
    case logReplayMismatch = "log-replay"
    case logOrder = "log-order"
    // The list of what Linux measured.
    case imaMissing = "ima-missing"
    case imaMalformed = "ima-malformed"
    case imaReplayMismatch = "ima-replay"
    case imaPolicy = "ima-policy"
    case bootUnexpected = "boot-unexpected"

    /// The check's number in the table of checks that the documentation keeps.
    public var check: String {
        switch self {
        case .keyParameters: "B1"
        case .keyAttributes: "B2"
        case .keyScheme: "B3"
        case .keyPolicy: "B4"
        case .signatureMalformed: "C1"
        case .signatureScheme: "C2"
        case .signatureInvalid: "C3"
        case .attestMalformed: "D10"
        case .notFromTPM: "D1"
        case .notAQuote: "D2"
        case .signerMismatch: "D3"
        case .notThisRequest: "D4"
        case .clockWentBack, .tpmClearedOrReplaced: "D6"
        case .firmwareChanged: "D7"
        case .selectionMismatch: "D8"
        case .pcrDigestMismatch: "D9"
        case .logMalformed: "E1"
        case .logMissing, .logReplayMismatch: "E3"
        case .logOrder: "E4"
        case .imaMissing, .imaMalformed, .imaReplayMismatch, .imaPolicy: "E6"
        case .bootUnexpected: "E7"
        }
    }

    /// One sentence for people.
    public var sentence: String {
        switch self {
        case .keyParameters: "The key's type, size, curve or Name is not one that attests here."
        case .keyAttributes: "The key's attributes are not those of a restricted attestation key born in this TPM."
        case .keyScheme: "The key's signing scheme is missing, anonymous or too weak."
        case .keyPolicy: "The key's authorization policy is not its template's."
        case .signatureMalformed: "The signature is not a TPMT_SIGNATURE."
        case .signatureScheme: "The signature's algorithm is not the key's."
        case .signatureInvalid: "The signature does not verify with the key of this instance."
        case .attestMalformed: "The attested bytes are not one whole TPMS_ATTEST."
        case .notFromTPM: "The attested bytes do not begin as a TPM begins them."
        case .notAQuote: "The TPM signed something that is not a quote."
        case .signerMismatch: "The quote names another key than the one this instance was born with."
        case .notThisRequest: "The quote answers another request or challenge."
        case .clockWentBack: "The TPM's clock or counters are behind what was already seen."
        case .tpmClearedOrReplaced: "The TPM's reset counter dropped or leapt: it was cleared or replaced."
        case .firmwareChanged: "The TPM's firmware changed without a record of it."
        case .selectionMismatch: "The quote covers other PCRs than the ones asked for."
        case .pcrDigestMismatch: "The PCR values given are not the quoted ones."
        case .logMissing: "This decision needs the event log, and none was given."
        case .logMalformed: "The event log cannot be read."
        case .logReplayMismatch: "The event log does not lead to the quoted PCR values."
        case .logOrder: "The event log's order is not that of a boot."
        case .imaMissing: "This decision needs the IMA list, from its beginning or from where it was judged to."
        case .imaMalformed: "The IMA list cannot be read."
        case .imaReplayMismatch: "The IMA list does not lead to the quoted PCR value."
        case .imaPolicy: "Linux measured something that the policy does not allow."
        case .bootUnexpected: "The measured boot is none that this instance was granted."
        }
    }
}
