import Crypto
import FoundationEssentials
import SwiftASN1
import TPMCrypto
import TPMDevice
import TPMWire
import X509

/// A CA's key that never leaves a TPM: P-256, unrestricted, in the owner's hierarchy.
struct TPMAuthorityKey: CustomPrivateKey {
    private let key: PersistentSigningKey
    private let point: P256.Signing.PublicKey

    /// Takes up a key; nil unless it is on P-256.
    init?(_ key: PersistentSigningKey) {
        guard case .ecc(_, let unique) = key.publicArea.parameters,
            let point = try? P256.Signing.PublicKey(rawRepresentation: unique.x.leftPadded + unique.y.leftPadded)
        else { return nil }
        self.key = key
        self.point = point
    }

    var publicKey: Certificate.PublicKey { Certificate.PublicKey(point) }
    var defaultSignatureAlgorithm: Certificate.SignatureAlgorithm { .ecdsaWithSHA256 }
    var supportedSignatureAlgorithms: [Certificate.SignatureAlgorithm] { [.ecdsaWithSHA256] }

    func signSynchronously(
        bytes: some DataProtocol,
        signatureAlgorithm: Certificate.SignatureAlgorithm
    ) throws -> Certificate.Signature {
        guard signatureAlgorithm == .ecdsaWithSHA256 else { throw UnsupportedBySigner() }
        let signature = try key.sign(Array(SHA256.hash(data: bytes)))
        guard case .ecdsa(_, let r, let s) = signature else { throw UnsupportedBySigner() }
        let value = try P256.Signing.ECDSASignature(rawRepresentation: r.leftPadded + s.leftPadded)
        return try Certificate.Signature(
            signatureAlgorithm: signatureAlgorithm,
            signatureBytes: ASN1BitString(bytes: Array(value.derRepresentation)[...])
        )
    }

    static func == (one: Self, other: Self) -> Bool { one.publicKey == other.publicKey }
    func hash(into hasher: inout Hasher) { hasher.combine(publicKey) }

    // The private half is in no file.
    static var defaultPEMDiscriminator: String { "PRIVATE KEY" }
    func serialize(into coder: inout DER.Serializer) throws { throw UnsupportedBySigner() }
}

/// What a key that is kept elsewhere does not do.
struct UnsupportedBySigner: Error {}

extension [UInt8] {
    /// As many bytes as a coordinate of P-256 has; a TPM may leave leading zeros out (Part 2, 11.2.5.1).
    fileprivate var leftPadded: [UInt8] { [UInt8](repeating: 0, count: Swift.max(0, 32 - count)) + self }
}
