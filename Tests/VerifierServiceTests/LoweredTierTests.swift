import Crypto
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// A device with a TPM that does not serve any more, over the wire.
@Suite struct LoweredTierTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    private static let setup = {
        var setup = TestVerifier.Setup()
        setup.policy = TestRule.policy(
            TestRule(
                "no-tpm",
                for: .compensated,
                lease: 86_400,
                #""controls":{"releases":"*","approvals":1,"claims":true}"#
            ),
            TestRule("all", for: .withTPM)
        )
        return setup
    }()

    /// A device with a TPM, and the software key that its agent has made.
    private func with(
        _ body: (TestVerifier, SoftwareKeyDevice, inout CompensatedDevice) async throws -> Void
    ) async throws {
        try await TestVerifier.with(Self.setup, factory: factory, releases: releases) { service in
            let measured = try SoftwareKeyDevice(serial: "SN-2")
            try await service.importBirth(of: measured, by: factory)
            var device = try CompensatedDevice(serial: "SN-3", at: factory)
            device.speaksFor = measured.instance
            try await body(service, measured, &device)
        }
    }

    private func order(_ device: CompensatedDevice, days: Int = 7) throws -> LowerTierOrder {
        let request = try KeyRequest(by: device.key, claims: device.claims)
        return try LowerTierOrder(
            request: Blob(try CanonicalJSON.encode(request)),
            days: days,
            reason: "TPM dead, board ordered"
        ).found()
    }

    private func lower(
        _ service: TestVerifier,
        _ measured: SoftwareKeyDevice,
        for device: CompensatedDevice,
        days: Int = 7
    ) async throws -> LoweredTierFile {
        let order = try order(device, days: days)
        return try await service.operating(as: .operator) { try await $0.lowerTier(of: measured.serial, order) }
    }

    @Test func aWholeTimeWithoutATPM() async throws {
        try await with { service, measured, device in
            let package = try await service.add(try releases.release("2.0"), releases)
            try await service.anonymous { client in
                let lease = try await client.attest(measured).lease
                let stranger = try await problem { try await client.ask(&device) }
                #expect(stranger.kind == .notAuthentic && stranger.reasons == nil)
                let file = try await lower(service, measured, for: device)
                #expect(file.instance == measured.instance && file.key == SoftwareKey(of: device.key))
                #expect(try await lower(service, measured, for: device) == file, "the answer was lost")
                let answer = try await client.ask(&device)
                #expect(answer.lease.id != lease.id && answer.rule == "no-tpm" && answer.lowered == file.lowered)
                let refused = try await problem { try await client.attest(measured) }
                #expect(refused.reasons == ["tier-lowered"])
                let approval = try ApprovalOrder(
                    release: package.manifest,
                    device: measured.serial,
                    environment: nil,
                    role: .operator,
                    hours: 1,
                    reason: "change 12"
                ).found()
                _ = try await service.operating(as: .operator) { try await $0.approve(approval) }
                let granted = try await client.ask(&device, .update, package: package)
                let grant = try service.compensatedGrant(granted.grant.found().grant)
                #expect(grant.claims.lowered == file.lowered && grant.claims.tier == .compensated)
                let report = try await service.operating(as: .auditor) { try await $0.instance(measured.serial) }
                #expect(report.tier == .compensated && report.lowered == file.lowered && report.position == 2)
                let reason = try remark("TPM answers again")
                let raised = try await service.operating(as: .operator) {
                    try await $0.raiseTier(of: measured.serial, reason)
                }
                #expect(raised.tier != .compensated && raised.lowered == nil && raised.lease == nil)
                let nobody = try await problem { try await client.ask(&device) }
                #expect(nobody.kind == .notAuthentic)
                _ = try await client.attest(measured)
                let again = try await problem {
                    try await service.operating(as: .operator) { try await $0.raiseTier(of: measured.serial, reason) }
                }
                #expect(again.kind == .conflict)
            }
        }
    }

    @Test func attack78_theTimeIsOverOverTheWire() async throws {
        try await with { service, measured, device in
            try await service.anonymous { client in
                _ = try await lower(service, measured, for: device, days: 1)
                let until = try await client.ask(&device).lease.expires
                service.clock.advance(milliseconds: 86_400_000)
                #expect(until <= service.verifier.clock.seconds, "its lease ended with its time")
                let over = try await problem { try await client.ask(&device) }
                #expect(over.kind == .notAuthentic && over.reasons == nil)
                #expect(service.verifier.metrics.text().contains("birthmark_tier_mismatches_total 1"))
                #expect(service.log.lines.contains { $0.contains("time without its TPM is over") })
            }
        }
    }

    @Test func attack78_aKeyThatNobodyNamed() async throws {
        try await with { service, measured, device in
            var other = try CompensatedDevice(serial: "SN-4", at: factory)
            other.speaksFor = measured.instance
            try await service.anonymous { client in
                _ = try await lower(service, measured, for: device)
                let refused = try await problem { try await client.ask(&other) }
                #expect(refused.kind == .notAuthentic && refused.reasons == nil)
                try await client.ask(&device)
                let conflict = try await problem { try await lower(service, measured, for: other) }
                #expect(conflict.kind == .conflict)
            }
        }
    }

    @Test func attack78_loweredByWhoMayNot() async throws {
        try await with { service, measured, device in
            let order = try order(device)
            for role in OperatorRole.allCases where role != .operator {
                let refused = try await problem {
                    try await service.operating(as: role) { try await $0.lowerTier(of: measured.serial, order) }
                }
                #expect(refused.kind == .forbidden)
            }
            try await service.anonymous { client in
                let refused = try await problem { try await client.ask(&device) }
                #expect(refused.kind == .notAuthentic)
            }
        }
    }

    /// A request is held to its signature: nobody has a key named that he does not have.
    @Test func aKeyThatDoesNotSignIsNotNamed() async throws {
        try await with { service, measured, device in
            var request = try KeyRequest(by: device.key, claims: device.claims)
            request.key = SoftwareKey(of: P256.Signing.PrivateKey())
            let order = try LowerTierOrder(
                request: Blob(try CanonicalJSON.encode(request)),
                days: 1,
                reason: "TPM dead"
            ).found()
            let refused = try await problem {
                try await service.operating(as: .operator) { try await $0.lowerTier(of: measured.serial, order) }
            }
            #expect(refused.kind == .malformed)
        }
    }

    /// Otherwise that device would speak for both.
    @Test func attack78_theKeyOfAnotherDevice() async throws {
        try await with { service, measured, _ in
            let born = try CompensatedDevice(serial: "SN-5", at: factory)
            try await service.importBirth(of: born, by: factory)
            let refused = try await problem { try await lower(service, measured, for: born) }
            #expect(refused.kind == .conflict && refused.title.contains("another device"))
        }
    }

    @Test func theRetiredAndThoseWithoutATPMAreNotLowered() async throws {
        try await with { service, measured, device in
            var born = try CompensatedDevice(serial: "SN-5", at: factory)
            try await service.importBirth(of: born, by: factory)
            let order = try order(device)
            let below = try await problem {
                try await service.operating(as: .operator) { try await $0.lowerTier(of: born.serial, order) }
            }
            #expect(below.kind == .conflict)
            try await service.anonymous { client in _ = try await client.ask(&born) }
            let reason = try remark("scrapped")
            _ = try await service.operating(as: .operator) { try await $0.act(.retire, on: measured.serial, reason) }
            let retired = try await problem { try await lower(service, measured, for: device) }
            #expect(retired.kind == .conflict)
        }
    }
}
