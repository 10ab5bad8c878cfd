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
    /// Seconds that a connection may say nothing, and that a peer may take to read what it was sent.
    public var idleSeconds: Int
    /// Seconds from the first byte of a request's body to the answer.
    public var requestSeconds: Int

    /// Joins the parts.
    public init(
        requestsPerSecond: Int,
        requestBurst: Int,
        connections: Int,
        connectionsPerAddress: Int,
        idleSeconds: Int,
        requestSeconds: Int
    ) {
        self.requestsPerSecond = requestsPerSecond
        self.requestBurst = requestBurst
        self.connections = connections
        self.connectionsPerAddress = connectionsPerAddress
        self.idleSeconds = idleSeconds
        self.requestSeconds = requestSeconds
    }
}
