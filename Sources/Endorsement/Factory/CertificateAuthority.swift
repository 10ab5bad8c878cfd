import Crypto
import FoundationEssentials
import SwiftASN1
import TPMWire
public import X509

/// A certificate authority of the owner's: a P-256 root, or an issuing level below one.
///
/// Issuing is swift-certificates' work; what it makes is read back by ``ParsedCertificate`` without any workaround.
public struct CertificateAuthority: Sendable {
    /// The CA's own certificate.
    public let certificate: Certificate
    private let key: Certificate.PrivateKey

    /// 9999-12-31T23:59:59Z: "no well-defined expiration date" (RFC 5280, section 4.1.2.5; IEEE 802.1AR, section 8.7).
    public static let never: Int64 = 253_402_300_799

    /// Why a CA cannot be made, or cannot issue.
    public enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// The private key is not the certificate's.
        case keyDoesNotMatch
        /// The certificate is not a CA's.
        case notAnAuthority
        /// A name or serial that cannot stand in a certificate.
        case unsuitableText(String)
        /// swift-certificates or swift-crypto failed.
        case library(String)

        public var description: String {
            switch self {
            case .keyDoesNotMatch: "the CA's key is not the one in its certificate; restore both from the same backup"
            case .notAnAuthority: "the certificate is not a CA's"
            case .unsuitableText(let text): "'\(text.printable)' cannot stand in a certificate"
            case .library(let detail): "making the certificate failed: \(detail)"
            }
        }
    }

    /// Takes up a CA that exists.
    public init(certificate: Certificate, key: Certificate.PrivateKey) throws(Failure) {
        guard certificate.publicKey == key.publicKey else { throw .keyDoesNotMatch }
        guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints else {
            throw .notAnAuthority
        }
        self.certificate = certificate
        self.key = key
    }

    /// Makes a self-signed root that never expires, as the device identities below it never do.
    ///
    /// - Parameter date: seconds since 1970 from which it is valid.
    public static func root(
        commonName: String,
        key privateKey: Certificate.PrivateKey,
        at date: Int64
    ) throws(Failure) -> CertificateAuthority {
        let name = try Self.name([(OID.commonName, commonName)])
        let certificate = try Self.issue(
            subject: name,
            key: privateKey.publicKey,
            from: date,
            until: never,
            by: (name, privateKey)
        ) {
            try Self.authorityExtensions(pathLength: 1, subject: privateKey.publicKey, issuer: privateKey.publicKey)
        }
        return try CertificateAuthority(certificate: certificate, key: privateKey)
    }

    /// Makes an issuing level below this CA, which may make no further level.
    public func issuingLevel(
        commonName: String,
        key privateKey: Certificate.PrivateKey,
        at date: Int64
    ) throws(Failure) -> CertificateAuthority {
        let certificate = try issue(
            subject: try Self.name([(OID.commonName, commonName)]),
            key: privateKey.publicKey,
            from: date,
            until: Self.never
        ) {
            try Self.authorityExtensions(pathLength: 0, subject: privateKey.publicKey, issuer: self.key.publicKey)
        }
        return try CertificateAuthority(certificate: certificate, key: privateKey)
    }

    /// The certificate's DER.
    public func der() throws(Failure) -> [UInt8] { try Self.der(certificate) }

    /// One certificate as the text of a file (RFC 7468, section 5).
    public static func pem(_ der: [UInt8]) -> [UInt8] {
        PEMText.bytes("CERTIFICATE", der)
    }

    static func der(_ certificate: Certificate) throws(Failure) -> [UInt8] {
        do {
            var serializer = DER.Serializer()
            try serializer.serialize(certificate)
            return serializer.serializedBytes
        } catch {
            throw .library(String(describing: error))
        }
    }

    /// Issues one end-entity certificate with a random serial number of 20 bytes.
    func issue(
        subject: DistinguishedName,
        key subjectKey: Certificate.PublicKey,
        from notBefore: Int64,
        until notAfter: Int64,
        extensions: () throws -> Certificate.Extensions
    ) throws(Failure) -> Certificate {
        try Self.issue(
            subject: subject,
            key: subjectKey,
            from: notBefore,
            until: notAfter,
            by: (certificate.subject, key),
            extensions: extensions
        )
    }

    private static func issue(
        subject: DistinguishedName,
        key subjectKey: Certificate.PublicKey,
        from notBefore: Int64,
        until notAfter: Int64,
        by issuer: (name: DistinguishedName, key: Certificate.PrivateKey),
        extensions: () throws -> Certificate.Extensions
    ) throws(Failure) -> Certificate {
        do {
            return try Certificate(
                version: .v3,
                serialNumber: Certificate.SerialNumber(),
                publicKey: subjectKey,
                notValidBefore: Date(timeIntervalSince1970: TimeInterval(notBefore)),
                notValidAfter: Date(timeIntervalSince1970: TimeInterval(notAfter)),
                issuer: issuer.name,
                subject: subject,
                extensions: try extensions(),
                issuerPrivateKey: issuer.key
            )
        } catch {
            throw .library(String(describing: error))
        }
    }

    /// A signature over bytes, in the form of certificates.
    func sign(_ bytes: [UInt8]) throws -> [UInt8] {
        try key.sign(bytes: bytes, signatureAlgorithm: .ecdsaWithSHA256).rawRepresentation
    }

    /// Which key of this CA has signed, for lists.
    var authorityKey: Certificate.Extension {
        get throws {
            try .init(
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: key.publicKey).keyIdentifier),
                critical: false
            )
        }
    }

    /// The identifiers every certificate of this CA carries.
    func identifiers(of subject: Certificate.PublicKey) throws -> [Certificate.Extension] {
        try Self.identifiers(subject: subject, issuer: key.publicKey)
    }

    private static func identifiers(
        subject: Certificate.PublicKey,
        issuer: Certificate.PublicKey
    ) throws -> [Certificate.Extension] {
        let authority = AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: issuer).keyIdentifier)
        return try [.init(SubjectKeyIdentifier(hash: subject), critical: false), .init(authority, critical: false)]
    }

    private static func authorityExtensions(
        pathLength: Int,
        subject: Certificate.PublicKey,
        issuer: Certificate.PublicKey
    ) throws -> Certificate.Extensions {
        var extensions = try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: pathLength))
            Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        }
        for identifier in try identifiers(subject: subject, issuer: issuer) { try extensions.append(identifier) }
        return extensions
    }

    /// A name of one-valued relative names, each value 1 to 64 printable ASCII characters (RFC 5280, upper bounds).
    static func name(_ attributes: [(type: ASN1ObjectIdentifier, text: String)]) throws(Failure) -> DistinguishedName {
        var result: [RelativeDistinguishedName] = []
        for (type, text) in attributes {
            guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
                throw .unsuitableText(text)
            }
            // serialNumber is a PrintableString (X.520), which has no underscore: then UTF8String, as everybody does.
            let attribute =
                (try? RelativeDistinguishedName.Attribute(type: type, printableString: text))
                ?? RelativeDistinguishedName.Attribute(type: type, utf8String: text)
            result.append(RelativeDistinguishedName([attribute]))
        }
        return DistinguishedName(result)
    }
}
