import Crypto
public import Messages
import TPMCrypto
import TPMWire

/// An operator's certificate: whose it is, what it lets him do, and the key that it is for.
///
/// Says nothing about whether the certificate is to be trusted; that is ``OperatorTrust``.
public struct OperatorCertificate: Sendable, Hashable {
    /// The operator.
    public let name: Label
    /// His roles.
    public let roles: Set<OperatorRole>
    /// His key, on P-256.
    public let key: StatementKey
    let certificate: ParsedCertificate

    /// The certificate's DER, exactly.
    public var bytes: [UInt8] { certificate.bytes }

    /// Reads a certificate in DER.
    public init(der: [UInt8]) throws(CertificateError) { try self.init(try ParsedCertificate(der: der)) }

    /// Takes up a certificate.
    /// - Throws: `CertificateError` unless it names exactly one operator, only roles that are known here, and a key on P-256.
    public init(_ certificate: ParsedCertificate) throws(CertificateError) {
        var names: [Label] = []
        var roles: Set<OperatorRole> = []
        for case .uniformResourceIdentifier(let bytes) in certificate.extensions.alternativeNames {
            let uri = String(decoding: bytes, as: UTF8.self)
            if uri.hasPrefix(OperatorURI.name) {
                guard let name = Label(uri.dropFirst(OperatorURI.name.count)) else {
                    throw .malformed(field: "operator's name")
                }
                names.append(name)
            } else if uri.hasPrefix(OperatorURI.role) {
                guard let role = OperatorRole(rawValue: String(uri.dropFirst(OperatorURI.role.count))) else {
                    throw .malformed(field: "operator's role")
                }
                roles.insert(role)
            }
        }
        guard names.count == 1, let name = names.first else { throw .malformed(field: "operator's name") }
        guard case .ecc(let curve, let x, let y) = certificate.subjectKey.numbers, curve == .p256,
            let key = try? P256.Signing.PublicKey(rawRepresentation: x + y)
        else { throw .unsupported("an operator's key that is not on P-256") }
        self.name = name
        self.roles = roles
        self.key = StatementKey(key)
        self.certificate = certificate
    }
}
