import Crypto
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// Acts that are not what the operator has signed, over the wire: none of them is done.
@Suite struct ActTests {
    let factory: TestFactory

    init() throws { factory = try TestFactory() }

    private static let path = "/v1/instances/SN-1/suspend"
    private static let body = Array(#"{"reason":"lost"}"#.utf8)

    /// A verifier with one instance, and an operator's hand at it.
    private func with(
        _ body: (TestVerifier, ActSigner, HTTPProbe) async throws -> Void
    ) async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let signer = try ActSigner(.operator, of: service)
            let identity = try HTTPProbe.identity(.operator, of: service)
            try await HTTPProbe.with(service, identity: identity) { try await body(service, signer, $0) }
        }
    }

    private func send(
        _ probe: HTTPProbe,
        _ header: String?,
        path: String = Self.path,
        body: [UInt8] = Self.body
    ) async throws -> HTTPProbe.Reply {
        let headers = header.map { [(SignedStatement.headerName, $0)] } ?? []
        return try await probe.send("POST", path, body: body, headers: headers, signed: false)
    }

    /// A request with this header is refused for this reason, with a word on what to do, and changes nothing.
    private func refused(
        _ reason: String,
        _ header: (TestVerifier, ActSigner) throws -> String?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await with { service, signer, probe in
            let size = try await service.store.ledgerHead().size
            let reply = try await send(probe, try header(service, signer))
            #expect(reply.status == 403, sourceLocation: sourceLocation)
            #expect(reply.problem?.kind == .refused, sourceLocation: sourceLocation)
            #expect(reply.problem?.reasons == [reason], sourceLocation: sourceLocation)
            #expect(reply.problem?.title.contains(": ") == true, sourceLocation: sourceLocation)
            #expect(try await service.store.ledgerHead().size == size, sourceLocation: sourceLocation)
        }
    }

    @Test func whatWasSignedIsDoneAndNamed() async throws {
        try await with { service, signer, probe in
            let signed = try signer.statement(Self.path, Self.body)
            let reply = try await send(probe, try signed.header)
            #expect(reply.status == 200, "\(reply.text)")
            let head = try await service.store.ledgerHead()
            let entries = try await service.store.ledgerEntries(0..<head.size).map {
                try LedgerEntry(parsing: $0.bytes)
            }
            let act = try entries.last { $0.actor.kind == .operator }.found()
            let digest = try signed.digest
            #expect(act.statement == digest && act.actor.name.text == "operator")
            let kept = try await service.store.act(digest).found()
            #expect(kept.statement == signed.envelope && kept.body?.bytes == Self.body)
            #expect(kept.certificate.bytes == signer.certificate)
            let shown = try await service.operating(as: .auditor) { try await $0.act(digest) }
            #expect(shown == kept)
        }
    }

    /// The client signs by itself, also names that are escaped in a path.
    @Test func theClientSigns() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN:1+a")
            try await service.importBirth(of: device, by: factory)
            let reason = try remark("lost")
            let report = try await service.operating(as: .operator) {
                try await $0.act(.suspend, on: device.serial, reason)
            }
            #expect(report.lifecycle == "suspended")
        }
    }

    @Test(arguments: ActFault.allCases)
    func everyRefusalSaysWhatToDo(fault: ActFault) throws {
        let problem = fault.problem("detail").problem
        #expect(problem.kind == .refused && problem.reasons == [fault.rawValue])
        #expect(problem.title.contains(": ") && problem.title.hasSuffix(".") && !problem.title.contains("detail"))
    }

    @Test func withoutAStatement() async throws { try await refused("act-unsigned") { _, _ in nil } }

    @Test func withWhatIsNoStatement() async throws { try await refused("act-malformed") { _, _ in "e30" } }

    @Test func withTwoStatements() async throws {
        try await with { _, signer, probe in
            let headers = try (0..<2).map { _ in
                (SignedStatement.headerName, try signer.statement(Self.path, Self.body).header)
            }
            let reply = try await probe.send("POST", Self.path, body: Self.body, headers: headers, signed: false)
            #expect(reply.problem?.reasons == ["act-unsigned"])
        }
    }

    /// The verifier's operator, or a thief of a session, has not the key.
    @Test func forged() async throws {
        try await refused("act-signature") { _, signer in
            let stranger = StatementSigner.p256(P256.Signing.PrivateKey())
            return try signer.statement(Self.path, Self.body, by: stranger).header
        }
    }

    @Test func changedAfterSigning() async throws {
        try await refused("act-signature") { _, signer in
            var envelope = try signer.statement(Self.path, Self.body).envelope
            var statement = try ActStatement(parsing: envelope.payload.bytes)
            statement.at += 1
            envelope.payload = Blob(try CanonicalJSON.encode(statement))
            return try SignedStatement(envelope).header
        }
    }

    @Test func forAnotherPath() async throws {
        try await refused("act-request") { _, signer in
            try signer.statement("/v1/instances/SN-2/suspend", Self.body).header
        }
        try await refused("act-request") { _, signer in
            try signer.statement("/v1/instances/SN-1/retire", Self.body).header
        }
    }

    @Test func withAnotherSpellingOfThePath() async throws {
        try await with { _, signer, probe in
            let header = try signer.statement(Self.path, Self.body).header
            let reply = try await send(probe, header, path: "/v1/instances/SN%2D1/suspend")
            #expect(reply.problem?.reasons == ["act-request"])
        }
    }

    @Test func forAnotherBody() async throws {
        try await refused("act-request") { _, signer in
            try signer.statement(Self.path, Array(#"{"reason":"sold"}"#.utf8)).header
        }
    }

    @Test func forAnotherVerifier() async throws {
        try await refused("act-verifier") { _, signer in
            try signer.statement(Self.path, Self.body, to: try label("elsewhere")).header
        }
    }

    @Test func stale() async throws {
        for apart in [-ActStatement.tolerance - 2, ActStatement.tolerance + 3600] {
            try await refused("act-time") { _, signer in
                try signer.statement(Self.path, Self.body, at: signer.now() + apart).header
            }
        }
    }

    /// Another operator's statement, over his own connection and over this one's.
    @Test func ofAnotherOperator() async throws {
        try await refused("act-certificate") { service, _ in
            try ActSigner(.releaseManager, of: service).statement(Self.path, Self.body).header
        }
        try await refused("act-signature") { service, signer in
            let other = try ActSigner(.releaseManager, of: service).signer
            return try signer.statement(Self.path, Self.body, by: other).header
        }
    }

    /// Another certificate of the same name, from the same authority: what he may do stands in the one he shows.
    @Test func withAnotherCertificate() async throws {
        try await refused("act-certificate") { service, signer in
            try signer.statement(Self.path, Self.body, for: [0x30, 0x00]).header
        }
    }

    @Test func replayed() async throws {
        try await with { service, signer, probe in
            let header = try signer.statement(Self.path, Self.body).header
            #expect(try await send(probe, header).status == 200)
            let reason = try remark("found")
            _ = try await service.operating(as: .operator) {
                try await $0.act(.reinstate, on: try label("SN-1"), reason)
            }
            let size = try await service.store.ledgerHead().size
            #expect(try await send(probe, header).problem?.reasons == ["act-repeated"])
            #expect(try await service.store.ledgerHead().size == size)
        }
    }

    /// Also when it came to nothing the first time, and nothing of it is on record.
    @Test func replayedAfterARefusal() async throws {
        try await with { _, signer, probe in
            let path = "/v1/instances/SN-1/reinstate"
            let header = try signer.statement(path, Self.body).header
            #expect(try await send(probe, header, path: path).problem?.kind == .conflict)
            #expect(try await send(probe, header, path: path).problem?.reasons == ["act-repeated"])
        }
    }

    /// What a verifier remembers while it runs is gone with it; the record is not.
    @Test func replayedAfterARestart() async throws {
        let (home, directory) = try TestVerifier.prepared(factory: factory)
        let device = try SoftwareKeyDevice(serial: "SN-1")
        let header = try await TestVerifier.serve(directory) { service in
            try await service.importBirth(of: device, by: factory)
            let header = try ActSigner(.operator, of: service).statement(Self.path, Self.body).header
            let identity = try HTTPProbe.identity(.operator, of: service)
            let reply = try await HTTPProbe.with(service, identity: identity) { try await send($0, header) }
            #expect(reply.status == 200, "\(reply.text)")
            let reason = try remark("found")
            _ = try await service.operating(as: .operator) { try await $0.act(.reinstate, on: device.serial, reason) }
            return header
        }
        try await TestVerifier.serve(directory) { service in
            let size = try await service.store.ledgerHead().size
            let identity = try HTTPProbe.identity(.operator, of: service)
            let reply = try await HTTPProbe.with(service, identity: identity) { try await send($0, header) }
            #expect(reply.problem?.reasons == ["act-repeated"])
            #expect(try await service.store.ledgerHead().size == size)
        }
        withExtendedLifetime(home) {}
    }

    /// Births and files from devices have other people's signatures; who brought them is kept beside them.
    @Test func whoBringsBirthsHasSigned() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let body = try CanonicalJSON.encode(try factory.bundle(try SoftwareKeyDevice(serial: "SN-1")))
            let signed = try ActSigner(.factory, of: service).statement("/v1/births", body)
            let identity = try HTTPProbe.identity(.factory, of: service)
            let reply = try await HTTPProbe.with(service, identity: identity) { probe in
                try await send(probe, try signed.header, path: "/v1/births", body: body)
            }
            #expect(reply.status == 200, "\(reply.text)")
            let kept = try await service.store.act(try signed.digest).found()
            #expect(kept.statement == signed.envelope)
        }
    }
}
