import Crypto
import DurableFiles
import Endorsement
import FoundationEssentials
import HTTPService
public import Messages
import SwiftASN1
import X509

/// A gateway's own directory: where it listens, and what it shows its children on the local side.
///
/// Nothing in it makes anybody trusted: whoever has it can stand in for the gateway on the local side, where it can carry and withhold, and
/// sign nothing.
public struct GatewayDirectory: Sendable, Hashable {
    /// Where it is.
    public let path: String

    /// Names a directory; nothing is read.
    public init(_ path: String) { self.path = path }

    /// `service.json`.
    public var configuration: String { path + "/service.json" }
    /// What children are given.
    public var contact: String { path + "/gateway.json" }
    /// What the gateway last did, for `birthmark-gateway status`.
    public var status: String { path + "/status.json" }
    /// Held while the gateway serves.
    public var lock: String { path + "/serve.lock" }
    /// The same for what serves one line.
    public func status(ofLine port: Label) -> String { path + "/status-\(port).json" }
    /// Held while a line is served.
    public func lock(ofLine port: Label) -> String { path + "/line-\(port).lock" }
    /// What all that serve last did.
    public var statuses: [String] {
        DirectoryEntries.names(in: path).filter { $0.hasPrefix("status") && $0.hasSuffix(".json") }.map {
            "\(path)/\($0)"
        }
    }
    var packages: String { path + "/packages" }
    /// The CA certificates of the server that packages come from.
    var packageRoots: String { path + "/package-roots.pem" }
    var authorityKey: String { path + "/keys/local-ca.key" }
    var authority: String { path + "/local-ca.pem" }
    var tlsKey: String { path + "/keys/tls.key" }
    var tlsCertificate: String { path + "/tls.pem" }

    private static let maximumFile = 64 << 10
    /// Seconds that children's clocks may be behind: many have none.
    private static let clockTolerance: Int64 = 86_400
    private static let tlsDays: Int64 = 397
    /// A TLS certificate with less than this left is made anew when the gateway starts.
    private static let renewalDays: Int64 = 30

    /// Makes what is not there yet; what is there stays.
    /// - Parameter now: seconds since 1970.
    /// - Throws: `SetupError`, `FileError`.
    public func make(_ configuration: GatewayConfiguration, now: Int64) throws {
        try PrivateDirectory.make(path)
        try PrivateDirectory.make(path + "/keys")
        if try read(self.configuration) == nil {
            try AtomicFile.write(try EditedJSON.encode(configuration), to: self.configuration, mode: 0o644)
        } else if try self.read() != configuration {
            throw SetupError(
                .environment,
                "\(self.configuration) exists already and says otherwise",
                hint: "edit it, then run birthmark-gateway init \(path) without those options"
            )
        }
        _ = try identity(try self.read(), now: now)
    }

    /// The configuration.
    public func read() throws -> GatewayConfiguration {
        guard let bytes = try read(configuration) else {
            throw SetupError(
                .malformed,
                "\(path) holds no gateway",
                hint: "make one with birthmark-gateway init \(path) --host …"
            )
        }
        do throws(MessageError) {
            return try GatewayConfiguration(parsing: bytes)
        } catch { throw SetupError(.malformed, "\(configuration): \(error.detail)") }
    }

    func source(_ text: String) throws -> PackageSource {
        guard text.hasPrefix("https://") else { return .directory(text) }
        guard let roots = try read(packageRoots) else {
            throw SetupError(
                .malformed,
                "\(packageRoots) is missing",
                hint: "put the CA certificates of \(text) there, in PEM; no others are believed"
            )
        }
        return .server(url: text, tlsRoots: String(decoding: roots, as: UTF8.self))
    }

    /// What the gateway shows its children; the TLS certificate is made anew when it runs out, and `gateway.json` follows the configuration.
    func identity(_ configuration: GatewayConfiguration, now: Int64) throws -> EdgeIdentity {
        let authority = try localAuthority(now: now)
        let contact = GatewayContact(
            url: configuration.url,
            tlsRoots: String(decoding: CertificateAuthority.pem(try authority.der()), as: UTF8.self)
        )
        let bytes = try EditedJSON.encode(contact)
        if try read(self.contact) != bytes { try AtomicFile.write(bytes, to: self.contact, mode: 0o644) }
        let key = try key(tlsKey)
        return EdgeIdentity(
            certificate: try certificate(for: key, authority, configuration, now: now),
            key: Array(key.pemRepresentation.utf8),
            callerAuthority: authority.certificate,
            revoked: []
        )
    }

    private func certificate(
        for key: P256.Signing.PrivateKey,
        _ authority: CertificateAuthority,
        _ configuration: GatewayConfiguration,
        now: Int64
    ) throws -> Certificate {
        if let bytes = try read(tlsCertificate),
            let certificate = try? Certificate(pemEncoded: String(decoding: bytes, as: UTF8.self)),
            Int64(certificate.notValidAfter.timeIntervalSince1970) - now > Self.renewalDays * 86_400,
            certificate.publicKey == Certificate.PublicKey(key.publicKey)
        {
            return certificate
        }
        let der = try authority.issueServerCertificate(
            commonName: "birthmark gateway",
            key: key.publicKey,
            hosts: configuration.hosts,
            from: now - Self.clockTolerance,
            until: now + Self.tlsDays * 86_400
        )
        try AtomicFile.write(CertificateAuthority.pem(der), to: tlsCertificate, mode: 0o644)
        return try Certificate(derEncoded: der)
    }

    private func localAuthority(now: Int64) throws -> CertificateAuthority {
        let key = Certificate.PrivateKey(try key(authorityKey))
        if let bytes = try read(authority) {
            return try CertificateAuthority(
                certificate: try Certificate(pemEncoded: String(decoding: bytes, as: UTF8.self)),
                key: key
            )
        }
        let made = try CertificateAuthority.root(
            commonName: "birthmark gateway, local side",
            key: key,
            at: now - Self.clockTolerance
        )
        try AtomicFile.write(CertificateAuthority.pem(try made.der()), to: authority, mode: 0o644)
        return made
    }

    private func key(_ path: String) throws -> P256.Signing.PrivateKey {
        if try read(path) == nil {
            try AtomicFile.write(Array((P256.Signing.PrivateKey().pemRepresentation + "\n").utf8), to: path)
        }
        guard let bytes = try read(path),
            let key = try? P256.Signing.PrivateKey(pemRepresentation: String(decoding: bytes, as: UTF8.self))
        else {
            throw SetupError(.malformed, "\(path) is not a P-256 private key in PEM", hint: "restore it from a backup")
        }
        return key
    }

    private func read(_ path: String) throws(FileError) -> [UInt8]? {
        try BoundedFile.readIfThere(path, limit: Self.maximumFile)
    }
}
