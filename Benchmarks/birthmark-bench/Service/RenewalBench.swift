/// What renewing a lease costs the running service, against a grant in the same process.
enum RenewalBench {
    static let suites = [Suite(name: "service-renewal", in: .renewals, minutes: 1, run: run)]

    private static let clients = 16
    private static let rounds = 15
    private static let requestsPerRound = 40 * clients

    private static func run(_ name: String) async throws -> [Measurement] {
        let fleet = try Fleet()
        return try await withTemporaryDirectory { directory in
            let record = try await FleetRecord.make(in: directory + "/verifier", fleet: fleet, members: clients)
            return try await RunningService.with(record) { service in
                let servers = [("service", service.trust)]
                return try await LoadProcess.with(clients: clients, servers: servers, in: directory) { fleet in
                    try await measure(name, fleet)
                }
            }
        }
    }

    private static func measure(_ name: String, _ fleet: LoadProcess) async throws -> [Measurement] {
        var (cost, rate) = ([Samples(), Samples()], [Samples(), Samples()])
        let works = [LoadOrder.Work.renewal, .grant]
        // The first round is for connections, caches and pages that the database has not touched yet.
        for round in 0...rounds {
            for index in round.isMultiple(of: 2) ? [0, 1] : [1, 0] {
                let (answer, microseconds) = try await fleet.cost(
                    LoadOrder(
                        server: 0,
                        work: works[index],
                        requests: requestsPerRound,
                        devices: clients,
                        population: clients
                    )
                )
                guard round > 0 else { continue }
                cost[index].append(microseconds)
                rate[index].append(Double(requestsPerRound) / answer.seconds)
            }
        }
        return [
            Measurement(name, cost[0], against: cost[1], aim: 1, note: "a grant: processor time of the service"),
            Measurement(
                name + "-rate",
                rate[0],
                against: rate[1],
                unit: "1/s",
                aim: nil,
                note: "grants; the fleet of \(clients) that asks has the same processors"
            ),
        ]
    }
}
