import FoundationEssentials
package import Messages
import NIOCore
import NIOSSL
import SwiftASN1
import X509

/// An operator, as the client certificate names one.
package struct CallingOperator: Hashable, Sendable {
    /// `urn:birthmark:operator:<name>`.
    package var name: Label
    /// `urn:birthmark:role:<role>`.
    package var roles: Set<OperatorRole>
    /// The certificate in DER, as it was shown.
    package var certificate: [UInt8]

    /// Reads the names out of a certificate that TLS has verified to the operator CA.
    ///
    /// `nil` unless it names exactly one operator, and only roles known here, and is valid now: a connection may outlive its certificate.
    init?(der: [UInt8], now: Date) {
        guard let certificate = try? Certificate(derEncoded: der), certificate.notValidBefore <= now,
            now < certificate.notValidAfter,
            let extensions = certificate.extensions[oid: .X509ExtensionID.subjectAlternativeName],
            let names = try? SubjectAlternativeNames(extensions)
        else { return nil }
        var operators: [Label] = []
        roles = []
        for case .uniformResourceIdentifier(let uri) in names {
            if uri.hasPrefix(OperatorURI.name) {
                guard let label = Label(uri.dropFirst(OperatorURI.name.count)) else { return nil }
                operators.append(label)
            } else if uri.hasPrefix(OperatorURI.role) {
                guard let role = OperatorRole(rawValue: String(uri.dropFirst(OperatorURI.role.count))) else {
                    return nil
                }
                roles.insert(role)
            }
        }
        guard operators.count == 1, let name = operators.first else { return nil }
        self.name = name
        self.certificate = der
    }

    /// The operator at the other end of a TLS connection, if one showed a certificate.
    static func of(_ channel: any Channel, now: Date) async -> CallingOperator? {
        guard let presented = try? await channel.nioSSL_peerCertificate().get(),
            let bytes = try? presented.toDERBytes()
        else { return nil }
        return CallingOperator(der: bytes, now: now)
    }
}
