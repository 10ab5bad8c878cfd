import Crypto
import CryptoExtras
import SwiftASN1
public import TPMWire

/// The public key of a certificate, in the numbers a TPM public area holds too.
public enum SubjectKey: Sendable, Hashable {
    /// An RSA key of at least 2048 bits with the exponent 65537; `modulus` is big-endian without leading zeros.
    case rsa(modulus: [UInt8])
    /// A point, checked to lie on the curve; both coordinates padded to the curve's width.
    case ellipticCurve(Curve, x: [UInt8], y: [UInt8])

    /// The NIST curves that TPM profiles and vendor CAs use.
    public enum Curve: String, Sendable, Hashable, CaseIterable {
        case p256 = "P-256"
        case p384 = "P-384"
        case p521 = "P-521"

        /// Bytes of one coordinate.
        var width: Int {
            switch self {
            case .p256: 32
            case .p384: 48
            case .p521: 66
            }
        }
    }

    /// The only public exponent accepted: all TPM 2.0 profiles and every vendor CA use it.
    static let exponent: [UInt8] = [0x01, 0x00, 0x01]

    /// The strength below which a key is refused (VERIFIER B1), and the largest that is verified at bearable cost.
    static let rsaBits = 2048...8192

    /// Reads a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).
    init(_ node: ASN1Node, _ leniency: inout Leniency) throws(CertificateError) {
        var fields = try Fields(node, "subjectPublicKeyInfo")
        let algorithm = try AlgorithmIdentifier(fields.next("key algorithm"))
        let key = try fields.next("subjectPublicKey").wholeBits("subjectPublicKey")
        try fields.end()
        switch algorithm.identifier {
        case OID.rsaEncryption:
            try algorithm.requireNullOrAbsent()
            self = try Self.rsa(key)
        case OID.rsaesOAEP:
            // The parameters say how to encrypt; to a TPM its own public area says that (Part 2, section 12.2.3.5).
            try leniency.use(.rsaesOAEPKey)
            self = try Self.rsa(key)
        case OID.ecPublicKey:
            guard let parameters = algorithm.parameters else { throw .malformed(field: "curve") }
            self = try Self.point(key, on: parameters.objectIdentifier("curve"))
        default: throw .unsupported("public key algorithm \(algorithm.identifier)")
        }
    }

    /// The key in a TPM public area; nil when it is none that a certificate here can hold: wrong type, curve, size or
    /// exponent, or a point off the curve.
    public init?(_ publicArea: TPMTPublic) {
        switch publicArea.parameters {
        case .rsa(let detail, let unique):
            // 0 stands for 65537 (Part 2, section 12.2.3.5).
            guard [0, 65_537].contains(detail.exponent), unique.count * 8 == Int(detail.keyBits),
                Self.rsaBits.contains(Int(detail.keyBits)), let first = unique.first, first >= 0x80
            else { return nil }
            self = .rsa(modulus: unique)
        case .ecc(let detail, let unique):
            let curve: Curve
            switch detail.curveID {
            case .p256: curve = .p256
            case .p384: curve = .p384
            case .p521: curve = .p521
            default: return nil
            }
            guard let x = Self.padded(unique.x, to: curve.width), let y = Self.padded(unique.y, to: curve.width) else {
                return nil
            }
            self = .ellipticCurve(curve, x: x, y: y)
            guard isOnCurve else { return nil }
        case .keyedHash, .symCipher: return nil
        }
    }

    /// TPMs may strip the leading zeros of a coordinate.
    private static func padded(_ bytes: [UInt8], to width: Int) -> [UInt8]? {
        guard bytes.count <= width else { return nil }
        return [UInt8](repeating: 0, count: width - bytes.count) + bytes
    }

