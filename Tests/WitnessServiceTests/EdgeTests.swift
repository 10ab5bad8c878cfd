import EdgeProbes
import FoundationEssentials
import HTTPService
import Logging
import Testing

@testable import WitnessService

/// What anybody may have a witness do, and for how long.
@Suite(.timeLimit(.minutes(20))) struct EdgeTests {
    private func server(_ place: Place) throws -> WitnessServer {
        try WitnessServer(place.directory, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func edge(_ place: Place, _ port: Int) throws -> ProbedEdge {
        ProbedEdge(port: port, roots: try String(contentsOf: URL(filePath: place.directory.roots), encoding: .utf8))
    }

    /// They take as long as the witness lets them, while somebody else is answered.
    @Test func attack81_slowLorisAtTheWitness() async throws {
        let place = try Place()
        try place.make([])
        let times = try place.directory.read().edge.times
        #expect(times == PeerTimes())
        try await place.serving { port in
            let edge = try edge(place, port)
            async let slow: Void = SlowPeer.outstay(edge, posting: "/add-checkpoint")
            let health = try await EdgeClient.ask(edge, "GET", "/healthz")
            #expect(health.status == 200)
            try await slow
        }
    }

    /// It knows nobody: whose checkpoint it is, its signature says.
    @Test func attack82_everyRouteOfTheWitness() async throws {
        let place = try Place()
        try place.make([])
        let server = try server(place)
        try await place.serving { port in
            let trial = RouteTrial(server.routes, at: try edge(place, port))
            #expect(
                trial.table == [
                    "POST /add-checkpoint by anyone", "GET /healthz by anyone", "GET /metrics by anyone",
                ]
            )
            for asked in try await trial.askForAll() {
                #expect(asked.reply.status == (asked.route.method == .post ? 400 : 200), "\(asked.route.pattern)")
            }
            let strays = try await trial.strays()
            #expect(strays == [])
        }
    }
}
