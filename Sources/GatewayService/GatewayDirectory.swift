import DurableFiles
import Endorsement
import HTTPService
public import Messages

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
    var configuration: String { path + "/service.json" }
    /// What children are given.
    public var contact: String { path + "/gateway.json" }
    /// What the gateway last did, for `birthmark-gateway status`.
    var status: String { path + "/status.json" }
    /// Held while the gateway serves.
    public var lock: String { path + "/serve.lock" }
    /// The same for what serves one line.
    public func status(ofLine port: Label) -> String { path + "/status-\(port).json" }
    /// Held while a line is served.
    public func lock(ofLine port: Label) -> String { path + "/line-\(port).lock" }
    /// What all that serve last did.
    public var statuses: [String] {
        get throws(FileError) {
            try DirectoryEntries.names(in: path).filter { $0.hasPrefix("status") && $0.hasSuffix(".json") }.map {
                "\(path)/\($0)"
            }
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

    private var localAuthority: ServiceAuthority {
        ServiceAuthority(
            root: CertificateFiles(
                key: authorityKey,
                certificate: authority,
                commonName: "birthmark gateway, local side"
            ),
            server: CertificateFiles(key: tlsKey, certificate: tlsCertificate, commonName: "birthmark gateway"),
            clockTolerance: Self.clockTolerance
        )
    }

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
        } catch {
            throw SetupError(
                .malformed,
                "\(configuration): \(error.detail)",
                hint: "put that right in the file, or restore it from a backup"
            )
        }
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
        let authority = try localAuthority.authority(now: now)
        let contact = GatewayContact(
            url: configuration.url,
            tlsRoots: String(decoding: CertificateAuthority.pem(try authority.der()), as: UTF8.self)
        )
        let bytes = try EditedJSON.encode(contact)
        if try read(self.contact) != bytes { try AtomicFile.write(bytes, to: self.contact, mode: 0o644) }
        return try localAuthority.identity(hosts: configuration.hosts, now: now)
    }

    private func read(_ path: String) throws(FileError) -> [UInt8]? {
        try BoundedFile.readIfThere(path, limit: Self.maximumFile)
    }
}
