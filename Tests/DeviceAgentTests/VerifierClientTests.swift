import FoundationEssentials
import HeldPorts
import Messages
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing
import VerifierClient

/// Closes a connection when something was said on it.
private final class HangingUp: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.close(promise: nil) }
}

@Suite struct VerifierClientTests {
    private static let question = ChallengeRequest(instance: InstanceID(iakName: [1, 2, 3]), purpose: .attest)

    private static func challenge() throws -> ChallengeAnswer {
        ChallengeAnswer(
            challenge: "opaque",
            expires: now + 60,
            selection: try #require(PCRSet(bank: .sha256, pcrs: [0, 7])),
            holdsLog: false
        )
    }

    private static func bundle(_ identity: TLSIdentity, port: Int, host: String = "localhost") throws -> TrustBundle {
        TrustBundle(
            verifier: "v",
            url: "https://\(host):\(port)",
            tlsRoots: identity.rootPEM,
            grantKeys: [],
            ledgerKey: "",
            releaseKeys: nil
        )
    }

    private static let quick = VerifierClient.Limits(connect: 2, exchange: 2, attempts: 2)
    /// For tests that count visits: a machine that is busy must not look like a verifier that is slow.
    private static let patient = VerifierClient.Limits(connect: 120, exchange: 120, attempts: 2)

    /// What asking a server comes to.
    private func ask(
        _ identity: TLSIdentity,
        trusting: TLSIdentity? = nil,
        limits: VerifierClient.Limits = patient,
        configure: @escaping @Sendable (inout TLSConfiguration) -> Void = { _ in },
        answer: @escaping @Sendable (TLSServer.Asked) async throws -> TLSServer.Answer
    ) async throws -> Result<ChallengeAnswer, VerifierClientError> {
        try await TLSServer.with(identity, configure: configure, answer: answer) { server in
            let trust = try Self.bundle(trusting ?? identity, port: server.port)
            return try await VerifierClient.with(trust, limits: limits) { client in
                do throws(VerifierClientError) {
                    return .success(try await client.challenge(Self.question))
                } catch {
                    return .failure(error)
                }
            }
        }
    }

    @Test func asksAndIsAnswered() async throws {
        let expected = try Self.challenge()
        let result = try await ask(try TLSIdentity()) { asked in
            #expect(asked.method == "POST")
            #expect(asked.path == "/v1/challenges")
            #expect(try CanonicalJSON.encode(Self.question) == asked.body)
            return try .message(expected)
        }
        #expect(try result.get() == expected)
    }

    @Test func aServerOutsideTheBundlesRootsIsNotTheVerifier() async throws {
        let result = try await ask(try TLSIdentity(), trusting: try TLSIdentity()) { _ in try .message(Self.challenge())
        }
        guard case .failure(.untrusted) = result else { throw Unexpected("\(result)") }
    }

    /// A station asks a CA and a ledger's keeper its witnesses: neither is told of a verifier.
    @Test func anErrorNamesWhoWasAsked() {
        let url = "https://ca.example:8444"
        let errors: [VerifierClientError] = [
            .unusable("no certificates"), .unreachable(url: url, "nobody listens there"),
            .untrusted(url: url, "expired"),
            .turnedAway(url: url, isExpired: true), .timedOut(url: url), .malformedAnswer("cut"),
            .problem(Problem(.busy, title: "The store is busy.", status: 503)),
        ]
        for error in errors {
            let told = error.description(asking: .factoryCA)
            #expect(told.contains("the factory's CA") && !told.contains("verifier"), "\(told)")
            #expect(!error.description(asking: .witness).contains("the verifier"))
            #expect(!error.hint(asking: .factoryCA).contains("verifier"))
        }
        #expect(errors[3].hint(asking: .factoryCA).contains("birthmark-factory ca station"))
        let unreachable = errors[1].description
        #expect(unreachable == "the verifier at \(url) cannot be reached: nobody listens there")
    }

    /// Nobody is sent to somebody else for what he can do himself.
    @Test(arguments: [
        ("trust-not-signed-before", "birthmark trust sign"), ("trust-not-signed-after", "birthmark trust sign"),
        ("trust-went-back", "birthmark trust draft"), ("policy-unusable", "birthmark policy check"),
        ("log-required", "--event-log"), ("act-time", "clock"),
    ])
    func aRefusalThatTheCallerCanMendSaysHow(reason: String, command: String) {
        let problem = Problem(.refused, title: "No.", status: 403, reasons: [reason])
        let hint = VerifierClientError.problem(problem).hint
        #expect(hint.contains(command) && !hint.contains("ask the verifier's operator"))
    }

