import Crypto
import DurableFiles
import EdgeProbes
import Endorsement
import FactoryAuthority
import FoundationEssentials
import HTTPService
import Logging
import Messages
import Testing

@testable import EnrolmentService

/// What a CA host does for whom, and how long it waits for anybody.
@Suite(.timeLimit(.minutes(20))) struct EdgeTests {
    private let now = Int64(Date.now.timeIntervalSince1970)

    /// A host that serves in this process; nobody has brought it a TPM vendor's root.
    private func serving(_ body: (ProbedEdge, EnrolmentServer, HostDirectory) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.path + "/host-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let directory = HostDirectory(path)
        _ = try FactoryAuthority.make(in: directory.authority, name: TestLine.label("acme"), at: now)
        let configuration = HostConfiguration(
            listen: "127.0.0.1:0",
            url: "https://localhost",
            hosts: ["localhost"]
        )
        try HostSetup.make(directory, configuration, now: now)
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = try EnrolmentServer(
            directory,
            passphrase: nil,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            onListening: { port.yield($0) }
        )
        let roots = try String(contentsOf: URL(filePath: directory.stationAuthority), encoding: .utf8)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            var listening = ports.makeAsyncIterator()
            let edge = ProbedEdge(port: try #require(await listening.next()), roots: roots)
            try await body(edge, server, directory)
        }
    }

    /// A certificate of the CA that names stations, whatever it lets its holder do.
    private func identity(
        _ role: OperatorRole,
        at directory: HostDirectory
    ) throws -> (certificate: [UInt8], key: [UInt8]) {
        let key = P256.Signing.PrivateKey()
        let der = try HostSetup.stationAuthority(directory).authority(now: now).issueClientCertificate(
            commonName: "line-7",
            key: key.publicKey,
            uris: [OperatorURI.name + "line-7", OperatorURI.role + role.rawValue],
            from: now - 60,
            until: now + 3600
        )
        return (CertificateAuthority.pem(der), Array(key.pemRepresentation.utf8))
    }

    /// They take as long as the host lets them, also as a station, while somebody else is answered.
    @Test func attack81_slowLorisAtTheCAHost() async throws {
        try await serving { edge, _, directory in
            let times = try HostSetup.configuration(directory).edge.times
            #expect(times == PeerTimes())
            let station = edge.asked(by: try identity(.factory, at: directory))
            async let slow: Void = SlowPeer.outstay(station, posting: "/v1/enrolment/challenges")
            let health = try await EdgeClient.ask(edge, "GET", "/healthz")
            #expect(health.status == 200)
            try await slow
        }
    }

    @Test func attack82_everyRouteOfTheCAHost() async throws {
        try await serving { edge, server, directory in
            let station = try identity(.factory, at: directory)
            let trial = RouteTrial(server.routes, at: edge.asked(by: station))
            #expect(
                trial.table == [
                    "POST /v1/enrolment/challenges by factory", "POST /v1/enrolment/certificates by factory",
                    "GET /v1/enrolment/revocation-list by anyone", "GET /healthz by anyone", "GET /metrics by anyone",
                ]
            )
            for asked in try await trial.askForAll() {
                let isOpen = asked.route.callers == .anyone
                #expect((asked.reply.problem?.kind == .unauthenticated) == !isOpen, "\(asked.route.pattern)")
                #expect((asked.reply.status == 401) == !isOpen, "\(asked.route.pattern)")
            }
            for role in OperatorRole.allCases where role != .factory {
                for asked in try await trial.askForAll(as: try identity(role, at: directory)) {
                    let isOpen = asked.route.callers == .anyone
                    #expect((asked.reply.problem?.kind == .forbidden) == !isOpen, "\(role) \(asked.route.pattern)")
                    #expect((asked.reply.status == 403) == !isOpen, "\(role) \(asked.route.pattern)")
                }
            }
            for asked in try await trial.askForAll(as: station) where asked.route.callers != .anyone {
                #expect(asked.reply.problem?.kind == .malformed, "\(asked.route.pattern)")
            }
            let strays = try await trial.strays()
            #expect(strays == [])
        }
    }

    /// Strangers who ask for a long list on every connection, and read slowly, take no memory for it.
    @Test func theRevocationListIsReadWhileItIsSent() async throws {
        try await serving { edge, server, directory in
            let path = "/v1/enrolment/revocation-list"
            let file = directory.authority.revocationList
            // The host signs one when it starts.
            while !FileManager.default.fileExists(atPath: file) { try await Task.sleep(for: .milliseconds(20)) }
            let list = try BoundedFile.read(file, limit: 1 << 20)
            let reply = try await EdgeClient.ask(edge, "GET", path)
            #expect(reply.status == 200 && reply.body == list)

            let route = try #require(server.routes.first { $0.pattern.description == path })
            let asked = Exchange(
                target: path,
                parameters: [:],
                query: [:],
                body: [],
                caller: nil,
                peer: PeerAddress(nil),
                address: nil
            )
            let answer = try await route.answer(asked)
            #expect(answer.body.isEmpty && answer.file != nil && answer.mediaType == "application/x-pem-file")

            try FileManager.default.removeItem(atPath: file)
            let missing = try await EdgeClient.ask(edge, "GET", path)
            #expect(missing.status == 404)
        }
    }

    /// A station's key that was stolen counts no more soon after its name was put down, also on a connection that is open.
    @Test func attack82_aStationIsRevokedWhileTheHostServes() async throws {
        try await serving { edge, _, directory in
            let station = edge.asked(by: try identity(.factory, at: directory))
            var configuration = try HostSetup.configuration(directory)
            configuration.revokedStations = [TestLine.label("line-7")]
            let revoking = try EditedJSON.encode(configuration)
            try await EdgeClient.with(station) { client in
                let before = try await client.send("POST", "/v1/enrolment/challenges")
                #expect(before.problem?.kind == .malformed)
                try AtomicFile.write(revoking, to: directory.configuration, mode: 0o644)
                var after = before
                while after.problem?.kind != .unauthenticated {
                    try await Task.sleep(for: .milliseconds(50))
                    after = try await client.send("POST", "/v1/enrolment/challenges")
                }
                #expect(after.status == 401)
            }
        }
    }

    /// A file that cannot be read whole brings no station back, and neither does one that is gone.
    @Test func attack82_aBrokenFileBringsNoRevokedStationBack() async throws {
        try await serving { _, _, directory in
            var configuration = try HostSetup.configuration(directory)
            let none = try EditedJSON.encode(configuration)
            let name = TestLine.label("line-7")
            configuration.revokedStations = [name]
            let revoked = RevokedStations(
                directory,
                configuration,
                files: RevokedStations.files(directory),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            for broken in [[], Array(none.dropLast(9))] {
                try AtomicFile.write(broken, to: directory.configuration, mode: 0o644)
                for _ in 0..<3 { revoked.look() }
                #expect(revoked.now == [name])
            }
            try AtomicFile.remove(directory.configuration)
            for _ in 0..<3 { revoked.look() }
            #expect(revoked.now == [name])
            try AtomicFile.write(none, to: directory.configuration, mode: 0o644)
            revoked.look()
            #expect(revoked.now == [name], "it may be half of what is being copied")
            revoked.look()
            #expect(revoked.now == [])
        }
    }
}
