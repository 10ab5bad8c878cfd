/// Why IAK and IDevID are not proven to live in the endorsed TPM.
public enum ResidencyReason: String, Sendable, Hashable, CaseIterable, Error {
    /// The endorsement key is not one of the profile's: no credential can be made to it.
    case endorsementKeyUnsuitable = "endorsement-key-unsuitable"
    /// The enrolment key is not what its template says, byte for byte but for the key itself.
    case enrolmentKeyUnsuitable = "enrolment-key-unsuitable"
    /// The IAK is not what its template says (VERIFIER B1 to B4).
    case attestationKeyUnsuitable = "attestation-key-unsuitable"
    /// The IDevID is not what its template says.
    case identityKeyUnsuitable = "identity-key-unsuitable"
    /// The statement is not a TPMS_ATTEST, or its signature not a TPMT_SIGNATURE.
    case statementUnreadable = "statement-unreadable"
    /// The statement is about something else than the creation of an object.
    case statementNotCreation = "statement-not-creation"
    /// The statement is about another key.
    case statementOfAnotherKey = "statement-of-another-key"
    /// The statement was made by another key than it should, or by that key under another hierarchy.
    case statementByAnotherSigner = "statement-by-another-signer"
    /// The statement belongs to another set of keys.
    case statementForOtherKeys = "statement-for-other-keys"
    /// The signature on the statement is not that of the key that should have made it.
    case signatureInvalid = "residency-signature-invalid"
    /// The answer to the credential is not that of the TPM that holds the endorsement key.
    case activationWrong = "activation-wrong"
    /// The challenge was never made, has been answered already, or is too old: each is answered once, right or wrong.
    case challengeUnknown = "challenge-unknown"
}

extension ResidencyReason: CustomStringConvertible {
    /// One sentence for people.
    public var description: String {
        switch self {
        case .endorsementKeyUnsuitable: "the endorsement key is not one that the profile describes"
        case .enrolmentKeyUnsuitable: "the enrolment key is not what its template says"
        case .attestationKeyUnsuitable: "the attestation key is not what its template says"
        case .identityKeyUnsuitable: "the identity key is not what its template says"
        case .statementUnreadable: "the TPM's statement about a key cannot be read"
        case .statementNotCreation: "the TPM's statement is not about the creation of a key"
        case .statementOfAnotherKey: "the TPM's statement is about another key"
        case .statementByAnotherSigner: "the TPM's statement about a key was made by another key than it should"
        case .statementForOtherKeys: "the TPM's statement belongs to other keys"
        case .signatureInvalid: "the signature on the TPM's statement is not that of the key that should have made it"
        case .activationWrong: "the answer does not come from the TPM that holds the endorsement key"
        case .challengeUnknown: "the challenge is not open: it was answered before, or never made; begin again"
        }
    }
}
