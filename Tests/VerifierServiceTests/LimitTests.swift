import EdgeProbes
import Messages
import NIOCore
import Synchronization
import Testing
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// What a peer may not do, however patient it is; every bound here is seconds, every wait is for the service to act.
@Suite struct LimitTests {
    private func impatient() -> TestVerifier.Setup {
        var setup = TestVerifier.Setup()
        setup.limits.idleSeconds = 5
        setup.limits.requestSeconds = 10
        return setup
    }

    private func outstay(_ peers: SlowPeer...) async throws {
        try await TestVerifier.with(impatient()) { service in
            for peer in peers { try await peer.outstay(service.edge, posting: "/v1/challenges") }
        }
    }

    @Test(.timeLimit(.minutes(20)))
    func attack81_slowLorisBeforeTheHandshake() async throws { try await outstay(.silent, .inTheHandshake) }

    @Test(.timeLimit(.minutes(20)))
    func attack81_slowLorisInTheHead() async throws { try await outstay(.inTheHead) }

    @Test(.timeLimit(.minutes(20)))
    func attack81_slowLorisInTheBody() async throws { try await outstay(.inTheBody) }

    @Test(.timeLimit(.minutes(20)))
    func attack81_slowLorisAfterTheAnswer() async throws { try await outstay(.afterTheAnswer) }

