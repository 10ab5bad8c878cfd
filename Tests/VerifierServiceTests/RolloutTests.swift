import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// A release goes out by rings, over the wire, and stops by itself.
@Suite struct RolloutTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    private func order(
        _ verb: RolloutVerb,
        percent: Int? = nil,
        cohort: String? = nil,
        haltAbove: Int? = nil
    ) throws -> RolloutOrder {
        let plan = try percent.map {
            try RolloutPlan(
                percent: $0,
                cohorts: try cohort.map { [try label($0)] },
                haltAbove: haltAbove,
                haltAfter: 2
            ).found()
        }
        return try RolloutOrder(verb, plan: plan, reason: "\(verb.rawValue), ticket 7").found()
    }

    private func acts(_ service: TestVerifier) async throws -> [String] {
        let size = try await service.store.ledgerHead().size
        return try await service.store.ledgerEntries(0..<size).compactMap { written in
            let entry = try LedgerEntry(parsing: written.bytes)
            guard case .rollout(let body) = entry.body else { return nil }
            return "\(entry.actor) \(body.act.rawValue) \(body.confirmed) \(body.failed)"
        }
    }

    @Test func ringsHaltAndResumption() async throws {
        try await TestVerifier.with(factory: factory, releases: releases) { service in
            let devices = try (1...4).map { try SoftwareKeyDevice(serial: "SN-\($0)") }
            for device in devices { try await service.importBirth(of: device, by: factory) }
            let package = try await service.add(try releases.release("2.0"), releases)
            func rollout(_ order: RolloutOrder) async throws -> RolloutReport {
                try await service.operating(as: .releaseManager) { try await $0.rollout(of: package.manifest, order) }
            }
            func report() async throws -> RolloutReport {
                try await service.operating(as: .auditor) { try await $0.rollout(of: package.manifest) }
            }
            try await service.anonymous { client in
                func reasons(_ device: SoftwareKeyDevice) async throws -> [String]? {
                    try await problem { try await client.update(device, to: package) }.reasons
                }
                func install(_ device: SoftwareKeyDevice, booting boot: String) async throws {
                    let grant = try await client.update(device, to: package).grant.found().grant
                    let claims = try service.grant(grant).claims
                    device.counters.grants += 1
                    device.reboot(into: boot)
                    _ =
                        boot == "os 2.0"
                        ? try await client.confirm(device, grant: claims.jti) : try await client.attest(device)
                }
                let missing = try await problem { try await report() }
                #expect(missing.kind == .notFound)
                let nothing = try await problem { try await rollout(order(.pause)) }
                #expect(nothing.kind == .conflict)

                // Nobody; then the environment that all of these are born for.
                _ = try await rollout(order(.set, percent: 0, cohort: "elsewhere"))
                #expect(try await reasons(devices[0]) == ["rollout-not-yet"])
                _ = try await rollout(order(.set, percent: 0, cohort: "lab", haltAbove: 40))
                _ = try await rollout(order(.pause))
                #expect(try await reasons(devices[0]) == ["rollout-paused"])
                _ = try await rollout(order(.resume))
                try await install(devices[0], booting: "os 2.0")
                #expect(try await report().confirmed == 1)

                // One of two fell back: more than 40 %.
                try await install(devices[1], booting: "os 1.0")
                let halted = try await report()
                #expect(halted.status == "halted" && halted.confirmed == 1 && halted.failed == 1)
                #expect(halted.changedBy == "verifier:test" && halted.reason == "1 of 2 updates failed, more than 40 %")
                #expect(service.log.lines.contains { $0.contains("rollout halted") })
                #expect(try await reasons(devices[2]) == ["rollout-halted"])
                #expect(try await problem { try await rollout(order(.set, percent: 100)) }.kind == .conflict)
                _ = try await client.attest(devices[1])
                #expect(try await report().failed == 1, "counted once")

                let explained = try await service.operating(as: .auditor) {
                    try await $0.explain(PolicyQuestion(instance: devices[2].instance, manifest: package.manifest))
                }
                #expect(explained.refusals == ["rollout-halted"])
                #expect(
                    explained.details.contains {
                        $0.hasPrefix("rollout at 0 % and all of lab, halted (1 of 2 updates ")
                    }
                )

                // Somebody looked at it.
                let resumed = try await rollout(order(.resume, percent: 100, haltAbove: 40))
                #expect(resumed.status == "rolling" && resumed.confirmed == 0 && resumed.failed == 0)
                #expect(resumed.plan.percent == 100)
                try await install(devices[1], booting: "os 2.0")
                try await install(devices[2], booting: "os 2.0")
                #expect(try await report().confirmed == 2)
            }
            #expect(
                try await acts(service) == [
                    "operator:release-manager set 0 0", "operator:release-manager set 0 0",
                    "operator:release-manager pause 0 0", "operator:release-manager resume 0 0",
                    "verifier:test halt 1 1", "operator:release-manager resume 1 1",
                ]
            )
        }
    }

    /// Nobody is heard of after the grant: the sweep notes that, and the rollout is halted with it.
    @Test func silenceHaltsToo() async throws {
        try await TestVerifier.with(factory: factory, releases: releases) { service in
            let devices = try (1...3).map { try SoftwareKeyDevice(serial: "SN-\($0)") }
            for device in devices { try await service.importBirth(of: device, by: factory) }
            let package = try await service.add(try releases.release("2.0"), releases)
            let order = try order(.set, percent: 100, haltAbove: 40)
            _ = try await service.operating(as: .operator) { try await $0.rollout(of: package.manifest, order) }
            try await service.anonymous { client in
                var ends: Int64 = 0
                for device in devices.prefix(2) {
                    let grant = try await client.update(device, to: package).grant.found().grant
                    let claims = try service.grant(grant).claims
                    ends = max(ends, claims.exp)
                }
                service.clock.advance(milliseconds: 1000 * (ends - service.verifier.clock.seconds))
                func report() async throws -> RolloutReport {
                    try await service.operating(as: .auditor) { try await $0.rollout(of: package.manifest) }
                }
                // The sweep comes by itself, within a second or as many as the machine is busy.
                var halted = try await report()
                for _ in 0..<1200 where halted.failed < 2 {
                    try await Task.sleep(for: .milliseconds(100))
                    halted = try await report()
                }
                #expect(halted.status == "halted" && halted.failed == 2 && halted.changedBy == "verifier:test")
                let late = try await problem { try await client.update(devices[2], to: package) }
                #expect(late.reasons == ["rollout-halted"])
                // They were only switched off.
                for device in devices.prefix(2) { _ = try await client.attest(device) }
                #expect(try await report().failed == 0)
                #expect(try await report().status == "halted", "somebody has to look all the same")
            }
            #expect(try await acts(service) == ["operator:operator set 0 0", "verifier:test halt 0 2"])
        }
    }

    /// A pause that comes between a decision and its transaction stops the grant.
    @Test func aPauseOvertakesADecision() async throws {
        var setup = TestVerifier.Setup()
        setup.wrap = { HookedStore($0) }
        try await TestVerifier.with(setup, factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            let set = try order(.set, percent: 100)
            let pause = try order(.pause)
            _ = try await service.operating(as: .operator) { try await $0.rollout(of: package.manifest, set) }
            let once = Once()
            let store = try (service.store as? HookedStore).found()
            store.set { verb, moment throws(StoreError) in
                guard verb == "snapshot", moment == .after, once.isFirst else { return }
                do {
                    _ = try await service.operating(as: .operator) { try await $0.rollout(of: package.manifest, pause) }
                } catch { throw StoreError(.damaged, "\(error)", hint: nil) }
            }
            let refused = try await service.anonymous { client in
                try await problem { try await client.update(device, to: package) }
            }
            #expect(refused.reasons == ["rollout-paused"])
            #expect(!once.isFirst, "the pause came in between")
        }
    }
}
