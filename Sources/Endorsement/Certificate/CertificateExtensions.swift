import SwiftASN1

/// The extensions of a certificate that judging needs (RFC 5280, section 4.2), parsed; the rest by name.
struct CertificateExtensions: Sendable, Hashable {
    struct BasicConstraints: Sendable, Hashable {
        let isAuthority: Bool
        let pathLength: Int?
    }

    /// KeyUsage as in RFC 5280, section 4.2.1.3: bit 0 is the top bit of the first byte.
    struct KeyUsage: OptionSet, Sendable, Hashable {
        let rawValue: UInt16
        static let digitalSignature = KeyUsage(rawValue: 1 << 15)
        static let keyEncipherment = KeyUsage(rawValue: 1 << 13)
        static let keyAgreement = KeyUsage(rawValue: 1 << 11)
        static let keyCertSign = KeyUsage(rawValue: 1 << 10)
        static let crlSign = KeyUsage(rawValue: 1 << 9)
    }

    private(set) var basicConstraints: BasicConstraints?
    private(set) var keyUsage: KeyUsage?
    private(set) var purposes: [ASN1ObjectIdentifier]?
    private(set) var alternativeNames: [GeneralName] = []
    private(set) var nameConstraints: NameConstraints?
    private(set) var policies: [ASN1ObjectIdentifier] = []
    private(set) var subjectKeyIdentifier: [UInt8]?
    private(set) var authorityKeyIdentifier: [UInt8]?
    /// Critical extensions that this code does not understand: their certificate must be refused.
    private(set) var unhandledCritical: [ASN1ObjectIdentifier] = []

    /// An honest certificate has about ten.
    private static let maximumCount = 32

    init() {}

    /// Reads `[3] EXPLICIT Extensions`; an extension that stands twice is refused (RFC 5280, section 4.2).
    init(_ tagged: ASN1Node, _ leniency: inout Leniency) throws(CertificateError) {
        let nodes = try tagged.explicit("extensions").children(of: .sequence, "extensions")
        guard !nodes.isEmpty, nodes.count <= Self.maximumCount else { throw .malformed(field: "extensions") }
        var seen: Set<ASN1ObjectIdentifier> = []
        for node in nodes {
            let (type, critical, value) = try Self.parts(of: node, &leniency)
            guard seen.insert(type).inserted else { throw .malformed(field: "extension \(type), there twice") }
            try read(type, critical: critical, value, &leniency)
        }
    }

    /// Reads one Extension (RFC 5280, section 4.1).
    static func parts(
        of node: ASN1Node,
        _ leniency: inout Leniency
    ) throws(CertificateError) -> (type: ASN1ObjectIdentifier, critical: Bool, value: ArraySlice<UInt8>) {
        var fields = try Fields(node, "extension")
        let type = try fields.next("extension type").objectIdentifier("extension type")
        let critical = try defaultFalse(fields.optional(.boolean), "critical", &leniency)
        let value = try fields.next("extension value").octets("extension value")
        try fields.end()
        return (type, critical, value)
    }

    /// Reads an AuthorityKeyIdentifier for the key; authorityCertIssuer and -SerialNumber are hints that are not needed.
    static func keyIdentifier(_ node: ASN1Node) throws(CertificateError) -> [UInt8]? {
        var fields = try Fields(node, "authorityKeyIdentifier")
        let identifier = try fields.optional(context: 0).map { node throws(CertificateError) in
            Array(try node.primitive("keyIdentifier"))
        }
        _ = fields.optional(context: 1)
        _ = fields.optional(context: 2)
        try fields.end()
        return identifier
    }

    private mutating func read(
        _ type: ASN1ObjectIdentifier,
        critical: Bool,
        _ value: ArraySlice<UInt8>,
        _ leniency: inout Leniency
    ) throws(CertificateError) {
        switch type {
        case OID.basicConstraints:
            var fields = try Fields(ASN1Node.parse(value, "basicConstraints"), "basicConstraints")
            let isAuthority = try Self.defaultFalse(fields.optional(.boolean), "cA", &leniency)
            let length = try fields.optional(.integer)?.smallInteger("pathLenConstraint")
            try fields.end()
            basicConstraints = BasicConstraints(isAuthority: isAuthority, pathLength: length)
        case OID.keyUsage:
            guard let bits = try? ASN1BitString(derEncoded: Array(value)), bits.bytes.count <= 2 else {
                throw .malformed(field: "keyUsage")
            }
            let bytes = Array(bits.bytes) + [0, 0]
            keyUsage = KeyUsage(rawValue: UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
        case OID.extendedKeyUsage:
            let node = try ASN1Node.parse(value, "extendedKeyUsage")
            var found: [ASN1ObjectIdentifier] = []
            for purpose in try node.children(of: .sequence, "extendedKeyUsage") {
                found.append(try purpose.objectIdentifier("extendedKeyUsage"))
            }
            purposes = found
        case OID.subjectAlternativeName:
            let node = try ASN1Node.parse(value, "subjectAltName")
            for name in try node.children(of: .sequence, "subjectAltName") {
                alternativeNames.append(try GeneralName(name, &leniency))
            }
        case OID.nameConstraints:
            nameConstraints = try NameConstraints(ASN1Node.parse(value, "nameConstraints"), &leniency)
        case OID.certificatePolicies:
            // Understood as far as it binds: with no policy demanded from outside, any set of policies is valid.
            let node = try ASN1Node.parse(value, "certificatePolicies")
            for policy in try node.children(of: .sequence, "certificatePolicies") {
                let members = try policy.children(of: .sequence, "policy")
                guard let first = members.first, members.count <= 2 else { throw .malformed(field: "policy") }
                policies.append(try first.objectIdentifier("policy"))
            }
        case OID.subjectKeyIdentifier:
            subjectKeyIdentifier = Array(
                try ASN1Node.parse(value, "subjectKeyIdentifier").octets("subjectKeyIdentifier")
            )
        case OID.authorityKeyIdentifier:
            authorityKeyIdentifier = try Self.keyIdentifier(ASN1Node.parse(value, "authorityKeyIdentifier"))
        default:
            if critical { unhandledCritical.append(type) }
        }
    }

    /// A BOOLEAN DEFAULT FALSE; FALSE written out is the workaround ``Workaround/encodedDefault``.
    private static func defaultFalse(
        _ node: ASN1Node?,
        _ field: String,
        _ leniency: inout Leniency
    ) throws(CertificateError) -> Bool {
        guard let node else { return false }
        let value = try node.boolean(field)
        if !value { try leniency.use(.encodedDefault) }
        return value
    }
}
