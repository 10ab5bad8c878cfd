/// Bounds of the edge of a service.
public struct EdgeLimits: Sendable {
    /// Requests a second that one address may make on average.
    public var requestsPerSecond: Int
    /// Requests that it may make at once.
    public var requestBurst: Int
    /// Connections open at once; each takes about 100 KB.
    public var connections: Int
    /// Connections open at once from one address.
    public var connectionsPerAddress: Int
    /// Bytes of strangers' bodies that are held at once, beyond the first 64 KiB of each; one address may have a quarter of them.
    public var bodyBytes: Int
    /// How long a peer may take.
    public var times: PeerTimes

    /// Room for thirty pieces of evidence of the largest size, and for thousands of the usual one.
    public static let usualBodyBytes = 256 << 20

    /// Joins the parts.
    public init(
        requestsPerSecond: Int,
        requestBurst: Int,
        connections: Int,
        connectionsPerAddress: Int,
        bodyBytes: Int = usualBodyBytes,
        times: PeerTimes = PeerTimes()
    ) {
        self.requestsPerSecond = requestsPerSecond
        self.requestBurst = requestBurst
        self.connections = connections
        self.connectionsPerAddress = connectionsPerAddress
        self.bodyBytes = bodyBytes
        self.times = times
    }
}
