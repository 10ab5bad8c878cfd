public import HTTPService
public import Messages

/// `service.json`: where a gateway listens for its children, and within which bounds.
///
/// It is read at a start, and what is changed in it counts from the next one on.
public struct GatewayConfiguration: EdgeSettings, Codable, Hashable, Sendable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// Address and port on the local side.
    public var listen: String
    /// Where children find it: `https://host:port`.
    public var url: String
    /// Names and addresses in the TLS certificate.
    public var hosts: [String]
    /// The name of the listener in what the gateway says that it saw.
    public var port: Label
    /// Requests a second from one address on average: each that is authentic costs a TPM signature.
    public var requestsPerSecond: Int
    /// Where packages come from: a directory (an absolute path), or `https://…` below which they stand by their SHA-256; absent: the gateway
    /// gives none out.
    public var packages: String?
    /// The most bytes of packages that are kept.
    public var packageBytes: UInt64
    /// How the image of a child is read back before it confirms an update; absent: it is not.
    public var readBack: Command?
    /// Children that may wait for the TPM at once; others are told to come again.
    public var waiting: Int

    /// A command of whoever runs the gateway.
    public struct Command: Codable, Hashable, Sendable {
        /// For /bin/sh -c (see ``DeviceAgent/ReadBack``).
        public var command: String
        /// Seconds after which it is killed, 1 to 3600.
        public var seconds: Int64
    }

    static let maximumSize = 64 << 10

    /// A configuration to begin with.
    public init(listen: String, url: String, hosts: [String], port: Label) {
        formatVersion = 1
        self.listen = listen
        self.url = url
        self.hosts = hosts
        self.port = port
        requestsPerSecond = 10
        packageBytes = 8 << 30
        waiting = 256
    }

    /// Reads the file.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(GatewayConfiguration.self, from: bytes, limit: Self.maximumSize)
        try checkEdge(like: "192.168.7.1:8445")
        try check(url: url, like: "https://192.168.7.1:8445")
        if let readBack, !(1...3600).contains(readBack.seconds) {
            throw MessageError(.outOfRange, "\"readBack.seconds\" is \(readBack.seconds), it must be 1 to 3600")
        }
        if let packages, !packages.hasPrefix("https://"), !packages.hasPrefix("/") {
            throw MessageError(.outOfRange, "\"packages\" is neither https:// nor an absolute path")
        }
        for (key, value) in [("requestsPerSecond", requestsPerSecond), ("waiting", waiting)]
        where !(1...100_000).contains(value) {
            throw MessageError(.outOfRange, "\"\(key)\" is \(value), it must be 1 to 100000")
        }
    }

    // Signed releases are the largest that children send; a gateway is a small machine.
    private static let bodyBytes = 16 << 20

    /// A child that has said all waits as long as the verifier and the TPM take, and those before it in the queue; and a package goes to it
    /// over whatever link there is.
    var edge: EdgeLimits {
        EdgeLimits(
            requestsPerSecond: requestsPerSecond,
            requestBurst: 4 * requestsPerSecond,
            connections: 1000,
            connectionsPerAddress: 50,
            bodyBytes: Self.bodyBytes,
            times: PeerTimes(requestSeconds: 120, readingSeconds: 120)
        )
    }
}
