public import HTTPService
public import Messages

/// `service.json`: where a CA host listens, and within which bounds.
public struct HostConfiguration: EdgeSettings, Codable, Hashable, Sendable {
    public var formatVersion: Int
    /// Address and port.
    public var listen: String
    /// Where stations find it: `https://host:port`.
    public var url: String
    /// Names and addresses in the TLS certificate.
    public var hosts: [String]
    /// Stations whose certificates count no more.
    public var revokedStations: [Label]
    /// Requests a second from one address on average; a birth takes two.
    public var requestsPerSecond: Int
    /// Connections open at once from one address: a station has one for each worker.
    public var connectionsPerAddress: Int

    static let maximumSize = 64 << 10

    /// A configuration to begin with.
    public init(listen: String, url: String, hosts: [String]) {
        formatVersion = 1
        self.listen = listen
        self.url = url
        self.hosts = hosts
        revokedStations = []
        requestsPerSecond = 200
        connectionsPerAddress = 200
    }

    /// Reads the file.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(HostConfiguration.self, from: bytes, limit: Self.maximumSize)
        try checkEdge(like: "127.0.0.1:8444")
        try check(url: url, like: "https://ca.example:8444")
        for (key, value) in [
            ("requestsPerSecond", requestsPerSecond), ("connectionsPerAddress", connectionsPerAddress),
        ] where !(1...1_000_000).contains(value) {
            throw MessageError(.outOfRange, "\"\(key)\" is \(value), it must be 1 to 1000000")
        }
    }

    var edge: EdgeLimits {
        EdgeLimits(
            requestsPerSecond: requestsPerSecond,
            requestBurst: 2 * requestsPerSecond,
            connections: 1000,
            connectionsPerAddress: connectionsPerAddress
        )
    }
}
