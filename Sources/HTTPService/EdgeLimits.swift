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
    /// How long a peer may take.
    public var times: PeerTimes

    /// Joins the parts.
    public init(
        requestsPerSecond: Int,
        requestBurst: Int,
        connections: Int,
        connectionsPerAddress: Int,
        times: PeerTimes = PeerTimes()
    ) {
        self.requestsPerSecond = requestsPerSecond
        self.requestBurst = requestBurst
        self.connections = connections
        self.connectionsPerAddress = connectionsPerAddress
        self.times = times
    }
}
