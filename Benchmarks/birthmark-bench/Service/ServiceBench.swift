import Messages
import VerifierClient

/// What a grant costs the running service, against the sum of the parts that no verifier can do without.
///
/// Processor time of this process, which runs both servers; those who ask are another process.
enum ServiceBench {
    static let suites = [Suite(name: "service-grant", in: .grant, minutes: 0.5, run: run)]

    private static let clients = 16
    private static let rounds = 15
    private static let grantsPerRound = 20 * clients

    private static func run(_ name: String) async throws -> [Measurement] {
        let fleet = try Fleet()
        return try await withTemporaryDirectory { directory in
            let record = try await FleetRecord.make(in: directory + "/verifier", fleet: fleet, members: clients + 1)
            return try await RunningService.with(record) { service in
                let answers = try await Self.answers(of: service, to: try FleetMember(clients, of: fleet))
                let times = try await BareServer.with(service, answers: answers) { bare in
                    try await measure(service, bare, in: directory)
                }
                let parts = try await GrantParts(service, group: times.group, clients: clients, in: directory)
                return parts.measurements(name, times)
            }
        }
    }

    /// What the service answers to a member of the fleet: the bare server gives the same bytes to everybody.
    private static func answers(of service: RunningService, to member: FleetMember) async throws -> [String: [UInt8]] {
        var member = member
        let (challenge, decision) = try await VerifierClient.with(service.trust) { server in
            let challenge = try await server.challenge(member.challengeRequest())
            return (challenge, try await server.decide(try member.evidence(for: challenge)))
        }
        return [
            "/v1/challenges": try CanonicalJSON.encode(challenge), "/v1/decisions": try CanonicalJSON.encode(decision),
        ]
    }

    private static func measure(
        _ service: RunningService,
        _ bare: BareServer,
        in directory: String
    ) async throws -> GrantTimes {
        let servers = [("service", service.trust), ("bare", bare.trust)]
        return try await LoadProcess.with(clients: clients, servers: servers, in: directory) { fleet in
            func ask(_ server: Int) async throws -> (answer: LoadAnswer, cost: Double) {
                try await fleet.cost(
                    LoadOrder(
                        server: server,
                        work: .grant,
                        requests: grantsPerRound,
                        devices: clients,
                        population: service.record.members
                    )
                )
            }
            // Connections, caches, and pages that the database has not touched yet.
            _ = try await (ask(0), ask(1))
            let before = service.groups
            var times = GrantTimes()
            for round in 0..<rounds {
                for server in round.isMultiple(of: 2) ? [0, 1] : [1, 0] {
                    let (answer, cost) = try await ask(server)
                    guard server == 0 else {
                        times.requests.append(cost)
                        continue
                    }
                    times.grant.append(cost)
                    for time in answer.microseconds { times.waiting.append(Double(time)) }
                }
            }
            let after = service.groups
            let group = (after.decisions - before.decisions) / max(1, after.transactions - before.transactions)
            times.group = max(1, Int(group.rounded()))
            return times
        }
    }
}

/// Grants as they were given by the service.
struct GrantTimes: Sendable {
    /// Microseconds of processor time for each, and for the same two requests of the bare server.
    var grant = Samples()
    var requests = Samples()
    /// Microseconds that a device waited for challenge and grant together.
    var waiting = Samples()
    /// How many grants shared a transaction.
    var group = 1
}