    @Test(.timeLimit(.minutes(20)))
    func attack81_peerThatDoesNotRead() async throws {
        try await TestVerifier.with(impatient()) { service in
            let connection = try await RawConnection.open(service.edge, encrypted: true)
            connection.offer("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try? await connection.stopReading()
            // Answers pile up until no buffer takes more; then the service must not wait for ever.
            let requests = String(repeating: "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 200)
            while connection.isOpen {
                connection.offer(Array(requests.utf8))
                try await Task.sleep(for: .milliseconds(50))
                guard service.verifier.metrics.value(.openConnections) > 0 else { break }
            }
            await connection.close()
        }
    }

    @Test(.timeLimit(.minutes(20)))
    func serviceAnswersOthersMeanwhile() async throws {
        var setup = TestVerifier.Setup()
        setup.limits.connectionsPerAddress = 60
        try await TestVerifier.with(setup) { service in
            var idle: [RawConnection] = []
            for _ in 0..<50 { idle.append(try await RawConnection.open(service.edge, encrypted: false)) }
            try await HTTPProbe.with(service) { probe in
                let reply = try await probe.send("GET", "/healthz")
                #expect(reply.status == 200)
            }
            for connection in idle { await connection.close() }
        }
    }

    /// Whoever may ask 200 times a second is not to fill the log with what he asked for.
    @Test func linesOfTheLogAreShortWhateverIsAskedFor() async throws {
        try await TestVerifier.with { service in
            let long = String(repeating: "x", count: 4000)
            for path in ["/healthz?" + long, "/" + long] {
                try await HTTPProbe.with(service) { probe in
                    let reply = try await probe.send("GET", path)
                    #expect(reply.status == (path.contains("?") ? 400 : 404))
                }
            }
            let lines = service.log.lines.filter { $0.contains("xxx") }
            #expect(lines.count == 2 && lines.allSatisfy { $0.utf8.count < 1000 })
        }
    }

    @Test(.timeLimit(.minutes(20)))
    func connectionsOfOneAddressAreBounded() async throws {
        var setup = TestVerifier.Setup()
        setup.limits.connectionsPerAddress = 3
        try await TestVerifier.with(setup) { service in
            var held: [RawConnection] = []
            for _ in 0..<3 {
                let connection = try await RawConnection.open(service.edge, encrypted: true)
                try await connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                held.append(connection)
            }
            while service.verifier.metrics.value(.openConnections) < 3 { try await Task.sleep(for: .milliseconds(5)) }
            let fourth = try await RawConnection.open(service.edge, encrypted: false)
            try await fourth.waitUntilClosed()
            #expect(service.verifier.metrics.value(.refusedConnections) == 1)
            await held[0].close()
            while service.verifier.metrics.value(.openConnections) > 2 { try await Task.sleep(for: .milliseconds(5)) }
            try await HTTPProbe.with(service) { probe in
                let reply = try await probe.send("GET", "/healthz")
                #expect(reply.status == 200)
            }
            for connection in held { await connection.close() }
        }
    }

    /// A few addresses with all the connections that they may have shut nobody else out.
    @Test func attack81_addressesThatHoldAllConnections() throws {
        let metrics = Metrics()
        let registry = ConnectionRegistry(maximum: 5, maximumPerPeer: 3, metrics: metrics)
        let peers = try (0..<4).map { number in
            PeerAddress(try SocketAddress(ipAddress: "192.0.2.\(number)", port: 1))
        }
        final class Closed: Sendable { let numbers = Mutex<[Int]>([]) }
        let closed = Closed()
        func enter(_ number: Int) -> UInt64? {
            registry.enters(peers[number]) { closed.numbers.withLock { $0.append(number) } }
        }
        let oldest = try #require(enter(0))
        for number in [0, 0, 1, 1] { #expect(enter(number) != nil) }
        #expect(closed.numbers.withLock { $0 } == [])
        #expect(enter(2) != nil)
        #expect(closed.numbers.withLock { $0 } == [0])
        // Its place is another's now: that it is closed at last gives nothing back.
        registry.leaves(peers[0], oldest)
        #expect(metrics.value(.openConnections) == 5)
        // Nobody has more than these would have then.
        #expect(enter(0) == nil)
        #expect(enter(2) == nil)
        let last = try #require(enter(3))
        #expect(closed.numbers.withLock { $0.count } == 2)
        registry.leaves(peers[3], last)
        #expect(metrics.value(.openConnections) == 4)
        #expect(metrics.value(.refusedConnections) == 4)
    }

    /// As many at once, time and again, until they come faster than the bucket fills, however slow the machine is.
    @Test(.timeLimit(.minutes(20))) func requestsOfOneAddressAreBounded() async throws {
        var setup = TestVerifier.Setup()
        setup.limits.requestsPerSecond = 1
        setup.limits.requestBurst = 5
        try await TestVerifier.with(setup) { service in
            try await HTTPProbe.with(service) { probe in
                for _ in 0..<5 { #expect(try await probe.send("GET", "/healthz").status == 200) }
                var refused: HTTPProbe.Reply?
                while refused == nil {
                    let replies = try await withThrowingTaskGroup { group in
                        for _ in 0..<10 { group.addTask { try await probe.send("GET", "/healthz") } }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    #expect(replies.allSatisfy { $0.status == 200 || $0.status == 429 })
                    refused = replies.first { $0.status == 429 }
                }
                #expect(refused?.problem?.kind == .busy)
            }
            #expect(service.verifier.metrics.value(.rateLimited) >= 1)
        }
    }

    /// Who floods a service does not flood its log: what else is in there would be lost.
    @Test func theLogIsToldOfOneAddressOnceASecond() throws {
        let limiter = RateLimiter(perSecond: 1, burst: 1)
        let peers = try [1, 2].map { PeerAddress(try SocketAddress(ipAddress: "192.0.2.\($0)", port: 1)) }
        // Of those for whom there is no place, one stands for all.
        #expect(limiter.tells(of: peers[0], now: 0))
        #expect(!limiter.tells(of: peers[1], now: 999))
        #expect(limiter.tells(of: peers[1], now: 1000))
        for peer in peers { #expect(limiter.admits(peer, now: 0)) }
        for peer in peers { #expect(!limiter.admits(peer, now: 1)) }
        #expect(limiter.tells(of: peers[0], now: 1))
        #expect(!limiter.tells(of: peers[0], now: 2))
        #expect(!limiter.admits(peers[0], now: 999))
        limiter.charge(peers[0], tokens: 1, now: 999)
        #expect(!limiter.tells(of: peers[0], now: 999))
        #expect(limiter.tells(of: peers[1], now: 999))
        #expect(limiter.tells(of: peers[0], now: 1001))
    }

    @Test func garbageCostsMoreThanAsking() {
        let limiter = RateLimiter(perSecond: 1, burst: 10)
        let peer = PeerAddress(nil)
        #expect(limiter.admits(peer, now: 0))
        limiter.charge(peer, tokens: 9, now: 0)
        #expect(!limiter.admits(peer, now: 0))
        #expect(limiter.admits(peer, now: 1000))
        limiter.charge(peer, tokens: 1000, now: 1000)
        #expect(!limiter.admits(peer, now: 10_000))
        // Debt is bounded too: it does not lock a site out for long.
        #expect(limiter.admits(peer, now: 12_001))
    }

    @Test func peersAreBounded() throws {
        let limiter = RateLimiter(perSecond: 1, burst: 2)
        func peer(_ number: Int) throws -> PeerAddress {
            PeerAddress(
                try SocketAddress(ipAddress: "10.\(number >> 16).\(number >> 8 & 255).\(number & 255)", port: 1)
            )
        }
        for number in 0..<RateLimiter.maximumPeers {
            let peer = try peer(number)
            #expect(limiter.admits(peer, now: 0))
        }
        let late = try peer(RateLimiter.maximumPeers)
        #expect(!limiter.admits(late, now: 0))
        // Once the others have filled up again they are forgotten.
        #expect(limiter.admits(late, now: 5000))
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8::1", "2001:db8:0:0::/64"),
        ("::1", "0:0:0:0::/64"), ("fe80::1:2:3:4", "fe80:0:0:0::/64"), ("::ffff:192.0.2.7", "192.0.2.7"),
    ])
    func addressesCountByNetwork(text: String, peer: String) throws {
        #expect(PeerAddress(try SocketAddress(ipAddress: text, port: 1)).description == peer)
    }
}

/// Bodies that are too large, too deep or no messages at all.
@Suite struct HostileBodyTests {
    private func posts(_ service: TestVerifier) -> [(path: String, limit: Int, roles: Set<OperatorRole>)] {
        RouteTable.routes(of: service.verifier).filter { $0.method == .post }.map { route in
            let path = route.pattern.description
                .split(separator: "/").map { part in
                    part == "{manifest}" ? String(repeating: "ab", count: 32) : part == "{name}" ? "SN-1" : String(part)
                }.reduce("") { $0 + "/" + $1 }
            guard case .operators(let roles) = route.callers else { return (path, route.bodyLimit, []) }
            return (path, route.bodyLimit, roles)
        }
    }

    private func send(
        _ service: TestVerifier,
        _ route: (path: String, limit: Int, roles: Set<OperatorRole>),
        _ body: [UInt8],
        headers: [(String, String)] = [],
        chunked: Bool = false
    ) async throws -> HTTPProbe.Reply {
        let identity = try route.roles.first.map { try HTTPProbe.identity($0, of: service) }
        return try await HTTPProbe.with(service, identity: identity) {
            try await $0.send("POST", route.path, body: body, headers: headers, chunked: chunked)
        }
    }

    private static func generous() throws -> TestVerifier.Setup {
        var setup = TestVerifier.Setup()
        setup.limits.requestBurst = 10_000
        return setup
    }

    @Test func attack85_oversizedBodies() async throws {
        let factory = try TestFactory()
        try await TestVerifier.with(try Self.generous(), factory: factory, releases: TestReleases()) { service in
            for route in posts(service) where route.limit <= 4 << 20 {
                let body = [UInt8](repeating: 0x20, count: route.limit + 1)
                for chunked in [false, true] {
                    let reply = try await send(service, route, body, chunked: chunked)
                    #expect(reply.status == 413, "\(route.path)")
                    #expect(reply.problem?.kind == .tooLarge, "\(route.path)")
                }
            }
        }
    }

    /// One address cannot have the memory of the machine, however many connections it has: the last of its bodies finds no room.
    @Test(.timeLimit(.minutes(20))) func attack85_manyLargeBodiesAtOnce() async throws {
        var setup = try Self.generous()
        // None is closed for the time that it takes.
        setup.limits.idleSeconds = 3600
        setup.limits.requestSeconds = 3600
        try await TestVerifier.with(setup) { service in
            let size = Evidence.maximumSize
            let head = "POST /v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(size)\r\n\r\n"
            let most = EdgeLimits.usualBodyBytes / 4 / (size - BodyRoom.free)
            var held: [RawConnection] = []
            for _ in 0...most {
                let connection = try await RawConnection.open(service.edge, encrypted: true)
                connection.offer(head)
                connection.offer([UInt8](repeating: 0x20, count: size - 1))
                held.append(connection)
            }
            while held.allSatisfy(\.isOpen) { try await Task.sleep(for: .milliseconds(50)) }
            #expect(held.contains { $0.isOpen })
            // Usual bodies come through all the same, and so do large ones from elsewhere.
            let order = ChallengeRequest(instance: InstanceID(iakName: [1, 2, 3]), purpose: .attest)
            let usual = try await EdgeClient.ask(
                service.edge,
                "POST",
                "/v1/challenges",
                try CanonicalJSON.encode(order)
            )
            #expect(usual.status == 200)
            let large = [UInt8](repeating: 0x20, count: size)
            let elsewhere = try await EdgeClient.with(service.edge, from: "127.0.0.2") {
                try await $0.send("POST", "/v1/decisions", large)
            }
            #expect(elsewhere.status == 400)
            for connection in held { await connection.close() }
            // What they held is given back.
            var status = 503
            while status == 503 {
                status = try await EdgeClient.ask(service.edge, "POST", "/v1/decisions", large).status
            }
            #expect(status == 400)
        }
    }

    /// What takes long to be found nothing costs its sender as many requests, so that large bodies are no cheaper way to keep a service busy.
    @Test func attack85_largeBodiesThatAreNothingAreDear() {
        let (small, large) = (BodyRoom.free - 1, 80 * BodyRoom.free)
        #expect(Responder.price(of: .malformed(""), after: small) == 0)
        #expect(Responder.price(of: .malformed(""), after: large) == 80)
        #expect(Responder.price(of: .tooLarge, after: large) == 80)
        #expect(Responder.price(of: .notAuthentic(""), after: small) == 4)
        #expect(Responder.price(of: .notAuthentic(""), after: large) == 84)
        // A refusal is an answer to somebody, and no room is not his fault.
        #expect(Responder.price(of: .refused("", reasons: []), after: large) == 0)
        #expect(Responder.price(of: .busy(""), after: large) == 0)
    }

    @Test(.timeLimit(.minutes(20))) func aLargeBodyThatIsNothingLeavesNoTokens() async throws {
        var setup = TestVerifier.Setup()
        setup.limits.requestsPerSecond = 1
        setup.limits.requestBurst = 64
        try await TestVerifier.with(setup) { service in
            let large = [UInt8](repeating: 0x20, count: Evidence.maximumSize)
            let first = try await EdgeClient.ask(service.edge, "POST", "/v1/decisions", large)
            #expect(first.status == 400)
            let next = try await EdgeClient.ask(service.edge, "GET", "/healthz")
            #expect(next.status == 429)
        }
    }

    @Test func roomForBodiesIsGivenBackAndShared() throws {
        let room = BodyRoom(400)
        let peers = try (1...5).map { number in
            PeerAddress(try SocketAddress(ipAddress: "192.0.2.\(number)", port: 1))
        }
        #expect(room.grown(to: BodyRoom.free, from: 0, of: peers[0]) == 0)
        #expect(room.grown(to: BodyRoom.free + 60, from: 0, of: peers[0]) == 60)
        #expect(room.grown(to: BodyRoom.free + 100, from: 60, of: peers[0]) == 100)
        #expect(room.grown(to: BodyRoom.free + 101, from: 100, of: peers[0]) == nil)
        #expect(room.grown(to: BodyRoom.free + 1, from: 0, of: peers[0]) == nil)
        for peer in peers[1...3] { #expect(room.grown(to: BodyRoom.free + 100, from: 0, of: peer) == 100) }
        #expect(room.grown(to: BodyRoom.free + 1, from: 0, of: peers[4]) == nil)
        room.leave(100, of: peers[0])
        #expect(room.grown(to: BodyRoom.free + 1, from: 0, of: peers[4]) == 1)
        #expect(room.grown(to: BodyRoom.free, from: 0, of: peers[0]) == 0)
    }

    @Test func attack85_bombs() async throws {
        let factory = try TestFactory()
        try await TestVerifier.with(try Self.generous(), factory: factory, releases: TestReleases()) { service in
            for route in posts(service) {
                let size = min(route.limit, 1 << 20)
                let bodies: [[UInt8]] = [
                    [], [0x00], Array("null".utf8), Array("[]".utf8), Array("{\"a\":".utf8), [0xFF, 0xFE, 0x7B, 0x00],
                    [UInt8](repeating: UInt8(ascii: "["), count: size),
                    Array(String(repeating: "{\"a\":", count: size / 5).utf8),
                    // gzip of nothing in particular: bodies are never unpacked.
                    [0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03],
                ]
                for body in bodies {
                    let reply = try await send(service, route, body, headers: [("content-encoding", "gzip")])
                    #expect(reply.status == 400, "\(route.path) \(body.prefix(4))")
                    #expect(reply.problem?.kind == .malformed, "\(route.path) \(body.prefix(4))")
                }
            }
            #expect(try await service.store.ledgerHead().size == 1)
        }
    }

    /// What is wrong with a body's framing is the peer's fault, and no trouble of the service that anybody is woken for.
    @Test(.timeLimit(.minutes(20)), arguments: ["-1\r\n", "zz\r\n", "ffffffffffffffffff\r\n"])
    func attack85_brokenChunks(_ chunk: String) async throws {
        try await TestVerifier.with { service in
            let connection = try await RawConnection.open(service.edge, encrypted: true)
            connection.offer(
                "POST /v1/challenges HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)\r\n"
            )
            try await connection.waitUntilClosed()
            let metrics = service.verifier.metrics
            func answered(_ status: String) -> Double { metrics.value(.requests, "POST /v1/challenges", status) }
            while answered("400") + answered("503") == 0 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(answered("400") == 1 && answered("503") == 0)
        }
    }

    @Test func attack85_evidenceCutAtEveryPart() async throws {
        let factory = try TestFactory()
        try await TestVerifier.with(try Self.generous(), factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                _ = try await client.attest(device)
                let size = try await service.store.ledgerHead().size
                let challenge = try await client.challenge(device, .attest)
                let evidence = try device.evidence(for: device.request(.attest, challenge: challenge.challenge))
                let bytes = try CanonicalJSON.encode(evidence)
                try await HTTPProbe.with(service) { probe in
                    for length in stride(from: 1, to: bytes.count, by: 97) {
                        let reply = try await probe.send("POST", "/v1/decisions", body: Array(bytes.prefix(length)))
                        #expect(reply.status == 400)
                    }
                    let padded = try await probe.send("POST", "/v1/decisions", body: bytes + [0x20])
                    #expect(padded.status == 400)
                }
                #expect(try await service.store.ledgerHead().size == size)
                // Nothing of all that has used up the challenge.
                #expect(try await client.decide(evidence).bootState == "current")
            }
        }
    }
}
