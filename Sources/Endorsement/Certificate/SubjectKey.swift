import SwiftASN1
import TPMCrypto
import TPMWire

extension PublicKey {
    /// More than any RSA modulus that ``PublicKey`` takes, in bytes.
    private static let maximumModulus = 1024

    /// Reads a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).
    ///
    /// TPMCrypto's own reader wants the usual labels; vendors have others.
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

    private static func rsa(_ bytes: ArraySlice<UInt8>) throws(CertificateError) -> PublicKey {
        var fields = try Fields(ASN1Node.parse(bytes, "RSAPublicKey"), "RSAPublicKey")
        let modulus = try fields.next("modulus").magnitude(limit: maximumModulus, "modulus")
        let exponent = try fields.next("publicExponent").magnitude(limit: 8, "publicExponent")
        try fields.end()
        guard Array(exponent) == Self.rsaExponent else { throw .unsupported("an RSA exponent other than 65537") }
        return try usable { () throws(TPMCryptoError) in try PublicKey(rsaModulus: Array(modulus)) }
    }

    private static func point(
        _ bytes: ArraySlice<UInt8>,
        on identifier: ASN1ObjectIdentifier
    ) throws(CertificateError) -> PublicKey {
        let curve: ECCCurve
        switch identifier {
        case OID.secp256r1: curve = .p256
        case OID.secp384r1: curve = .p384
        case OID.secp521r1: curve = .p521
        default: throw .unsupported("the curve \(identifier)")
        }
        // Uncompressed points only (RFC 5480, section 2.2): 04, x, y.
        guard let width = curve.coordinateSize, bytes.first == 0x04, bytes.count == 1 + 2 * width else {
            throw .malformed(field: "point")
        }
        let x = Array(bytes.dropFirst().prefix(width))
        return try usable { () throws(TPMCryptoError) in
            try PublicKey(curve: curve, x: x, y: Array(bytes.suffix(width)))
        }
    }

    private static func usable(_ body: () throws(TPMCryptoError) -> PublicKey) throws(CertificateError) -> PublicKey {
        do throws(TPMCryptoError) { return try body() } catch { throw .unsupported(error.detail) }
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
