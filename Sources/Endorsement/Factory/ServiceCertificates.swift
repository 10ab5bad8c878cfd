public import Crypto
import SwiftASN1
package import X509

extension CertificateAuthority {
    /// Issues a TLS server certificate.
    ///
    /// - Parameters:
    ///   - hosts: DNS names, and IPv4 or IPv6 addresses as text; at least one.
    ///   - until: seconds since 1970.
    /// - Returns: the certificate's DER.
    public func issueServerCertificate(
        commonName: String,
        key: P256.Signing.PublicKey,
        hosts: [String],
        from: Int64,
        until: Int64
    ) throws(Failure) -> [UInt8] {
        try issueServiceCertificate(
            commonName: commonName,
            key: key,
            names: Self.serverNames(hosts),
            usage: .serverAuth,
            from: from,
            until: until
        )
    }

    /// The names that a TLS server certificate for some hosts has, in their order.
    package static func serverNames(_ hosts: [String]) throws(Failure) -> [X509.GeneralName] {
        var names: [X509.GeneralName] = []
        for host in hosts {
            if let address = HostName.address(host) {
                names.append(.ipAddress(ASN1OctetString(contentBytes: address[...])))
            } else {
                guard HostName.isValid(host) else { throw .unsuitableText(host) }
                names.append(.dnsName(host))
            }
        }
        guard !names.isEmpty else { throw .unsuitableText("") }
        return names
    }

    /// Issues a TLS client certificate, as operators have.
    ///
    /// - Parameter uris: what the subject may be, for instance `urn:birthmark:role:operator`.
    /// - Returns: the certificate's DER.
    public func issueClientCertificate(
        commonName: String,
        key: P256.Signing.PublicKey,
        uris: [String],
        from: Int64,
        until: Int64
    ) throws(Failure) -> [UInt8] {
        for uri in uris {
            guard (1...256).contains(uri.utf8.count), uri.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else {
                throw .unsuitableText(uri)
            }
        }
        return try issueServiceCertificate(
            commonName: commonName,
            key: key,
            names: uris.map { .uniformResourceIdentifier($0) },
            usage: .clientAuth,
            from: from,
            until: until
        )
    }

    private func issueServiceCertificate(
        commonName: String,
        key: P256.Signing.PublicKey,
        names: [X509.GeneralName],
        usage: ExtendedKeyUsage.Usage,
        from: Int64,
        until: Int64
    ) throws(Failure) -> [UInt8] {
        let subjectKey = Certificate.PublicKey(key)
        let certificate = try issue(
            subject: Self.name([(OID.commonName, commonName)]),
            key: subjectKey,
            from: from,
            until: until
        ) {
            var extensions = try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([usage])
            }
            if !names.isEmpty {
                try extensions.append(.init(SubjectAlternativeNames(names), critical: false))
            }
            for identifier in try identifiers(of: subjectKey) { try extensions.append(identifier) }
            return extensions
        }
        return try Self.der(certificate)
    }
}
