import Audit
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// An operator lets a release below the floor through, over the wire.
@Suite struct DowngradeTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    private func order(_ manifest: ContentDigest) throws -> DowngradeOrder {
        try DowngradeOrder(manifest: manifest, hours: 24, reason: "ticket 812").found()
    }

    @Test func anActForOneInstanceAndOneRelease() async throws {
        try await TestVerifier.with(factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let new = try await service.add(try releases.release("2.0", securityVersion: 3), releases)
            let old = try await service.add(try releases.release("1.5", securityVersion: 2), releases)
            try await allowDowngrades(service)
            try await service.anonymous { client in
                func install(_ package: PackageReference, _ boot: String) async throws -> GrantClaims {
                    let grant = try await client.update(device, to: package).grant.found().grant
                    let claims = try service.grant(grant).claims
                    device.counters.grants += 1
                    device.reboot(into: boot)
                    _ = try await client.confirm(device, grant: claims.jti)
                    return claims
                }
                #expect(try await install(new, "os 2.0").downgrade == nil)
                let refused = try await problem { try await client.update(device, to: old) }
                #expect(refused.reasons == ["below-security-floor"])

                try await service.operating(as: .operator) { operators in
                    let unknown = try await problem {
                        try await operators.allowDowngrade(of: device.serial, try order(ContentDigest(of: [1])))
                    }
                    #expect(unknown.kind == .conflict)
                    let above = try await problem {
                        try await operators.allowDowngrade(of: device.serial, try order(new.manifest))
                    }
                    #expect(above.title.contains("not below"))
                    let report = try await operators.allowDowngrade(of: device.serial, try order(old.manifest))
                    #expect(report.downgrade?.manifest == old.manifest && report.downgrade?.by.text == "operator")
                    let question = PolicyQuestion(instance: device.instance, manifest: old.manifest)
                    let explained = try await operators.explain(question)
                    #expect(explained.refusals.isEmpty)
                    #expect(explained.details.contains { $0.contains("allows it below the security floor 3") })
                }
                let claims = try await install(old, "os 1.5")
                #expect(claims.purpose == .downgrade && claims.downgrade?.floor == 3)
                let again = try await problem { try await client.update(device, to: old) }
                #expect(again.reasons == ["below-security-floor"])
            }
            let report = try await service.operating(as: .auditor) { try await $0.instance(device.serial) }
            #expect(report.securityFloor == 3 && report.running.securityVersion == 2 && report.downgrade == nil)
            let size = try await service.store.ledgerHead().size
            let written = try await service.store.ledgerEntries(0..<size)
            let acts = try written.filter { try LedgerEntry(parsing: $0.bytes).body.type == "downgrade-allowance" }
            let granted = try written.compactMap { entry -> ContentDigest? in
                guard case .grant(let grant) = try LedgerEntry(parsing: entry.bytes).body else { return nil }
                return grant.downgrade
            }
            #expect(granted == acts.map { ContentDigest(of: $0.bytes) })
            // A span that begins behind the act brings it along.
            let act = try #require(written.firstIndex { $0 == acts.first })
            let span = try await service.audit(.entries(act + 1..<size))
            let findings = Auditor.judge(span, try service.anchors(factory)).findings
            #expect(findings.isEmpty)
        }
    }

    private func allowDowngrades(_ service: TestVerifier) async throws {
        let bytes = service.verifier.policy.now.bytes
        let text = String(decoding: bytes, as: UTF8.self)
        let changed = text.replacing(#""downgrade": false"#, with: #""downgrade": true"#)
        try #require(changed != text)
        try await service.verifier.activate(policy: Array(changed.utf8))
    }
}
