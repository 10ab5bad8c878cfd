/// What a station needs to know of the factory's CA to have it certify keys over the network.
///
/// Written by `birthmark-factory ca station`.
public struct AuthorityBundle: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The CA's name.
    public var authority: Label
    /// The station that may ask with the certificate beside this file.
    public var station: Label
    /// Where it listens: `https://host:port`.
    public var url: String
    /// The CA certificates (PEM) that its TLS certificate must chain to, and no others.
    public var tlsRoots: String

    /// The most bytes of the file.
    static let maximumSize = 64 << 10

    /// Joins the parts.
    public init(authority: Label, station: Label, url: String, tlsRoots: String) {
        formatVersion = 1
        self.authority = authority
        self.station = station
        self.url = url
        self.tlsRoots = tlsRoots
    }

    /// Reads the file.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(AuthorityBundle.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "authority bundle format \(formatVersion) is not known here")
        }
    }
}
