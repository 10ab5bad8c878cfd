import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// What ends while nobody asks, through the service, and what it says of updates.
@Suite(.timeLimit(.minutes(20))) struct LapseTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    private func report(_ device: SoftwareKeyDevice, _ service: TestVerifier) async throws -> InstanceReport {
        try await service.operating(as: .auditor) { try await $0.instance(device.serial) }
    }

    /// The sweep comes by itself, within a second or as many as the machine is busy.
    private func eventually(_ holds: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<1200 {
            if try await holds() { return true }
            try await Task.sleep(for: .milliseconds(100))
        }
        return false
    }

    private func updates(_ device: SoftwareKeyDevice, _ service: TestVerifier) async throws -> [UpdateReport] {
        try await service.operating(as: .auditor) { try await $0.updates(of: device.serial).updates }
    }

    @Test func aLeaseThatIsOverEndsOnTheLedger() async throws {
        // A day would end the operators' certificates as well.
        let hours = String(decoding: DefaultPolicy.bytes, as: UTF8.self).replacing("86400", with: "14400")
        let setup = TestVerifier.Setup(policy: Array(hours.utf8))
        try await TestVerifier.with(setup, factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            let lease = try await service.anonymous { client in
                try await client.update(device, to: package).lease
            }
            #expect(try await updates(device, service).map(\.stage) == ["granted"])
            service.clock.advance(milliseconds: 1000 * (lease.expires - service.verifier.clock.seconds))
            let ended = try await eventually { try await report(device, service).lease == nil }
            #expect(ended)
            let standing = try await report(device, service)
            #expect(standing.lifecycle == "trusted" && standing.pending?.stage == "unconfirmed")
            let update = try #require(try await updates(device, service).first)
            #expect(update.steps.map(\.stage) == ["granted", "unconfirmed"])
            #expect(update.manifest == package.manifest && update.instance == device.instance)
            let size = try await service.store.ledgerHead().size
            let entries = try await service.store.ledgerEntries(size - 2..<size).map {
                try LedgerEntry(parsing: $0.bytes)
            }
            #expect(entries.map(\.body.type) == ["update", "lease"])
            guard case .lease(let ended) = entries[1].body else {
                Issue.record("no lease's entry")
                return
            }
            #expect(ended.event == .ended && ended.cause == .expired && ended.id.text == lease.id)
            // Once is enough.
            service.clock.advance(milliseconds: 3_600_000)
            #expect(try await service.verifier.sweep() == 0)
        }
    }

    @Test func aRecallEndsLeasesAndGrantsOfThatReleaseAlone() async throws {
        try await TestVerifier.with(factory: factory, releases: releases) { service in
            let runs = try SoftwareKeyDevice(serial: "SN-1")
            let granted = try SoftwareKeyDevice(serial: "SN-2")
            let other = try SoftwareKeyDevice(serial: "SN-3")
            for device in [runs, granted, other] { try await service.importBirth(of: device, by: factory) }
            let bad = try await service.add(try releases.release("2.0"), releases)
            let good = try await service.add(try releases.release("3.0", securityVersion: 3), releases)
            try await service.anonymous { client in
                let grant = try await client.update(runs, to: bad).grant.found().grant
                let jti = try service.grant(grant).claims.jti
                runs.counters.grants += 1
                runs.reboot(into: "os 2.0")
                _ = try await client.confirm(runs, grant: jti)
                _ = try await client.update(granted, to: bad)
                _ = try await client.attest(other)
            }
            let refused = try await problem {
                try await service.operating(as: .auditor) {
                    try await $0.recallRelease(bad.manifest, try remark("leaks keys"))
                }
            }
            #expect(refused.kind == .forbidden)
            let recalled = try await service.operating(as: .releaseManager) {
                try await $0.recallRelease(bad.manifest, try remark("leaks keys"))
            }
            #expect(recalled.withdrawal?.recalled == true)
            let ended = try await eventually {
                let ended = try await report(runs, service)
                let pending = try await report(granted, service).pending
                return ended.lease == nil && ended.lifecycle == "rescue" && pending?.stage == "withdrawn"
            }
            #expect(ended)
            #expect(try await report(runs, service).remark?.contains("recalled") == true)
            #expect(try await report(granted, service).lease != nil)
            #expect(try await report(other, service).lease != nil)
            let list = try await service.operating(as: .releaseManager) { try await $0.updates(of: bad.manifest) }
            #expect(list.totals == ["confirmed": 1, "withdrawn": 1])

            // The way out.
            try await service.anonymous { client in
                let grant = try await client.update(runs, to: good).grant.found().grant
                let jti = try service.grant(grant).claims.jti
                #expect(try await report(runs, service).lifecycle == "rescue")
                runs.counters.grants += 1
                runs.reboot(into: "os 3.0")
                _ = try await client.confirm(runs, grant: jti)
            }
            #expect(try await report(runs, service).lifecycle == "trusted")
        }
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        try await TestVerifier.with(factory: factory, releases: releases) { service in
            let unknown = ContentDigest(of: [9])
            let untold = try await problem {
                try await service.operating(as: .auditor) { try await $0.updates(of: unknown) }
            }
            #expect(untold.kind == .notFound)
            let unrecalled = try await problem {
                try await service.operating(as: .releaseManager) {
                    try await $0.recallRelease(unknown, try remark("no"))
                }
            }
            #expect(unrecalled.kind == .notFound)
        }
    }
}