    @Test func anExpiredCertificateIsNotTrustedAndSaysSo() async throws {
        let past = Date().addingTimeInterval(-7200)...Date().addingTimeInterval(-3600)
        let result = try await ask(try TLSIdentity(validity: past)) { _ in try .message(Self.challenge()) }
        guard case .failure(let error) = result, case .untrusted = error else { throw Unexpected("\(result)") }
        #expect(error.description.contains("expired"))
        #expect(error.hint.contains("clock"))
    }

    @Test func aCertificateForAnotherHostIsNotTrusted() async throws {
        let result = try await ask(try TLSIdentity(host: "elsewhere.test")) { _ in try .message(Self.challenge()) }
        guard case .failure(.untrusted) = result else { throw Unexpected("\(result)") }
    }

    @Test func nothingBelowTLS13IsSpoken() async throws {
        let result = try await ask(
            try TLSIdentity(),
            configure: {
                $0.minimumTLSVersion = .tlsv12
                $0.maximumTLSVersion = .tlsv12
            },
            answer: { _ in try .message(Self.challenge()) }
        )
        guard case .failure(.untrusted) = result else { throw Unexpected("\(result)") }
    }

    /// What asking comes to where no verifier is.
    private func failure(askingAt port: Int) async throws -> VerifierClientError {
        let trust = try Self.bundle(try TLSIdentity(), port: port)
        return try await VerifierClient.with(trust, limits: Self.patient) { client in
            do throws(VerifierClientError) {
                _ = try await client.challenge(Self.question)
            } catch { return error }
            throw Unexpected("somebody answered")
        }
    }

    @Test func nobodyListeningIsSaidAtOnce() async throws {
        let held = try HeldPort()
        let port = held.number
        let error = try await failure(askingAt: port)
        guard case .unreachable(let url, _) = error else { throw Unexpected("\(error)") }
        #expect(url.hasSuffix(":\(port)"))
        #expect(!error.isRefusal)
        withExtendedLifetime(held) {}
    }

