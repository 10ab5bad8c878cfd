import Audit
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// Two people lift a window together, over the wire: loudly, and so that an auditor finds both.
@Suite struct EmergencyTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    /// A window that is over for years.
    private static var setup: TestVerifier.Setup {
        var setup = TestVerifier.Setup()
        setup.policy = TestRule.policy(
            TestRule(
                "all",
                lease: 86_400,
                grant: 86_400,
                #""window":{"blackouts":[{"from":"2020-01-01","to":"2099-12-31","reason":"freeze"}]}"#
            )
        )
        return setup
    }

    private func order(
        _ release: ContentDigest,
        _ overrides: [EmergencyOverride] = [.window]
    ) throws -> EmergencyOrder {
        try EmergencyOrder(release: release, overrides: overrides, hours: 2, reason: "incident 7").found()
    }

    /// A device has been granted a release that two people have let through the freeze.
    private func granted(
        _ body: (TestVerifier, InstanceID, ContentDigest, EmergencyList) async throws -> Void
    ) async throws {
        try await TestVerifier.with(Self.setup, factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            func refused() async throws -> Problem {
                try await service.anonymous { client in
                    try await problem { try await client.update(device, to: package) }
                }
            }
            #expect(try await refused().reasons == ["outside-window"])
            let narrow = try order(package.manifest)
            let wider = try order(package.manifest, EmergencyOverride.allCases)
            let alone = try await service.operating(as: .operator) { client in
                _ = try await client.declareEmergency(narrow)
                return try await client.declareEmergency(wider)
            }
            #expect(alone.declared.count == 2 && alone.inForce.isEmpty, "one person twice is one")
            #expect(try await refused().reasons == ["outside-window"])
            let list = try await service.operating(as: .releaseManager) { try await $0.declareEmergency(narrow) }
            #expect(list.declared.count == 3)
            let held = try list.inForce.first.found()
            #expect(list.inForce.count == 1 && held.release == package.manifest && held.lifts == .window)
            #expect(held.by.map(\.text) == ["operator", "release-manager"])
            let claims = try await service.anonymous { client in
                let delivery = try await client.update(device, to: package).grant.found()
                return try service.grant(delivery.grant).claims
            }
            #expect(claims.exp <= held.until, "no grant outlives what it rests on")
            try await body(service, device.instance, package.manifest, list)
        }
    }

    @Test func twoPeopleLiftAWindowLoudly() async throws {
        try await granted { service, instance, release, list in
            let listed = try await service.operating(as: .auditor) { try await $0.emergencies() }
            #expect(listed == list)
            let figures = try await service.operating(as: .auditor) { try await $0.figures() }
            #expect(figures.emergencies == list)
            #expect(service.log.lines.filter { $0.hasPrefix("emergency declared") }.count == 3)
            #expect(service.log.lines.filter { $0.hasPrefix("granted in an emergency") }.count == 1)
            let identity = try HTTPProbe.identity(.auditor, of: service)
            let scraped = try await HTTPProbe.with(service, identity: identity) {
                try await $0.send("GET", "/v1/metrics")
            }
            let text = String(decoding: scraped.body, as: UTF8.self)
            #expect(text.contains("birthmark_emergency_declarations_total 3\n"))
            #expect(text.contains("birthmark_emergency_grants_total 1\n"))
            #expect(text.contains("birthmark_emergencies_in_force{lifts=\"window\"} 1\n"))

            for subject in [AuditSubject.instance(instance), .release(release)] {
                let report = Auditor.judge(try await service.audit(subject), try service.anchors(factory))
                #expect(report.isProven, "\(subject): \(report.findings)")
                let says = report.timeline.map(\.says)
                #expect(says.contains { $0.contains("in an emergency that operator and release-manager declared") })
                let declared = "release-manager declared an emergency for os 2.0, to lift window until"
                #expect(says.contains { $0.hasPrefix(declared) })
            }
            service.clock.advance(milliseconds: 2 * 3600 * 1000)
            let over = try await service.operating(as: .auditor) { try await $0.emergencies() }
            #expect(over.declared.isEmpty && over.inForce.isEmpty)
        }
    }

    @Test func anAuditorMissesTheSecondPerson() async throws {
        try await granted { service, instance, _, _ in
            let anchors = try service.anchors(factory)
            var keeper = try LyingKeeper(try await service.audit(.instance(instance)))
            for index in keeper.entries.indices {
                guard case .decision(var body) = keeper.entries[index].body, let cited = body.emergencies else {
                    continue
                }
                body.emergencies = Array(cited.prefix(1))
                keeper.entries[index].body = .decision(body)
            }
            let problems = try keeper.judged(anchors).findings.map(\.problem)
            #expect(problems.contains("1 of 2 people had declared the emergency"), "\(problems)")
            // Nor does an earlier decision on the same request, without an emergency, stand for the one that was answered.
            let place = try keeper.entries.firstIndex { entry in
                if case .decision(let body) = entry.body { body.emergencies != nil } else { false }
            }.found()
            var earlier = keeper.entries[place]
            guard case .decision(var body) = earlier.body else { return }
            body.emergencies = nil
            earlier.body = .decision(body)
            keeper.entries.insert(earlier, at: place)
            let hidden = try keeper.judged(anchors).findings.map(\.problem)
            #expect(hidden.contains("1 of 2 people had declared the emergency"), "\(hidden)")
        }
    }

    /// Each grant that answers a decision over missing emergencies has its findings, and not one for each of them.
    @Test func manyGrantsOverManyMissingEmergenciesAreToldInFewWords() async throws {
        try await granted { service, instance, _, _ in
            let bundle = try await service.audit(.instance(instance))
            try expectFewWords(on: \.emergencies, called: "emergency", bundle, try service.anchors(factory))
        }
    }

    @Test func ofAReleaseThatIsRegistered() async throws {
        try await TestVerifier.with(Self.setup, factory: factory, releases: releases) { service in
            let stray = try order(ContentDigest(of: [1]), EmergencyOverride.allCases)
            let unknown = try await problem {
                try await service.operating(as: .operator) { try await $0.declareEmergency(stray) }
            }
            #expect(unknown.kind == .conflict)
        }
    }
}
