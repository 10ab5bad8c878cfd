import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// A root, an intermediate and an EK certificate, with what is needed to check each bare.
struct CertificateChain {
    /// A certificate's DER, the part that is signed, the signature, and the issuer's point.
    struct Link {
        let bytes: [UInt8]
        let signed: ArraySlice<UInt8>
        let signature: ArraySlice<UInt8>
        let issuer: [UInt8]

        fileprivate init(_ certificate: Certificate, by issuer: P256.Signing.PublicKey) throws {
            var serializer = DER.Serializer()
            try serializer.serialize(certificate)
            bytes = serializer.serializedBytes
            let node = try DER.parse(bytes)
            guard case .constructed(let nodes) = node.content else { throw Odd() }
            let parts = Array(nodes)
            guard parts.count == 3 else { throw Odd() }
            signed = parts[0].encodedBytes
            signature = try ASN1BitString(derEncoded: parts[2]).bytes
            self.issuer = Array(issuer.x963Representation)
        }

        /// The least that checking it can cost.
        func isSigned() throws -> Bool {
            let key = try P256.Signing.PublicKey(x963Representation: issuer)
            let value = try P256.Signing.ECDSASignature(derRepresentation: signature)
            return key.isValidSignature(value, for: SHA256.hash(data: signed))
        }
    }

    private struct Odd: Error {}

    let root: Link
    let intermediate: Link
    let leaf: Link

    /// Within the validity of all three, in seconds since 1970.
    static let date: Int64 = 1_700_000_000

    init() throws {
        let keys = (0..<3).map { _ in P256.Signing.PrivateKey() }
        let names = try ["Bench Root", "Bench Intermediate"].map { name in
            try DistinguishedName {
                CommonName(name)
                OrganizationName("Bench")
                CountryName("DE")
            }
        }
        let authority = try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
            Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        }
        let tpm = DistinguishedName([
            RelativeDistinguishedName(.init(type: [2, 23, 133, 2, 1], utf8String: "id:53544D20")),
            RelativeDistinguishedName(.init(type: [2, 23, 133, 2, 2], utf8String: "ST33HTPHAHC0")),
            RelativeDistinguishedName(.init(type: [2, 23, 133, 2, 3], utf8String: "id:00490008")),
        ])
        let endorsement = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(keyAgreement: true))
            try ExtendedKeyUsage([.init(oid: [2, 23, 133, 8, 1])])
            Critical(SubjectAlternativeNames([.directoryName(tpm)]))
        }
        func issue(
            _ subject: DistinguishedName,
            _ key: Int,
            by issuer: Int,
            _ extensions: Certificate.Extensions
        ) throws -> Link {
            let certificate = try Certificate(
                version: .v3,
                serialNumber: .init(),
                publicKey: .init(keys[key].publicKey),
                notValidBefore: Date(timeIntervalSince1970: 1_600_000_000),
                notValidAfter: Date(timeIntervalSince1970: 1_900_000_000),
                issuer: names[issuer],
                subject: subject,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: extensions,
                issuerPrivateKey: .init(keys[issuer])
            )
            return try Link(certificate, by: keys[issuer].publicKey)
        }
        root = try issue(names[0], 0, by: 0, authority)
        intermediate = try issue(names[1], 1, by: 0, authority)
        leaf = try issue(DistinguishedName(), 2, by: 1, endorsement)
    }
}
