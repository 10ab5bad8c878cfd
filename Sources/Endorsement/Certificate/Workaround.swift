/// A deviation of real TPM certificates from X.509 that is read all the same, by name and on the record.
///
/// Each case widens what can be *read*; none skips a check, and signatures are always verified over the bytes as they
/// came. What was used is listed in ``EndorsementFacts/workarounds`` so that a fleet can be searched for it.
public enum Workaround: String, CaseIterable, Sendable, Hashable, Comparable {
    /// A TCG_PCCLIENT_STORED_CERT header (`10 01 00`, size, `10 02`) stands before the certificate in NV.
    case nvHeader
    /// The NV index is longer than the certificate; the rest is 0x00 or 0xFF and is cut at the DER length.
    case nvPadding
    /// The key is labelled id-RSAES-OAEP (RFC 4055, section 4.1): read as the RSA key that it is.
    case rsaesOAEPKey
    /// A SET OF in a name is not in DER order (X.690, section 11.6); found in whole Nuvoton product lines.
    case unorderedSet
    /// A DEFAULT value is written out (X.690, section 11.5), as in `cA FALSE`; found in Intel PTT certificates.
    case encodedDefault
    /// Signed with SHA-1; older Infineon and ST lines. A forger would need a second preimage of vendor-made bytes.
    case sha1Signature
    /// No key usage at all, which restricts nothing (RFC 5280, section 4.2.1.3); ST certificates of 2014.
    case keyUsageAbsent
    /// No extended key usage of its own: the issuing CA, limited to EK certificates, gives it. Google's private CA.
    case purposeFromIssuer
    /// A PKCS #10 request says version 2, the number of version 3 certificates, where RFC 2986 has only 0.
    case requestVersion

    /// Every workaround: what EK certificates need, since nobody can have them made again.
    public static let all = Set(allCases)

    public static func < (one: Workaround, other: Workaround) -> Bool { one.rawValue < other.rawValue }
}

/// Which workarounds may be used while reading, and which were.
struct Leniency {
    let allowed: Set<Workaround>
    private(set) var used: Set<Workaround> = []

    init(allowing allowed: Set<Workaround>) {
        self.allowed = allowed
    }

    mutating func use(_ workaround: Workaround) throws(CertificateError) {
        guard allowed.contains(workaround) else { throw CertificateError.needsWorkaround(workaround) }
        used.insert(workaround)
    }
}

/// Why bytes are not a certificate, list or key that this target can judge.
public enum CertificateError: Error, Sendable, Hashable {
    /// The NV index or file holds no certificate: nothing, or only 0x00 or 0xFF.
    case empty
    /// More than the bound named in the message; nothing was read.
    case tooLarge(bytes: Int, limit: Int)
    /// Bytes that are neither certificate nor padding follow the certificate.
    case trailingBytes(count: Int)
    /// The TCG header before the certificate contradicts what follows it.
    case badNVHeader
    /// Not DER, or not the structure the standard says; `field` is where reading stopped.
    case malformed(field: String)
    /// Readable only with a workaround that the caller does not allow.
    case needsWorkaround(Workaround)
    /// A key or signature algorithm that is not supported, or a key that is too weak.
    case unsupported(String)
}

extension CertificateError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "there is no certificate: the bytes are absent, or all 0x00 or 0xFF"
        case .tooLarge(let bytes, let limit): "\(bytes) bytes are more than the limit of \(limit)"
        case .trailingBytes(let count): "\(count) bytes that are not padding follow the certificate"
        case .badNVHeader: "the TCG header before the certificate does not agree with its length"
        case .malformed(let field): "not well-formed DER at \(field)"
        case .needsWorkaround(let workaround):
            "only readable with the workaround '\(workaround.rawValue)', not allowed here"
        case .unsupported(let what): "not supported: \(what)"
        }
    }
}
