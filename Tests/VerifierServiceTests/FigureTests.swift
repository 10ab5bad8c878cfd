import Messages
import Testing
import UpdateTrust
import VerifierClient

@testable import VerifierService

/// A fleet in figures: identities, devices and sessions, each counted for itself.
@Suite struct FigureTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    @Test func identitiesDevicesAndSessionsAreCountedApart() async throws {
        try await TestVerifier.with(factory: factory, releases: releases) { service in
            let devices = try ["SN-1", "SN-2", "SN-3"].map { try SoftwareKeyDevice(serial: $0) }
            for device in devices { try await service.importBirth(of: device, by: factory) }
            let package = try await service.add(try releases.release("2.0"), releases)
            try await service.anonymous { client in
                for device in devices.prefix(2) { _ = try await client.attest(device) }
                let delivery = try await client.update(devices[0], to: package).grant.found()
                let grant = try service.grant(delivery.grant)
                devices[0].counters.grants += 1
                devices[0].reboot(into: "os 2.0")
                _ = try await client.confirm(devices[0], grant: grant.claims.jti)
                devices[1].reboot(into: "something else")
                _ = try await problem { try await client.attest(devices[1]) }
            }
            let tier = try factory.record(of: devices[0]).tier.rawValue
            let report = try await service.operating(as: .auditor) { try await $0.figures() }
            #expect(report.identities.total == 3)
            #expect(report.identities.byLifecycle == ["trusted": [tier: 1], "suspended": [tier: 1], "born": [tier: 1]])
            #expect(report.identities.trusted == [tier: 1])
            #expect(report.devices.running == ["os 2.0": 1, "as born": 2])
            #expect(report.devices.attestedWithin["hour"] == 2 && report.devices.attestedWithin["never"] == 1)
            #expect(report.sessions.updates == ["confirmed": 1])
            #expect(report.sessions.decisions["attest"]?["accepted"] == 2)
            #expect(report.sessions.refusals["boot-unexpected"] == 1)

            let identity = try HTTPProbe.identity(.auditor, of: service)
            let scraped = try await HTTPProbe.with(service, identity: identity) {
                try await $0.send("GET", "/v1/metrics")
            }
            let text = String(decoding: scraped.body, as: UTF8.self)
            #expect(text.contains("birthmark_instances{lifecycle=\"trusted\",tier=\"\(tier)\"} 1\n"))
            #expect(text.contains("birthmark_devices_running{release=\"os 2.0\"} 1\n"))
            // How large a fleet is, and what it runs, is nobody else's business.
            let open = try await HTTPProbe.with(service) { try await $0.send("GET", "/metrics") }
            let seen = String(decoding: open.body, as: UTF8.self)
            #expect(seen.contains("birthmark_decisions_total") && !seen.contains("birthmark_instances"))
        }
    }
}
