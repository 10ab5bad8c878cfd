/// How TCG-CSR-IDEVID is written where implementations differ (TCG Keys for Device Identity, section 13.1).
///
/// A form is stated, by a profile or on a command line, and never guessed from the bytes: two readings of one request
/// would be two requests.
public struct CSRForm: Sendable, Hashable, Codable {
    /// What stands around the contents and their signature.
    public var envelope: Envelope
    /// Whether the digest follows `hashSz`.
    public var contentHash: ContentHash
    /// How `attestPub` and `signingPub` are written.
    public var publicAreas: PublicAreas
    /// How `atCertifyInfo` and `sgnCertifyInfo` are written.
    public var statements: Statements
    /// How the request's own signature is written.
    public var signature: Signature
    /// What the attestation key says of the identity key.
    public var certification: Certification

    public enum Envelope: String, Sendable, Hashable, Codable, CaseIterable {
        /// TCG_CSR_IDEVID with structVer 0x01000100.
        case version0x01000100 = "0x01000100"
        /// TCG_CSR_IDEVID with structVer 0x00000100.
        case version0x00000100 = "0x00000100"
        /// Contents and signature travel apart.
        case none
    }

    public enum ContentHash: String, Sendable, Hashable, Codable, CaseIterable {
        /// `hashSz` bytes, the digest of all that follows.
        case inline
        /// None, although `hashSz` names a size.
        case absent
    }

    public enum PublicAreas: String, Sendable, Hashable, Codable, CaseIterable {
        case tpmt = "TPMT_PUBLIC"
        case tpm2b = "TPM2B_PUBLIC"
    }

    public enum Statements: String, Sendable, Hashable, Codable, CaseIterable {
        case tpms = "TPMS_ATTEST"
        case tpm2b = "TPM2B_ATTEST"
    }

    public enum Signature: String, Sendable, Hashable, Codable, CaseIterable {
        case tpmt = "TPMT_SIGNATURE"
        /// ECDSA-Sig-Value (RFC 3279, section 2.2.3), with the hash of the key's scheme.
        case der = "DER"
    }

    public enum Certification: String, Sendable, Hashable, Codable, CaseIterable {
        /// TPM2_Certify, which wants the ADMIN role of the identity key.
        case certify
        /// TPM2_CertifyCreation, which wants nothing of it.
        case creation
    }

    /// Joins the parts.
    public init(
        envelope: Envelope,
        contentHash: ContentHash,
        publicAreas: PublicAreas,
        statements: Statements,
        signature: Signature,
        certification: Certification
    ) {
        self.envelope = envelope
        self.contentHash = contentHash
        self.publicAreas = publicAreas
        self.statements = statements
        self.signature = signature
        self.certification = certification
    }

    /// What Birthmark's own stations write.
    public static let own = CSRForm(
        envelope: .version0x01000100,
        contentHash: .inline,
        publicAreas: .tpmt,
        statements: .tpms,
        signature: .tpmt,
        certification: .creation
    )

    /// Every form there is, so that a diagnosis can say which ones a request fits.
    public static var all: [CSRForm] {
        var forms: [CSRForm] = []
        for envelope in Envelope.allCases {
            for contentHash in ContentHash.allCases {
                for publicAreas in PublicAreas.allCases {
                    for statements in Statements.allCases {
                        for signature in Signature.allCases {
                            forms += Certification.allCases.map {
                                CSRForm(
                                    envelope: envelope,
                                    contentHash: contentHash,
                                    publicAreas: publicAreas,
                                    statements: statements,
                                    signature: signature,
                                    certification: $0
                                )
                            }
                        }
                    }
                }
            }
        }
        return forms
    }
}
