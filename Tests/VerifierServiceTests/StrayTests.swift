import Messages
import Testing
import UpdateTrust
import VerifierClient

@testable import HTTPService
@testable import VerifierService

/// Boots of releases that are registered and not those that the instance should show, through the service.
@Suite struct StrayTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    @Test func whatIsKnownIsToldFromTampering() async throws {
        try await TestVerifier.with(factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            let other = try await service.add(try releases.release("3.0"), releases)
            func report() async throws -> InstanceReport {
                try await service.operating(as: .auditor) { try await $0.instance(device.serial) }
            }
            try await service.anonymous { client in
                let grant = try await client.update(device, to: package).grant.found().grant
                let jti = try service.grant(grant).claims.jti
                device.counters.grants += 1
                device.reboot(into: "os 2.0")
                _ = try await client.confirm(device, grant: jti)

                device.reboot(into: "os 1.0")
                let fallen = try await client.attest(device)
                #expect(fallen.bootState == "previous")
                #expect(try await report().lifecycle == "rescue")

                device.reboot(into: "os 3.0")
                let refused = try await problem { try await client.attest(device) }
                #expect(refused.reasons == ["drifted"])
                let drifted = try await report()
                #expect(drifted.lifecycle == "drifted" && drifted.lease == nil)
                #expect(drifted.strayed?.boot == "drifted" && drifted.strayed?.package.manifest == other.manifest)

                device.reboot(into: "os 2.0")
                #expect(try await client.attest(device).bootState == "current")
                #expect(try await report().lifecycle == "trusted")

                device.reboot(into: "something else")
                _ = try await problem { try await client.attest(device) }
                #expect(try await report().lifecycle == "suspended")
            }
        }
    }
}
