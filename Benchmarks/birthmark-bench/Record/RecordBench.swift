import CommandLineContract

/// What a large record costs: the same grants on a record of a million devices and on one of a thousand.
///
/// Both services run in this process and are asked in turn, by a fleet that leaves half of the machine idle.
enum RecordBench {
    static func suites(_ sizes: FleetSizes) -> [Suite] {
        [
            Suite(name: "record", in: .record, minutes: 5 + 50 * Double(sizes.devices) / 1_000_000) {
                try await run($0, large: sizes.devices)
            }
        ]
    }

    private static let clients = 8
    private static let pause = 10
    // Each device of the small record is asked for the first time once.
    private static let firstTimes = 25
    private static let warmRounds = 30
    private static let warm = 32 * clients

    private static func run(_ name: String, large: Int) async throws -> [Measurement] {
        let fleet = try Fleet()
        return try await withTemporaryDirectory { directory in
            let small = try await FleetRecord.make(in: directory + "/small", fleet: fleet, members: FleetSizes.small)
            let record = try await FleetRecord.make(in: directory + "/large", fleet: fleet, members: large)
            StandardError.write("measuring \(name) of \(large) ...\n")
            let start = ContinuousClock.now
            return try await RunningService.with(record) { service in
                let started = (ContinuousClock.now - start) / .seconds(1)
                return try await RunningService.with(small) { other in
                    let servers = [("large", service.trust), ("small", other.trust)]
                    return try await LoadProcess.with(clients: clients, servers: servers, in: directory) { fleet in
                        try await grants(name, fleet, [record, small]) + making(name, record, small, started: started)
                    }
                }
            }
        }
    }

    private static func grants(
        _ name: String,
        _ fleet: LoadProcess,
        _ records: [FleetRecord]
    ) async throws -> [Measurement] {
        let each = FleetSizes.small / firstTimes
        let cold = try await compare(fleet, records, rounds: firstTimes) { round, order in
            order.first = round * each
            (order.requests, order.devices) = (each, each)
        }
        let warm = try await compare(fleet, records, rounds: warmRounds) { _, order in
            (order.requests, order.devices) = (2 * Self.warm, Self.warm)
        }
        let note = "on a record of \(FleetSizes.small)"
        return cold.times.measurements(name + "-first-grant", note: note)
            + warm.times.measurements(name + "-grant", note: note)
            + [
                Measurement(
                    name + "-first-grant-processor",
                    cold.cost[0],
                    against: cold.cost[1],
                    aim: nil,
                    note: note
                ),
                Measurement(name + "-grant-processor", warm.cost[0], against: warm.cost[1], aim: nil, note: note),
            ]
    }

    private static func compare(
        _ fleet: LoadProcess,
        _ records: [FleetRecord],
        rounds: Int,
        _ edit: (_ round: Int, inout LoadOrder) -> Void
    ) async throws -> (times: WaitingTimes, cost: [Samples]) {
        var times = WaitingTimes()
        var cost = [Samples(), Samples()]
        for round in 0..<rounds {
            for server in round.isMultiple(of: 2) ? [0, 1] : [1, 0] {
                var order = LoadOrder(
                    server: server,
                    work: .grant,
                    requests: 0,
                    devices: 0,
                    population: records[server].members,
                    pause: pause
                )
                edit(round, &order)
                let (answer, microseconds) = try await fleet.cost(order)
                times.append(answer, ofFloor: server == 1)
                cost[server].append(microseconds)
            }
        }
        return (times, cost)
    }

    private static func making(
        _ name: String,
        _ large: FleetRecord,
        _ small: FleetRecord,
        started: Double
    ) -> [Measurement] {
        func each(_ record: FleetRecord) -> Double { Double(record.bytes) / Double(record.members) }
        func rate(_ record: FleetRecord) -> Double { Double(record.members) / record.seconds }
        return [
            Measurement(
                name + "-device",
                value: each(large),
                floor: each(small),
                unit: "bytes",
                aim: 1.2,
                spread: 0,
                note: "each of \(small.members); \(large.bytes >> 20) MiB on disk in all"
            ),
            Measurement(
                name + "-births",
                value: rate(large),
                floor: rate(small),
                unit: "1/s",
                aim: nil,
                spread: 0,
                note: "the first \(small.members); committed in large groups"
            ),
            Measurement(
                name + "-start",
                value: started,
                floor: large.seconds,
                unit: "s",
                aim: nil,
                spread: 0,
                note: "taking over all births; the ledger is read whole when the service starts"
            ),
        ]
    }
}
