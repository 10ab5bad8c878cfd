/// `POST /v1/instances/{name}/gateways`: the gateways through which an instance without a TPM may speak, in the place of those before.
public struct GatewayOrder: Hashable, Sendable, Codable {
    /// Serial numbers or ids; none takes the instance away from all.
    public var gateways: [Label]
    /// Why, for the ledger.
    public var reason: Remark

    /// The most bytes of the message.
    public static let maximumSize = 4096
    /// Who has more than this many has a network, not a gateway.
    public static let maximumCount = 4

    /// Joins both; `nil` when the reason is no `Remark`, or when the gateways are too many or one of them is named twice.
    public init?(_ gateways: [Label], reason: String) {
        guard let reason = Remark(reason) else { return nil }
        self.gateways = gateways
        self.reason = reason
        guard isSound else { return nil }
    }

    private var isSound: Bool { gateways.count <= Self.maximumCount && Set(gateways).count == gateways.count }

    /// Reads the message.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(GatewayOrder.self, from: bytes, limit: Self.maximumSize)
        guard isSound else {
            throw MessageError(.outOfRange, "at most \(Self.maximumCount) gateways, each named once")
        }
    }
}

/// Where an instance without a TPM finds its gateway, and whom it believes to be that.
///
/// Written by `birthmark-gateway init`.
public struct GatewayContact: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// Where it listens: `https://host:port`, or `line:` and the path of a serial line.
    public var url: String
    /// The CA certificates (PEM) that its TLS certificate must chain to, and no others.
    public var tlsRoots: String

    /// The most bytes of the file.
    public static let maximumSize = 64 << 10

    /// Joins the parts.
    public init(url: String, tlsRoots: String) {
        formatVersion = 1
        self.url = url
        self.tlsRoots = tlsRoots
    }

    /// Reads the file.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(GatewayContact.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "gateway contact format \(formatVersion) is not known here")
        }
        guard url.hasPrefix("https://") || line != nil else {
            throw MessageError(.outOfRange, "\"url\" is neither https:// nor line: and an absolute path")
        }
    }

    /// A gateway at the end of a serial line; nobody else is there, so there is nothing to believe about who it is.
    public init?(line address: String) {
        self.init(url: address, tlsRoots: "")
        guard line != nil else { return nil }
    }

    /// The path of the line; `nil` for a gateway over the network.
    public var line: String? {
        let prefix = "line:/"
        return url.hasPrefix(prefix) ? String(url.dropFirst(prefix.count - 1)) : nil
    }
}
