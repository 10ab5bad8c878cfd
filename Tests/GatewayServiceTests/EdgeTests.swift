import DeviceAgent
import EdgeProbes
import FoundationEssentials
import HTTPService
import Logging
import Messages
import Testing
import VerifierClient

@testable import GatewayService

/// What anybody on the local side may have a gateway do, and for how long.
@Suite(.timeLimit(.minutes(20))) struct EdgeTests {
    private func configuration() throws -> GatewayConfiguration {
        GatewayConfiguration(
            listen: "127.0.0.1:0",
            url: "https://localhost",
            hosts: ["localhost"],
            port: try #require(Label("lan"))
        )
    }

    /// A gateway that serves, without a TPM and a verifier: before it needs them, it has let somebody in.
    private func serving(_ body: (ProbedEdge, Gateway, GatewayConfiguration) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.path + "/edge-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let directory = GatewayDirectory(path + "/gateway")
        var configuration = try configuration()
        // No child asks as much as a test.
        configuration.requestsPerSecond = 1000
        try directory.make(configuration, now: Int64(Date.now.timeIntervalSince1970))
        let state = try StateDirectory(path + "/state")
        let agent = Agent(
            state: state,
            trust: TrustBundle(
                verifier: "v",
                url: "https://localhost:1",
                tlsRoots: "",
                grantKeys: [],
                ledgerKey: "",
                releaseKeys: nil
            ),
            tcti: nil,
            eventLog: EventLogFile(path: path + "/log", isNamed: true),
            wallClock: { 0 }
        )
        let gateway = try Gateway(
            agent: agent,
            state: state,
            configuration,
            directory,
            limits: VerifierClient.Limits(connect: 1, exchange: 1, attempts: 1),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let contact = try GatewayContact(parsing: [UInt8](Data(contentsOf: URL(filePath: directory.contact))))
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = try GatewayServer(directory, gateway) { port.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            var listening = ports.makeAsyncIterator()
            let edge = ProbedEdge(port: try #require(await listening.next()), roots: contact.tlsRoots)
            try await body(edge, gateway, configuration)
        }
    }

    /// They take as long as the gateway lets them, while somebody else is answered.
    @Test func attack81_slowLorisAtTheGateway() async throws {
        try await serving { edge, _, configuration in
            #expect(configuration.edge.times == PeerTimes(requestSeconds: 120, readingSeconds: 120))
            async let slow: Void = SlowPeer.outstay(edge, posting: "/v1/challenges")
            let health = try await EdgeClient.ask(edge, "GET", "/healthz")
            #expect(health.status == 200)
            try await slow
        }
    }

    /// Changes of its file count from the next start on: who is called otherwise shows another certificate.
    @Test func otherHostsAreAnotherCertificate() throws {
        let path = FileManager.default.temporaryDirectory.path + "/hosts-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let directory = GatewayDirectory(path)
        var configuration = try configuration()
        let now = Int64(Date.now.timeIntervalSince1970)
        try directory.make(configuration, now: now)
        func shown() throws -> Data {
            _ = try directory.identity(configuration, now: now)
            return try Data(contentsOf: URL(filePath: directory.tlsCertificate))
        }
        let first = try shown()
        #expect(try shown() == first)
        configuration.hosts.append("192.168.7.1")
        let second = try shown()
        #expect(try second != first && shown() == second)
    }

    /// An answer may take long at a gateway, and no body does: whatever else would close the connection has longer here than the test.
    @Test func aBodyHasATimeOfItsOwn() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/body-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let directory = GatewayDirectory(path)
        let configuration = try configuration()
        let now = Int64(Date.now.timeIntervalSince1970)
        try directory.make(configuration, now: now)
        var limits = configuration.edge
        limits.times = PeerTimes(idleSeconds: 7200, bodySeconds: 1, requestSeconds: 7200, readingSeconds: 7200)
        let server = HTTPSServer(
            routes: [Route(.post, "/v1/challenges", by: .anyone, bodyLimit: 1000) { _ in .text([]) }],
            identity: try directory.identity(configuration, now: now),
            address: try configuration.address(unless: nil),
            limits: limits,
            metrics: Metrics(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            now: { Date.now },
            configuration: directory.configuration
        )
        let contact = try GatewayContact(parsing: [UInt8](Data(contentsOf: URL(filePath: directory.contact))))
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(onListening: { port.yield($0) }) }
            defer { group.cancelAll() }
            var listening = ports.makeAsyncIterator()
            let edge = ProbedEdge(port: try #require(await listening.next()), roots: contact.tlsRoots)
            try await SlowPeer.inTheBody.outstay(edge, posting: "/v1/challenges")
        }
    }

    /// It knows nobody: who a child is, its own signature says, and the verifier judges that.
    @Test func attack82_everyRouteOfTheGateway() async throws {
        try await serving { edge, gateway, _ in
            let trial = RouteTrial(gateway.routes, at: edge)
            #expect(
                trial.table == [
                    "POST /v1/challenges by anyone", "POST /v1/compensated-decisions by anyone",
                    "POST /v1/compensated-farewells by anyone", "GET /v1/trust/{version} by anyone",
                    "POST /v1/packages by anyone", "GET /v1/packages/{sha256} by anyone", "GET /healthz by anyone",
                    "GET /metrics by anyone",
                ]
            )
            // It has no packages, and reaches no verifier.
            let statuses = try await trial.askForAll().map(\.reply.status)
            #expect(statuses == [400, 400, 400, 503, 404, 404, 200, 200])
            let strays = try await trial.strays()
            #expect(strays == [])
        }
    }
}
