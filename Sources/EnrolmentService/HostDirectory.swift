public import FactoryAuthority

/// What a CA host has besides the CA itself: where it listens, its TLS key, and the CA that names its stations.
public struct HostDirectory: Sendable, Hashable {
    /// The CA.
    public let authority: AuthorityDirectory
    /// Names a directory; nothing is read.
    public init(_ path: String) { authority = AuthorityDirectory(path) }

    var path: String { authority.path }
    var configuration: String { path + "/service.json" }
    var tlsKey: String { path + "/keys/tls.key" }
    var tlsCertificate: String { path + "/tls.pem" }
    var stationAuthorityKey: String { path + "/keys/stations.key" }
    /// What stations believe about the TLS certificate, and the host about stations.
    var stationAuthority: String { path + "/stations.pem" }
    /// Held while the host serves: one register, one writer.
    public var lock: String { path + "/serve.lock" }
    var stations: String { path + "/stations" }
    func station(_ name: String) -> String { stations + "/" + name }
}