    private static func rsa(_ bytes: ArraySlice<UInt8>) throws(CertificateError) -> SubjectKey {
        var fields = try Fields(ASN1Node.parse(bytes, "RSAPublicKey"), "RSAPublicKey")
        let modulus = try fields.next("modulus").magnitude(limit: rsaBits.upperBound / 8, "modulus")
        let exponent = try fields.next("publicExponent").magnitude(limit: 8, "publicExponent")
        try fields.end()
        guard modulus.count * 8 >= rsaBits.lowerBound, let first = modulus.first, first >= 0x80 else {
            throw .unsupported("an RSA key of fewer than \(rsaBits.lowerBound) bits")
        }
        guard Array(exponent) == Self.exponent else { throw .unsupported("an RSA exponent other than 65537") }
        let key = SubjectKey.rsa(modulus: Array(modulus))
        guard (try? key.rsaKey()) != nil else { throw .unsupported("this RSA modulus") }
        return key
    }

    private static func point(
        _ bytes: ArraySlice<UInt8>,
        on identifier: ASN1ObjectIdentifier
    ) throws(CertificateError) -> SubjectKey {
        let curve: Curve
        switch identifier {
        case OID.secp256r1: curve = .p256
        case OID.secp384r1: curve = .p384
        case OID.secp521r1: curve = .p521
        default: throw .unsupported("the curve \(identifier)")
        }
        // Uncompressed points only (RFC 5480, section 2.2): 04, x, y.
        guard bytes.first == 0x04, bytes.count == 1 + 2 * curve.width else { throw .malformed(field: "point") }
        let key = SubjectKey.ellipticCurve(
            curve,
            x: Array(bytes.dropFirst().prefix(curve.width)),
            y: Array(bytes.suffix(curve.width))
        )
        guard key.isOnCurve else { throw .unsupported("a point that is not on \(curve.rawValue)") }
        return key
    }

    private var isOnCurve: Bool {
        guard case .ellipticCurve(let curve, let x, let y) = self else { return false }
        let point = [0x04] + x + y
        switch curve {
        case .p256: return (try? P256.Signing.PublicKey(x963Representation: point)) != nil
        case .p384: return (try? P384.Signing.PublicKey(x963Representation: point)) != nil
        case .p521: return (try? P521.Signing.PublicKey(x963Representation: point)) != nil
        }
    }

    /// The key as SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7) in DER.
    var subjectPublicKeyInfo: [UInt8]? {
        switch self {
        case .rsa: return (try? rsaKey()).map { Array($0.derRepresentation) }
        case .ellipticCurve(let curve, let x, let y):
            let point = [0x04] + x + y
            switch curve {
            case .p256:
                return (try? P256.Signing.PublicKey(x963Representation: point)).map { Array($0.derRepresentation) }
            case .p384:
                return (try? P384.Signing.PublicKey(x963Representation: point)).map { Array($0.derRepresentation) }
            case .p521:
                return (try? P521.Signing.PublicKey(x963Representation: point)).map { Array($0.derRepresentation) }
            }
        }
    }

    func rsaKey() throws -> _RSA.Signing.PublicKey? {
        guard case .rsa(let modulus) = self else { return nil }
        return try _RSA.Signing.PublicKey(n: modulus, e: Self.exponent)
    }
}

/// AlgorithmIdentifier (RFC 5280, section 4.1.1.2).
struct AlgorithmIdentifier: Sendable {
    let identifier: ASN1ObjectIdentifier
    let parameters: ASN1Node?

    init(_ node: ASN1Node) throws(CertificateError) {
        let members = try node.children(of: .sequence, "algorithm")
        guard let first = members.first, members.count <= 2 else { throw .malformed(field: "algorithm") }
        identifier = try first.objectIdentifier("algorithm")
        parameters = members.count == 2 ? members.last : nil
    }

    func requireNullOrAbsent() throws(CertificateError) {
        guard let parameters else { return }
        guard parameters.identifier == .null, try parameters.primitive("algorithm parameters").isEmpty else {
            throw .malformed(field: "algorithm parameters")
        }
    }
}
