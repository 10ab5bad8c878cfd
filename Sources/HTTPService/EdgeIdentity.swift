import FoundationEssentials
public import Messages
import NIOSSL
import SwiftASN1
public import X509

/// What a service shows its callers, and whose certificates it asks them for.
public struct EdgeIdentity: Sendable {
    let certificate: Certificate
    /// PKCS #8 in PEM.
    let key: [UInt8]
    let callerAuthority: Certificate
    let revoked: @Sendable () -> Set<Label>

    /// - Parameters:
    ///   - certificate: the TLS certificate, and `key` its private key in PEM.
    ///   - callerAuthority: the CA of client certificates.
    ///   - revoked: callers whose certificates count no more; asked at each request, also on a connection that is open.
    public init(
        certificate: Certificate,
        key: [UInt8],
        callerAuthority: Certificate,
        revoked: @escaping @Sendable () -> Set<Label>
    ) {
        self.certificate = certificate
        self.key = key
        self.callerAuthority = callerAuthority
        self.revoked = revoked
    }

    /// When the certificate begins to be valid.
    var beginsAt: Date { certificate.notValidBefore }
    /// When the certificate expires.
    var endsAt: Date { certificate.notValidAfter }

    func tls() throws -> TLSConfiguration {
        let authority = try NIOSSLCertificate.fromPEMBytes(Array(callerAuthority.serializeAsPEM().pemString.utf8))
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.serializeAsPEM().pemString.utf8))
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
        )
        tls.minimumTLSVersion = .tlsv13
        tls.applicationProtocols = ["http/1.1"]
        // A certificate that is shown must be the caller authority's; whether one is needed, the route says.
        tls.certificateVerification = .optionalVerification
        tls.trustRoots = .certificates(authority)
        tls.sendCANameList = true
        return tls
    }
}
