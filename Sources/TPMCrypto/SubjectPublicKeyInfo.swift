import Crypto
import CryptoExtras
import FoundationEssentials
import TPMWire

extension PublicKey {
    /// SubjectPublicKeyInfo is below this for RSA-4096 (550 bytes), in bytes.
    private static let maximumDER = 1024
    /// A PEM file with one key, with room for text around it, in characters.
    private static let maximumPEM = 16 * 1024

    /// The key as an X.509 SubjectPublicKeyInfo in DER.
    public var subjectPublicKeyInfo: [UInt8] {
        switch imported {
        case .p256(let key): Array(key.derRepresentation)
        case .p384(let key): Array(key.derRepresentation)
        case .p521(let key): Array(key.derRepresentation)
        case .rsa(let key): Array(key.derRepresentation)
        }
    }

    /// Reads an X.509 SubjectPublicKeyInfo in DER.
    ///
    /// Only the encoding that this module would write is accepted: rsaEncryption or id-ecPublicKey with a named
    /// curve and an uncompressed point, nothing after it.
    public init(subjectPublicKeyInfo der: [UInt8]) throws(TPMCryptoError) {
        guard der.count <= Self.maximumDER else {
            throw TPMCryptoError(.tooLong, "a SubjectPublicKeyInfo of \(der.count) bytes is too long")
        }
        let key: PublicKey
        if let p256 = try? P256.Signing.PublicKey(derRepresentation: der) {
            key = try PublicKey(curve: .p256, point: Array(p256.rawRepresentation))
        } else if let p384 = try? P384.Signing.PublicKey(derRepresentation: der) {
            key = try PublicKey(curve: .p384, point: Array(p384.rawRepresentation))
        } else if let p521 = try? P521.Signing.PublicKey(derRepresentation: der) {
            key = try PublicKey(curve: .p521, point: Array(p521.rawRepresentation))
        } else if let numbers = try? _RSA.Signing.PublicKey(derRepresentation: der).getKeyPrimitives() {
            guard Array(numbers.publicExponent) == Self.rsaExponent else {
                throw TPMCryptoError(.unsuitableKey, "the RSA exponent is not 65537")
            }
            key = try PublicKey(rsaModulus: Array(numbers.modulus))
        } else {
            throw TPMCryptoError(
                .unsuitableKey,
                "this is no SubjectPublicKeyInfo of an RSA, P-256, P-384 or P-521 key"
            )
        }
        guard key.subjectPublicKeyInfo == der else {
            throw TPMCryptoError(.unsuitableKey, "the SubjectPublicKeyInfo is not in the usual DER encoding")
        }
        self = key
    }

    /// Reads the first `PUBLIC KEY` block of a PEM file.
    public init(pem text: String) throws(TPMCryptoError) {
        guard text.utf8.count <= Self.maximumPEM else {
            throw TPMCryptoError(.tooLong, "a PEM file with one public key is shorter than this")
        }
        let lines = text.split(whereSeparator: \.isNewline).map { String($0.filter { !$0.isWhitespace }) }
        guard let begin = lines.firstIndex(of: "-----BEGINPUBLICKEY-----"),
            let end = lines[begin...].firstIndex(of: "-----ENDPUBLICKEY-----"),
            let der = Data(base64Encoded: lines[(begin + 1)..<end].joined())
        else {
            throw TPMCryptoError(.unsuitableKey, "the file has no PEM block \"PUBLIC KEY\"")
        }
        try self.init(subjectPublicKeyInfo: Array(der))
    }

    private init(curve: ECCCurve, point: [UInt8]) throws(TPMCryptoError) {
        let half = point.count / 2
        try self.init(curve: curve, x: Array(point.prefix(half)), y: Array(point.suffix(half)))
    }
}
