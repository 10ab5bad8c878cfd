import Crypto
import Endorsement
import FoundationEssentials
import Messages
import SwiftASN1
import Testing
import VerifierClient
import VerifierStore
import X509

@testable import HTTPService
@testable import VerifierService

@Suite struct RouteTableTests {
    /// A path that the pattern matches.
    private func path(of route: Route) -> String {
        route.pattern.description.split(separator: "/").map { part in
            switch part {
            case "{manifest}": String(repeating: "ab", count: 32)
            case "{name}": "SN-404"
            case "{index}", "{number}", "{version}": "7"
            case "{kind}": "release"
            case "{key}", "{digest}": String(repeating: "ab", count: 32)
            case "{jti}": "AAAA"
            case "{path...}": "entries/000"
            default: String(part)
            }
        }.reduce("") { $0 + "/" + $1 }
    }

    private func operatorRoutes(_ service: TestVerifier) -> [(route: Route, roles: Set<OperatorRole>)] {
        RouteTable.routes(of: service.verifier).compactMap { route in
            if case .operators(let roles) = route.callers { (route, roles) } else { nil }
        }
    }

    /// Each of a few dozen patterns looks at a path before it is known that none fits; debug builds take a second for a million segments.
    @Test(.timeLimit(.minutes(1))) func aLongPathCostsNoMoreThanThePatternIsLong() {
        let pattern: RoutePattern = "/v1/instances/{name}/birth"
        let rest: RoutePattern = "/ledger/tile/{path...}"
        let long = String(repeating: "/", count: 1_000_000)
        for _ in 0..<1000 { #expect(pattern.match(long[...]) == nil) }
        #expect(pattern.match("/v1/instances/a/birth") == ["name": "a"])
        #expect(pattern.match("/v1/instances/a/birth/") == nil)
        #expect(pattern.match("/v1/instances/a") == nil)
        #expect(rest.match("/ledger/tile/0/x001//2") == ["path": "0/x001//2"])
        #expect(rest.match("/ledger/tile/") == ["path": ""])
        #expect(rest.match("/ledger/tile") == nil)
    }

    @Test func onlyTheseRoutesAreForAnybody() async throws {
        try await TestVerifier.with { service in
            let open = RouteTable.routes(of: service.verifier).filter { $0.callers == .anyone }
            #expect(
                open.map { "\($0.method.rawValue) \($0.pattern)" } == [
                    "POST /v1/challenges", "POST /v1/decisions", "POST /v1/compensated-decisions",
                    "POST /v1/vouched-decisions", "POST /v1/farewells", "POST /v1/compensated-farewells",
                    "GET /v1/epoch", "GET /v1/trust/{version}",
                    "GET /ledger/checkpoint", "GET /ledger/witnessed", "GET /ledger/witnessed/{count}",
                    "GET /ledger/tile/{path...}",
                    "GET /v1/status-lists/1", "GET /healthz", "GET /readyz", "GET /metrics",
                ]
            )
            for (route, roles) in operatorRoutes(service) {
                #expect(!roles.isEmpty, "\(route.pattern) is for nobody")
            }
        }
    }

    /// What changes anything is an act, which is signed; of the rest only one question has a body.
    @Test func whatAnOperatorCanChangeIsSigned() async throws {
        try await TestVerifier.with { service in
            let posts = operatorRoutes(service).filter { $0.route.method == .post }
            let acts = posts.filter { $0.route.pattern.description != "/v1/policy/explain" }
            #expect(acts.count == posts.count - 1)
            #expect(Set(acts.map(\.route.pattern.description)) == Set(OperatorRoute.allCases.map(\.pattern)))
            for (route, roles) in acts {
                let path = path(of: route)
                let act = try RequestedAct(path: path).found()
                #expect(act.route.pattern == route.pattern.description && act.route.roles == roles)
                let identity = try HTTPProbe.identity(try roles.first.found(), of: service)
                try await HTTPProbe.with(service, identity: identity) { probe in
                    let reply = try await probe.send("POST", path, body: Array("{}".utf8), signed: false)
                    #expect(reply.problem?.reasons == ["act-unsigned"], "\(path)")
                }
            }
            #expect(try await service.store.ledgerHead().size == 1)
        }
    }

    @Test func attack82_noClientCertificateOnEveryOperatorRoute() async throws {
        try await TestVerifier.with { service in
            let routes = operatorRoutes(service)
            #expect(routes.count >= 14)
            try await HTTPProbe.with(service) { probe in
                for (route, _) in routes {
                    let reply = try await probe.send(
                        route.method.rawValue,
                        path(of: route),
                        body: route.method == .post ? Array("{}".utf8) : nil
                    )
                    #expect(reply.status == 401, "\(route.pattern)")
                    #expect(reply.problem?.kind == .unauthenticated, "\(route.pattern)")
                }
            }
        }
    }

    @Test(arguments: OperatorRole.allCases)
    func everyRoleReachesItsRoutesAndNoOther(role: OperatorRole) async throws {
        try await TestVerifier.with { service in
            let identity = try HTTPProbe.identity(role, of: service)
            try await HTTPProbe.with(service, identity: identity) { probe in
                for (route, roles) in operatorRoutes(service) {
                    let reply = try await probe.send(
                        route.method.rawValue,
                        path(of: route),
                        body: route.method == .post ? Array("{}".utf8) : nil
                    )
                    if roles.contains(role) {
                        #expect(reply.status != 401 && reply.status != 403, "\(route.pattern)")
                    } else {
                        #expect(reply.status == 403, "\(route.pattern)")
                        #expect(reply.problem?.kind == .forbidden, "\(route.pattern)")
                    }
                }
            }
        }
    }

