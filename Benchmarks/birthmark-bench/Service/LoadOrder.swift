import Messages

/// What a fleet is to ask of a server, and who of the fleet.
///
/// Requests go round over some devices, which are spread over the whole record.
struct LoadOrder: Codable, Sendable {
    enum Work: String, Codable {
        /// A challenge, evidence, and a grant for the update.
        case grant
        /// A challenge, evidence, and the lease renewed.
        case renewal
        /// The status list.
        case statusList = "status-list"
    }

    /// Which of the servers.
    var server: Int
    var work: Work
    /// How many requests, of all clients together.
    var requests: Int
    /// The place of the first device that asks; places are numbered so that neighbours are far apart on the record.
    var first = 0
    /// How many devices ask in turn: as many as there are requests, or a multiple of the clients, so that no device asks twice at a time.
    var devices: Int
    /// How many devices are on the record.
    var population: Int
    /// Milliseconds that a client waits between requests, on the average.
    var pause = 0

    /// The number of the device that makes a request.
    func device(of request: Int) -> Int {
        // A prime above every population: multiplying by it changes the order and nothing else.
        (first + request % devices) * 7_368_787 % population
    }
}

/// What came of an order.
struct LoadAnswer: Codable, Sendable {
    /// Seconds from the first request to the last answer.
    var seconds: Double
    /// How long each request waited for its answers, in microseconds; what the device does itself is not in it.
    var microseconds: [Int]
}
