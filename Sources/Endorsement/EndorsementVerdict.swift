public import TPMCrypto

/// The result of judging an endorsement key: a value, never an exception.
public enum EndorsementVerdict: Sendable, Hashable {
    case accepted(EndorsementFacts)
    /// At least one reason.
    case refused([CertificateReason])
}

/// What an accepted endorsement proves.
///
/// Made only by ``EndorsementPolicy``.
public struct EndorsementFacts: Sendable, Hashable {
    /// How the key came to be trusted.
    public enum Basis: Sendable, Hashable {
        /// By a vendor's certificate.
        case certificate(CertificateFacts)
        /// By its own Name on the operator's allow list; nothing is known of the TPM.
        case allowList
    }

    /// What the vendor's certificate says, for the birth record.
    public struct CertificateFacts: Sendable, Hashable {
        /// SHA-256 of the certificate's DER.
        public let sha256: [UInt8]
        /// The serial number's magnitude, big-endian.
        public let serialNumber: [UInt8]
        /// The issuing key's identifier; nil when the certificate does not state it.
        public let authorityKeyIdentifier: [UInt8]?
        /// SHA-256 of the root that the path ends in.
        public let rootSHA256: [UInt8]
        /// For people and logs; control characters are escaped.
        public let issuer: String
        /// What the certificate says of the TPM; nil only under ``Workaround/purposeFromIssuer``.
        public let tpm: TPMDescription?
        /// Seconds since 1970.
        public let notAfter: Int64

        /// Whether nothing in the certificate says hardware.
        public var isSoftware: Bool { tpm?.isSoftware ?? true }
    }

    /// How the key came to be trusted.
    public let basis: Basis
    /// The endorsed key.
    public let subjectKey: PublicKey
    /// Every deviation that had to be tolerated on the way, in the certificate and its path.
    public let workarounds: Set<Workaround>
}