    @Test(arguments: [
        ("GET", "/"), ("GET", "/v1"), ("GET", "/v1/"), ("GET", "/v1/instances/"), ("DELETE", "/v1/instances"),
        ("PUT", "/v1/policy"), ("POST", "/v1/policy/"), ("GET", "/v1/decisions"), ("HEAD", "/healthz"),
        ("GET", "/V1/instances"), ("GET", "//v1/instances"), ("GET", "/v1/../v1/policy"), ("GET", "/v1/instances/a/b"),
        ("GET", "/v1/instances/%00"), ("GET", "/v1/instances/%"), ("GET", "/v1/instances/%zz"),
        ("GET", "/v1/ledger/entries/-1"), ("GET", "/v1/ledger/entries/01"),
        ("GET", "/v1/ledger/entries/99999999999999999999"), ("GET", "/ledger/tile/0/../../x"),
        ("GET", "/ledger/tile/0/000.p/0"), ("GET", "/ledger/tile/99/000"), ("GET", "/healthz/"),
    ])
    func whatIsNotInTheTableIsNotThere(method: String, path: String) async throws {
        try await TestVerifier.with { service in
            let identity = try HTTPProbe.identity(.operator, of: service)
            try await HTTPProbe.with(service, identity: identity) { probe in
                let reply = try await probe.send(method, path)
                #expect(reply.status == 404)
                #expect(method == "HEAD" || reply.problem?.kind == .notFound)
            }
        }
    }

    /// TLS refuses whoever shows this, before any route is looked at; that it could not be shown at all is no refusal.
    private func expectTurnedAway(
        _ identity: (certificate: [UInt8], key: [UInt8]),
        by service: TestVerifier
    ) async throws {
        let status = try await HTTPProbe.with(service, identity: identity) { probe -> Int? in
            do { return try await probe.send("GET", "/v1/instances").status } catch { return nil }
        }
        #expect(status == nil)
    }

    @Test func attack83_agentCredentialOnAdminRoute() async throws {
        let factory = try TestFactory()
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let certificate = try factory.record(of: device).idevid.certificate.found()
            let pem = PEMDocument(type: "CERTIFICATE", derBytes: certificate.bytes).pemString
            let identity = (Array(pem.utf8), Array(device.idevid.secret.pemRepresentation.utf8))
            // The factory's CA is not the operators'.
            try await expectTurnedAway(identity, by: service)
        }
    }

    @Test func attack83_selfMadeOperatorCertificate() async throws {
        try await TestVerifier.with { service in
            let now = Int64(Date.now.timeIntervalSince1970)
            let authority = try CertificateAuthority.root(
                commonName: "test operators",
                key: Certificate.PrivateKey(P256.Signing.PrivateKey()),
                at: now - 60
            )
            let key = P256.Signing.PrivateKey()
            let certificate = try authority.issueClientCertificate(
                commonName: "mallory",
                key: key.publicKey,
                uris: ["urn:birthmark:operator:mallory", "urn:birthmark:role:operator"],
                from: now - 60,
                until: now + 600
            )
            let pem = PEMDocument(type: "CERTIFICATE", derBytes: certificate).pemString
            try await expectTurnedAway((Array(pem.utf8), Array(key.pemRepresentation.utf8)), by: service)
        }
    }

    @Test func attack83_serverCertificateAsOperator() async throws {
        try await TestVerifier.with { service in
            let certificate = try String(contentsOfFile: service.directory.tlsCertificate, encoding: .utf8)
            let key = try String(contentsOfFile: service.directory.file("keys/tls.key"), encoding: .utf8)
            try await expectTurnedAway((Array(certificate.utf8), Array(key.utf8)), by: service)
        }
    }

    @Test func attack83_operatorCredentialOnDeviceRoute() async throws {
        let factory = try TestFactory()
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let other = try SoftwareKeyDevice(serial: "SN-2")
            try await service.importBirth(of: device, by: factory)
            try await service.operating(as: .operator) { client in
                // An operator's certificate adds nothing to evidence that is not the instance's.
                let challenge = try await client.challenge(device, .attest)
                let evidence = try other.evidence(
                    for: other.request(.attest, challenge: challenge.challenge, as: device.instance)
                )
                let refusal = try await problem { try await client.decide(evidence) }
                #expect(refusal.kind == .notAuthentic)
            }
        }
    }

    @Test func certificateThatExpiresOnAnOpenConnection() async throws {
        try await TestVerifier.with { service in
            let identity = try HTTPProbe.identity(.auditor, of: service)
            try await HTTPProbe.with(service, identity: identity) { probe in
                let before = try await probe.send("GET", "/v1/instances")
                service.clock.advance(milliseconds: 2 * 86_400_000)
                let after = try await probe.send("GET", "/v1/instances")
                #expect(before.status == 200)
                #expect(after.status == 401)
            }
        }
    }

    @Test func revokedOperatorIsNobody() async throws {
        var setup = TestVerifier.Setup()
        setup.revokedOperators = [try label("auditor")]
        try await TestVerifier.with(setup) { service in
            let refusal = try await problem { try await service.operating(as: .auditor) { try await $0.policy() } }
            #expect(refusal.kind == .unauthenticated)
            _ = try await service.operating(as: .operator) { try await $0.policy() }
        }
    }
}
