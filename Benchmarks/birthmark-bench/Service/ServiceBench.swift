import Crypto
import Messages
import VerifierClient
import VerifierService

/// What a grant costs the running service, against the sum of the parts that no verifier can do without.
///
/// Processor time of this process, which runs both servers; those who ask are another process.
enum ServiceBench {
    static let suites = [Suite(name: "service-grant", run: run)]

    private static let clients = 16
    private static let rounds = 15
    private static let grantsPerRound = 20 * clients

    private static func run(_ name: String) async throws -> [Measurement] {
        let fleet = try Fleet()
        return try await withTemporaryDirectory { directory in
            let record = try await FleetRecord.make(in: directory + "/verifier", fleet: fleet, members: clients + 1)
            return try await RunningService.with(record) { service in
                let answers = try await Self.answers(of: service, to: try FleetMember(clients, of: fleet))
                let (grant, requests, group) = try await BareServer.with(service, answers: answers) { bare in
                    try await measure(service, bare, in: directory)
                }
                return try parts(name, service, grant, requests, group: group, in: directory)
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

    /// - Returns: microseconds a grant of the service, and for the same two requests of the bare server; and how many
    ///   grants shared a transaction.
    private static func measure(
        _ service: RunningService,
        _ bare: BareServer,
        in directory: String
    ) async throws -> (grant: Samples, requests: Samples, group: Int) {
        let servers = [("service", service.trust), ("bare", bare.trust)]
        return try await LoadProcess.with(clients: clients, servers: servers, in: directory) { fleet in
            func time(_ server: Int) async throws -> Double {
                try await fleet.cost(
                    LoadOrder(
                        server: server,
                        work: .grant,
                        requests: grantsPerRound,
                        devices: clients,
                        population: service.record.members
                    )
                ).cost
            }
            // Connections, caches, and pages that the database has not touched yet.
            _ = try await (time(0), time(1))
            let before = service.groups
            var samples = [Samples(), Samples()]
            for round in 0..<rounds {
                for server in round.isMultiple(of: 2) ? [0, 1] : [1, 0] {
                    samples[server].append(try await time(server))
                }
            }
            let after = service.groups
            let group = (after.decisions - before.decisions) / max(1, after.transactions - before.transactions)
            return (samples[0], samples[1], max(1, Int(group.rounded())))
        }
    }

    private static func parts(
        _ name: String,
        _ service: RunningService,
        _ grant: Samples,
        _ requests: Samples,
        group: Int,
        in directory: String
    ) throws -> [Measurement] {
        let scene = try QuoteScene(.p256())
        let input = scene.input(scene.known)
        let key = P256.Signing.PrivateKey()
        let message = Array("the claims of a grant".utf8)
        let commit = try BareCommit(
            at: directory + "/bare.sqlite",
            like: service.record.file,
            group: group,
            members: clients
        )
        let times = try alternate([
            Work("appraisal") { AppraisalBench.appraise(input) },
            Work("P-256 signature") { try key.signature(for: message).rawRepresentation.count == 64 },
            Work("group commit", commit.commit),
        ])
        let (appraisal, signature, share) = (times[0].median, times[1].median, times[2].median / Double(group))
        func text(_ value: Double) -> String { String(Int(value.rounded())) }
        return [
            Measurement(
                name,
                value: grant.median,
                floor: requests.median + appraisal + signature + share,
                unit: "us",
                aim: 2,
                spread: (grant / requests).spread,
                note: """
                    \(text(requests.median)) two bare TLS requests + \(text(appraisal)) appraisal + \(text(signature)) \
                    signature + \(text(share)) commit share (groups of \(group))
                    """
            )
        ]
    }
}
