/// One thing that is measured: a name, and the closed list of what distinguishes its series.
public struct MetricFamily: Hashable, Sendable {
    /// What the numbers are.
    public enum Kind: String, Hashable, Sendable {
        case counter
        case gauge
        case histogram
    }

    let name: String
    let kind: Kind
    let labels: [String]
    /// The upper bounds of a histogram's buckets.
    let bounds: [Double]
    let help: String

    /// Describes a family.
    public init(
        _ name: String,
        _ kind: Kind = .counter,
        labels: [String] = [],
        bounds: [Double] = Self.seconds,
        help: String
    ) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.bounds = bounds
        self.help = help
    }

    /// Half a millisecond to five seconds.
    public static let seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

    /// The name tells a family from all others: bounds and help would be hashed each time that something is counted.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    func text(of values: [String], le bound: String? = nil) -> String {
        var pairs = zip(labels, values).map { "\($0)=\"\($1)\"" }
        if let bound { pairs.append("le=\"\(bound)\"") }
        return pairs.isEmpty ? "" : "{" + pairs.joined(separator: ",") + "}"
    }
}

extension MetricFamily {
    static let requests = MetricFamily(
        "birthmark_requests_total",
        labels: ["route", "status"],
        help: "Requests answered, by route and status."
    )
    static let requestSeconds = MetricFamily(
        "birthmark_request_seconds",
        .histogram,
        labels: ["route"],
        help: "Time from the request's head to its answer, by route."
    )
    static let openConnections = MetricFamily(
        "birthmark_open_connections",
        .gauge,
        help: "Connections that are open now."
    )
    static let refusedConnections = MetricFamily(
        "birthmark_refused_connections_total",
        help:
            "Connections closed because a limit was reached: new ones at once, or the oldest of the address with most."
    )
    static let rateLimited = MetricFamily(
        "birthmark_rate_limited_total",
        help: "Requests refused because their address asked too often."
    )

    /// What is measured at the edge, whatever is served.
    static let ofEveryService = [
        requests, requestSeconds, openConnections, refusedConnections, rateLimited, certificateEnd,
    ]
}