    /// A service that has too many connections closes some: that is no sign of another who stands in for it.
    @Test func whoHangsUpIsNotTakenForSomebodyElse() async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in channel.pipeline.addHandler(HangingUp()) }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        let error = try await failure(askingAt: port)
        guard case .unreachable(_, let detail) = error else { throw Unexpected("\(error)") }
        #expect(detail.contains("closed"), "\(error)")
        try await listener.close()
    }

    @Test func aTooLargeAnswerIsNotRead() async throws {
        let result = try await ask(try TLSIdentity()) { _ in
            TLSServer.Answer(body: [UInt8](repeating: 0x20, count: 1 << 20))
        }
        guard case .failure(.malformedAnswer) = result else { throw Unexpected("\(result)") }
    }

    @Test func anAnswerThatDripsIsGivenUp() async throws {
        let result = try await ask(try TLSIdentity(), limits: Self.quick) { _ in
            var answer = try TLSServer.Answer.message(try Self.challenge())
            answer.drip = .seconds(30)
            return answer
        }
        guard case .failure(.timedOut) = result else { throw Unexpected("\(result)") }
    }

    @Test(arguments: ["", "{}", "[]", "<html>", #"{"challenge":"x","expires":1,"holdsLog":false}"#])
    func whatIsNoAnswerIsRefused(_ body: String) async throws {
        let result = try await ask(try TLSIdentity()) { _ in TLSServer.Answer(body: Array(body.utf8)) }
        guard case .failure(.malformedAnswer) = result else { throw Unexpected("\(result)") }
    }

    @Test func aRedirectIsNotFollowed() async throws {
        let visitsElsewhere = Counter()
        let result = try await ask(try TLSIdentity()) { asked in
            if asked.path == "/elsewhere" { visitsElsewhere.add() }
            return TLSServer.Answer(status: 307, location: "/elsewhere")
        }
        guard case .failure(.malformedAnswer) = result else { throw Unexpected("\(result)") }
        #expect(visitsElsewhere.value == 0)
    }

    @Test(arguments: Problem.Kind.allCases)
    func problemsKeepTheirKind(_ kind: Problem.Kind) async throws {
        let visits = Counter()
        let result = try await ask(try TLSIdentity()) { _ in
            visits.add()
            return try .problem(Problem(kind, title: "No.", status: 400, reasons: ["why"], instance: "0a1b"))
        }
        guard case .failure(let error) = result, case .problem(let problem) = error else {
            throw Unexpected("\(result)")
        }
        #expect(problem.kind == kind)
        // Only a verifier that is busy is asked once more.
        #expect(visits.value == (kind == .busy ? 2 : 1))
        #expect(
            error.isRefusal
                == [.refused, .notAuthentic, .forbidden, .unauthenticated, .notFound, .conflict].contains(kind)
        )
    }

    @Test func aBusyVerifierIsAskedAgain() async throws {
        let visits = Counter()
        let expected = try Self.challenge()
        let result = try await ask(try TLSIdentity()) { _ in
            visits.add() == 1 ? try .problem(Problem(.busy, title: "Later.", status: 503)) : try .message(expected)
        }
        #expect(try result.get() == expected)
    }

    @Test func evidenceIsSentOnceOnly() async throws {
        let visits = Counter()
        let identity = try TLSIdentity()
        let evidence = Evidence(
            request: Blob([1]),
            attest: Blob([2]),
            signature: Blob([3]),
            pcrs: try #require(PCRValues(bank: .sha256, values: [:]))
        )
        try await TLSServer.with(
            identity,
            answer: { _ in
                visits.add()
                return try .problem(Problem(.busy, title: "Later.", status: 503))
            }
        ) { server in
            try await VerifierClient.with(try Self.bundle(identity, port: server.port), limits: Self.patient) {
                client in
                _ = await #expect(throws: VerifierClientError.self) { try await client.decide(evidence) }
            }
        }
        #expect(visits.value == 1)
    }

    /// What an operator is answered to a question, by whoever has the verifier's TLS key.
    private func asking<Result: Sendable>(
        _ answer: some Encodable & Sendable,
        _ ask: @escaping @Sendable (VerifierClient) async throws -> Result
    ) async throws -> Result {
        let identity = try TLSIdentity()
        return try await TLSServer.with(identity, answer: { _ in try .message(answer) }) { server in
            try await VerifierClient.with(try Self.bundle(identity, port: server.port), limits: Self.patient, ask)
        }
    }

    @Test func anotherDeviceThanTheOneThatWasAskedAboutIsNoAnswer() async throws {
        let serial = try #require(Label("GW-0001"))
        let other = try #require(Label("GW-0002"))
        let report = InstanceReport(
            instance: InstanceID(iakName: [1]),
            serial: serial,
            model: serial,
            hardwareRevision: serial,
            environment: serial,
            tier: .vtpm,
            bornAt: 1,
            lifecycle: "trusted",
            running: RunningPackage(name: serial, version: serial, securityVersion: 1, manifest: nil),
            securityFloor: 1
        )
        let id = try #require(Label(report.instance.text))
        for name in [serial, id] {
            let answered = try await asking(report) { client in try await client.instance(name) }
            #expect(answered == report)
        }
        let error = await #expect(throws: VerifierClientError.self) {
            try await asking(report) { client in try await client.instance(other) }
        }
        guard case .malformedAnswer? = error else { throw Unexpected("\(String(describing: error))") }
    }

    @Test func pagesThatGoInCirclesAreGivenUp() async throws {
        let instance = InstanceID(iakName: [1])
        _ = await #expect(throws: VerifierClientError.self) {
            try await asking(InstanceList(instances: [], next: instance)) { client in
                try await client.instances(after: instance)
            }
        }
        let serial = try #require(Label("GW-0001"))
        _ = await #expect(throws: VerifierClientError.self) {
            try await asking(UpdateList(updates: [], next: 7)) { client in
                try await client.updates(of: serial, before: 7)
            }
        }
        let earlier = try await asking(UpdateList(updates: [], next: 6)) { client in
            try await client.updates(of: serial, before: 7)
        }
        #expect(earlier.next == 6)
    }

    @Test(arguments: ["http://localhost:1", "localhost", ""])
    func onlyHTTPSIsSpoken(_ url: String) async throws {
        var trust = try Self.bundle(try TLSIdentity(), port: 1)
        trust.url = url
        await #expect(throws: VerifierClientError.self) {
            try await VerifierClient.with(trust) { _ in }
        }
    }
}

/// Counts what happens on any thread.
final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    @discardableResult func add() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
