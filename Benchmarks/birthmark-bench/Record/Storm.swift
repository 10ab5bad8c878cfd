import StoreSQLite

/// Leases that have all run out at the same second, while grants go on.
///
/// The service's clock is put before that second and behind it in turn, so that grants are measured without the storm and in it. Each has
/// devices of its own, which see time go forward only.
struct Storm {
    let leases: Int
    let clients: Int
    /// When the leases run out, in seconds since 1970.
    let end: Int64
    /// How far the clock has to be put forward for that.
    let reserve: Int64

    private static let rounds = 30
    private static let pause = 10

    func measure(
        _ name: String,
        _ service: RunningService,
        _ fleet: LoadProcess,
        _ clock: SteeredClock,
        given rate: Double
    ) async throws -> [Measurement] {
        var times = WaitingTimes()
        var cost = [Samples(), Samples()]
        for round in -1..<Self.rounds {
            for isStorm in round.isMultiple(of: 2) ? [true, false] : [false, true] {
                clock.go(ahead: isStorm ? reserve : 0)
                // The sweeper looks once a second when nothing is due.
                try await Task.sleep(for: isStorm ? .seconds(1.2) : .seconds(0.1))
                let (answer, microseconds) = try await fleet.cost(order(inStorm: isStorm))
                // The first round is for connections and caches.
                guard round >= 0 else { continue }
                times.append(answer, ofFloor: !isStorm)
                cost[isStorm ? 0 : 1].append(microseconds)
            }
        }
        let rest = try await remaining(service)
        guard rest > 0 else { throw WrongResult(name: "the storm was over too early", wrong: 1, of: 1) }
        let seconds = try await sitOut(service, fleet, clock)
        return times.measurements(name + "-storm-grant", note: "before the leases run out, in turn")
            + [
                Measurement(
                    name + "-storm-processor",
                    cost[0],
                    against: cost[1],
                    aim: nil,
                    note: "a grant before the leases run out: all that the service does meanwhile, for a grant"
                ),
                Measurement(
                    name + "-storm-seconds",
                    value: seconds * Double(leases) / Double(rest),
                    floor: Double(leases) / rate,
                    unit: "s",
                    aim: nil,
                    spread: 0,
                    note: "giving them, \(Int(rate)) renewals of cold instances a second; grants go on in both"
                ),
            ]
    }

    private func order(inStorm isStorm: Bool) -> LoadOrder {
        let devices = 8 * clients
        var order = LoadOrder(server: 0, work: .grant, requests: 50 * clients, devices: devices, population: leases)
        order.first = isStorm ? devices : 0
        order.pause = Self.pause
        return order
    }

    private func remaining(_ service: RunningService) async throws -> Int {
        try await service.store.due(at: end + reserve, limit: leases).count
    }

    /// Has grants asked for until nothing is due any more.
    private func sitOut(_ service: RunningService, _ fleet: LoadProcess, _ clock: SteeredClock) async throws -> Double {
        clock.go(ahead: reserve)
        let start = ContinuousClock.now
        while try await !service.store.due(at: end, limit: 1).isEmpty {
            _ = try await fleet.ask(order(inStorm: true))
        }
        return (ContinuousClock.now - start) / .seconds(1)
    }
}
