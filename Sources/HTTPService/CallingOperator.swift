package import FoundationEssentials
package import Messages
package import NIOCore
import NIOSSL
import SwiftASN1
package import X509

/// An operator, as the client certificate names one.
package struct CallingOperator: Hashable, Sendable {
    /// `urn:birthmark:operator:<name>`.
    package var name: Label
    /// `urn:birthmark:role:<role>`.
    package var roles: Set<OperatorRole>

    /// Reads the names out of a certificate that TLS has verified to the operator CA.
    ///
    /// `nil` unless it names exactly one operator, and only roles known here, and is valid now: a connection may outlive its certificate.
    package init?(certificate: Certificate, now: Date) {
        guard certificate.notValidBefore <= now, now < certificate.notValidAfter,
            let extensions = certificate.extensions[oid: .X509ExtensionID.subjectAlternativeName],
            let names = try? SubjectAlternativeNames(extensions)
        else { return nil }
        var operators: [Label] = []
        roles = []
        for case .uniformResourceIdentifier(let uri) in names {
            if uri.hasPrefix(Self.namePrefix) {
                guard let label = Label(uri.dropFirst(Self.namePrefix.count)) else { return nil }
                operators.append(label)
            } else if uri.hasPrefix(Self.rolePrefix) {
                guard let role = OperatorRole(rawValue: String(uri.dropFirst(Self.rolePrefix.count))) else {
                    return nil
                }
                roles.insert(role)
            }
        }
        guard operators.count == 1, let name = operators.first else { return nil }
        self.name = name
    }

    /// The operator at the other end of a TLS connection, if one showed a certificate.
    package static func of(_ channel: any Channel, now: Date) async -> CallingOperator? {
        guard let presented = try? await channel.nioSSL_peerCertificate().get(),
            let bytes = try? presented.toDERBytes(),
            let certificate = try? Certificate(derEncoded: bytes)
        else { return nil }
        return CallingOperator(certificate: certificate, now: now)
    }

    package static let namePrefix = "urn:birthmark:operator:"
    package static let rolePrefix = "urn:birthmark:role:"
}
