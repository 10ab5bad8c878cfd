import CommandLineContract
import Messages
import StoreSQLite
import VerifierService

/// Many leases at once: what giving them takes, what they are on the status list, and whether their end is in anybody's way.
enum LeaseBench {
    static func suites(_ sizes: FleetSizes) -> [Suite] {
        [
            Suite(name: "leases", in: .leases, minutes: 4 + 20 * Double(sizes.leases) / 100_000) {
                try await run($0, sizes.leases)
            }
        ]
    }

    private static let clients = 8
    // Of the policy that `FleetRecord` has, in seconds.
    private static let lease: Int64 = 86_400
    /// How long the leases hold beyond the beginning: the measurement is over by then, and no grant is.
    private static let reserve: Int64 = 3_600

    private static func run(_ name: String, _ leases: Int) async throws -> [Measurement] {
        let fleet = try Fleet()
        return try await withTemporaryDirectory { directory in
            let record = try await FleetRecord.make(in: directory + "/verifier", fleet: fleet, members: leases)
            let clock = SteeredClock()
            return try await RunningService.with(record, clock: clock.clock) { service in
                let list = try await StatusListBench.list(of: service)
                return try await BareServer.with(service, answers: list) { bare in
                    let servers = [("service", service.trust), ("bare", bare.trust)]
                    return try await LoadProcess.with(clients: clients, servers: servers, in: directory) { fleet in
                        let end = VerifierClock.system.seconds + reserve
                        let rate = try await give(leases, until: end, service, fleet, clock)
                        StandardError.write("measuring \(name) of \(leases) ...\n")
                        let statuses = try await StatusListBench.measure(name, service, fleet)
                        let storm = Storm(leases: leases, clients: clients, end: end, reserve: reserve)
                        return try await storm.measure(name, service, fleet, clock, given: rate) + statuses
                    }
                }
            }
        }
    }

    /// Gives every device of the record a lease, all to the same second.
    /// - Returns: how many a second were given.
    private static func give(
        _ leases: Int,
        until end: Int64,
        _ service: RunningService,
        _ fleet: LoadProcess,
        _ clock: SteeredClock
    ) async throws -> Double {
        clock.stand(at: end - lease)
        let bar = ProgressBar("leases")
        defer { bar.finish() }
        let group = 2_000
        var seconds = 0.0
        for first in stride(from: 0, to: leases, by: group) {
            let count = min(group, leases - first)
            var order = LoadOrder(server: 0, work: .renewal, requests: count, devices: count, population: leases)
            order.first = first
            seconds += try await fleet.ask(order).seconds
            bar.update(UInt64(first + count), of: UInt64(leases))
        }
        clock.go(ahead: 0)
        let early = try await service.store.due(at: end - 1, limit: 1).count
        let due = try await service.store.due(at: end, limit: leases + 1).count
        guard early == 0, due == leases else { throw WrongResult(name: "leases", wrong: leases - due, of: leases) }
        return Double(leases) / seconds
    }
}
