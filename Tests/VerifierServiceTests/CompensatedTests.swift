import Crypto
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// Devices without a TPM, over the wire: born on the line, updated under approvals, and what becomes of copies.
@Suite struct CompensatedTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    /// One rule for devices without a TPM, before that for all others.
    private static func setup(approvals: Int = 1) -> TestVerifier.Setup {
        var setup = TestVerifier.Setup()
        setup.policy = TestRule.policy(
            TestRule(
                "no-tpm",
                for: .compensated,
                #""controls":{"releases":["os"],"approvals":\#(approvals),"claims":true}"#
            ),
            TestRule("all")
        )
        return setup
    }

    private func with(
        approvals: Int = 1,
        _ body: (TestVerifier, inout CompensatedDevice) async throws -> Void
    ) async throws {
        try await TestVerifier.with(Self.setup(approvals: approvals), factory: factory, releases: releases) { service in
            var device = try CompensatedDevice(serial: "SN-1", at: factory)
            try await service.importBirth(of: device, by: factory)
            try await body(service, &device)
        }
    }

    private func types(_ instance: InstanceID, _ service: TestVerifier) async throws -> [String] {
        let size = try await service.store.ledgerHead().size
        return try await service.store.ledgerEntries(0..<size).map { try LedgerEntry(parsing: $0.bytes) }
            .filter { $0.instance == instance }.map(\.body.type)
    }

    private func approval(
        _ release: ContentDigest,
        _ device: Label?,
        environment: String? = nil,
        role: OperatorRole = .releaseManager
    ) throws -> ApprovalOrder {
        try ApprovalOrder(
            release: release,
            device: device,
            environment: environment.map(label),
            role: role,
            hours: 1,
            reason: "change 12"
        ).found()
    }

    @Test func wholeLifeOfADeviceWithoutATPM() async throws {
        try await with { service, device in
            let package = try await service.add(try releases.release("2.0"), releases)
            try await service.anonymous { client in
                let first = try await client.ask(&device)
                #expect(first.position == 1 && first.rule == "no-tpm")
                #expect(first.controls.map(\.control) == [.ratchet, .claims] && first.controls.allSatisfy(\.isMet))

                let asked = device
                let refused = try await problem { try await client.ask(&device, .update, package: package) }
                #expect(refused.reasons == ["controls-unmet"] && refused.kind == .refused)
                #expect(SoftwareKey(of: asked.key) == SoftwareKey(of: device.key))

                let order = try approval(package.manifest, device.serial)
                let approved = try await service.operating(as: .releaseManager) { try await $0.approve(order) }
                #expect(approved.by.text == "release-manager" && approved.instance == device.instance)
                let listed = try await service.operating(as: .auditor) { try await $0.approvals(of: package.manifest) }
                #expect(listed.approvals == [approved])

                let answer = try await client.ask(&device, .update, package: package)
                let delivery = try answer.grant.found()
                let grant = try service.compensatedGrant(delivery.grant)
                #expect(grant.instance == device.instance && grant.claims.position == answer.position)
                let shown = try #require(grant.claims.controls.first { $0.control == .approval })
                #expect(shown.evidence == [approved.entry])
                device.boot(package)
                try await client.ask(&device, .confirm, grant: grant.claims.jti)
            }
            let report = try await service.operating(as: .auditor) { try await $0.instance(device.serial) }
            #expect(report.tier == .compensated && report.running.version.text == "2.0" && report.securityFloor == 2)
            // A refusal has moved the verifier on, and the device has asked again with the same keys.
            #expect(report.position == 3 && report.fork == nil)
            #expect(
                try await types(device.instance, service) == [
                    "birth", "compensated-decision", "lease", "compensated-decision", "lease", "compensated-decision",
                    "lease", "grant", "receipt", "compensated-decision", "lease",
                ]
            )
        }
    }

    /// Case 78: a device with a TPM that claims to have none.
    ///
    /// It is refused like a stranger, and noticed.
    @Test func attack78_aDeviceWithATPMThatPretendsToHaveNone() async throws {
        try await with { service, _ in
            let measured = try SoftwareKeyDevice(serial: "SN-2")
            try await service.importBirth(of: measured, by: factory)
            var pretender = try CompensatedDevice(serial: "SN-3", at: factory)
            try await service.anonymous { client in
                let lease = try await client.attest(measured).lease
                let order = ChallengeRequest(instance: measured.instance, purpose: .attest)
                let challenge = try await client.challenge(order).challenge
                let evidence = try CompensatedEvidence(
                    CompensatedRequest(
                        instance: measured.instance,
                        purpose: .attest,
                        challenge: challenge,
                        key: SoftwareKey(of: pretender.key),
                        next: SoftwareKey(of: pretender.next),
                        claims: pretender.claims,
                        running: pretender.running
                    ),
                    signedBy: pretender.key,
                    next: pretender.next
                )
                let refused = try await problem { try await client.decide(evidence) }
                #expect(refused.kind == .notAuthentic && refused.reasons == nil)
                #expect(try await client.attest(measured).lease.id == lease.id, "it hurts nobody")
                pretender.moveOn()
            }
            #expect(service.verifier.metrics.text().contains("birthmark_tier_mismatches_total 1"))
            #expect(service.log.lines.contains { $0.contains("claims to have none") })
        }
    }

    /// Case 76: a device without a TPM that claims to have one, with a quote of another's.
    @Test func attack76_aChildThatClaimsATPM() async throws {
        try await with { service, device in
            let measured = try SoftwareKeyDevice(serial: "SN-2")
            try await service.importBirth(of: measured, by: factory)
            try await service.anonymous { client in
                let order = ChallengeRequest(instance: device.instance, purpose: .attest)
                let challenge = try await client.challenge(order).challenge
                var request = try measured.request(.attest, challenge: challenge)
                request.instance = device.instance
                let evidence = try measured.evidence(for: request)
                let refused = try await problem { try await client.decide(evidence) }
                #expect(refused.kind == .notAuthentic)
                try await client.ask(&device)
            }
            #expect(service.verifier.metrics.text().contains("birthmark_tier_mismatches_total 1"))
        }
    }

    @Test func aCopyThatSpeaksSuspendsBothUntilAnOperatorHasLooked() async throws {
        try await with(approvals: 0) { service, device in
            let package = try await service.add(try releases.release("2.0"), releases)
            try await service.anonymous { client in
                try await client.ask(&device)
                var copy = device
                for _ in 0..<2 { try await client.ask(&device) }
                let forked = try await problem { try await client.ask(&copy) }
                #expect(forked.reasons == ["forked"] && forked.entry != nil)
                let both = try await problem { try await client.ask(&device, .update, package: package) }
                #expect(both.reasons == ["suspended", "forked"])
                let report = try await service.operating(as: .auditor) { try await $0.instance(device.serial) }
                #expect(report.fork?.position == 1 && report.fork?.committed == 3 && report.lease == nil)
                let plain = try await problem {
                    try await service.operating(as: .operator) {
                        try await $0.act(.reinstate, on: device.serial, try remark("looked at it"))
                    }
                }
                #expect(plain.kind == .conflict && plain.title.contains("settle-fork"))
                let order = try ForkOrder(.known, reason: "the copy was in the shop").found()
                let settled = try await service.operating(as: .operator) {
                    try await $0.settleFork(of: device.serial, order)
                }
                #expect(settled.fork == nil && settled.lifecycle == "born")
                try await client.ask(&device)
                #expect(try await problem { try await client.ask(&copy) }.reasons == ["forked"])
            }
        }
    }

    /// The answer was lost, or the agent killed: it asks again with the same keys, and nothing is forked.
    @Test func anAnswerThatIsLostIsNoFork() async throws {
        try await with(approvals: 0) { service, device in
            try await service.anonymous { client in
                for _ in 0..<3 {
                    var lost = device
                    try await client.ask(&lost)
                    try await client.ask(&device)
                }
            }
            let report = try await service.operating(as: .auditor) { try await $0.instance(device.serial) }
            #expect(report.position == 3 && report.fork == nil && report.lifecycle == "trusted")
        }
    }

    /// Twice at once with the same keys: as a client that gave up waiting and asks again.
    @Test func theSameRequestTwiceAtOnceIsOneStep() async throws {
        try await with(approvals: 0) { service, device in
            let same = device
            try await service.anonymous { client in
                let answered = await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            var asking = same
                            return (try? await client.ask(&asking)) != nil
                        }
                    }
                    return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                #expect(answered > 0)
                try await client.ask(&device)
                try await client.ask(&device)
            }
            let report = try await service.operating(as: .auditor) { try await $0.instance(device.serial) }
            #expect(report.position == 2 && report.fork == nil)
        }
    }

    @Test func recordedRequestsForkNobody() async throws {
        try await with(approvals: 0) { service, device in
            try await service.anonymous { client in
                let order = ChallengeRequest(instance: device.instance, purpose: .attest)
                let evidence = try device.evidence(.attest, try await client.challenge(order).challenge)
                _ = try await client.decide(evidence)
                device.moveOn()
                for _ in 0..<2 { try await client.ask(&device) }
                #expect(try await problem { try await client.decide(evidence) }.kind == .notAuthentic)
                try await client.ask(&device)
            }
        }
    }

    /// Who holds requests up on their way cannot make a copy of the device with them.
    @Test func requestsThatWereHeldUpForkNobody() async throws {
        try await with(approvals: 0) { service, device in
            try await service.anonymous { client in
                let held = [try await client.evidence(of: device), try await client.evidence(of: device)]
                service.clock.advance(milliseconds: 5)
                // First it is the same step as what was decided on; then its keys are those of long ago.
                for evidence in held {
                    try await client.ask(&device)
                    #expect(try await problem { try await client.decide(evidence) }.kind == .undecided)
                }
                try await client.ask(&device)
            }
            let report = try await service.operating(as: .auditor) { try await $0.instance(device.serial) }
            #expect(report.position == 3 && report.fork == nil && report.lifecycle == "trusted")
        }
    }

    @Test func approvalsAreOfTheirGiversRole() async throws {
        try await with { service, device in
            let package = try await service.add(try releases.release("2.0"), releases)
            let others = try approval(package.manifest, device.serial, role: .operator)
            let forbidden = try await problem {
                try await service.operating(as: .releaseManager) { try await $0.approve(others) }
            }
            #expect(forbidden.kind == .forbidden)
            let unknown = try approval(ContentDigest(of: [1]), nil, environment: "lab")
            let missing = try await problem {
                try await service.operating(as: .releaseManager) { try await $0.approve(unknown) }
            }
            #expect(missing.kind == .conflict)
            let measured = try SoftwareKeyDevice(serial: "SN-2")
            try await service.importBirth(of: measured, by: factory)
            let needless = try approval(package.manifest, measured.serial)
            let conflict = try await problem {
                try await service.operating(as: .releaseManager) { try await $0.approve(needless) }
            }
            #expect(conflict.kind == .conflict)
        }
    }

    /// What an explanation says before anybody asks.
    @Test func policyExplainSaysWhatIsMissing() async throws {
        try await with(approvals: 2) { service, device in
            let package = try await service.add(try releases.release("2.0"), releases)
            let question = PolicyQuestion(instance: device.instance, manifest: package.manifest)
            func explained() async throws -> PolicyExplanation {
                try await service.operating(as: .operator) { try await $0.explain(question) }
            }
            let before = try await explained()
            #expect(before.rule == "no-tpm" && before.refusals == ["controls-unmet"])
            #expect(before.details.contains("approved by 0 of 2 people"))
            let first = try approval(package.manifest, device.serial)
            _ = try await service.operating(as: .releaseManager) { try await $0.approve(first) }
            let second = try approval(package.manifest, nil, environment: "lab", role: .operator)
            _ = try await service.operating(as: .operator) { try await $0.approve(second) }
            let after = try await explained()
            #expect(after.refusals.isEmpty)
            #expect(after.details.contains("approved by 2 (operator, release-manager) of 2 people"))
        }
    }

    /// A station vouches for such births as for any, and only in its own name.
    @Test func birthsWithoutATPMAreJudgedToo() async throws {
        try await TestVerifier.with(Self.setup(), factory: factory) { service in
            let device = try CompensatedDevice(serial: "SN-1", at: factory)
            var stolen = device.record
            stolen.station = try label("line-9")
            let other = try factory.bundle(of: [try factory.envelope(stolen)])
            let refused = try await problem {
                try await service.operating(as: .factory) { try await $0.importBirths(other) }
            }
            #expect(refused.reasons == ["station-differs"])
            let namesake = try CompensatedDevice(serial: "SN-1", at: factory)
            let twice = try factory.bundle(of: [
                try factory.envelope(device.record), try factory.envelope(namesake.record),
            ])
            let doubled = try await problem {
                try await service.operating(as: .factory) { try await $0.importBirths(twice) }
            }
            #expect(doubled.reasons == ["birth-doubled"])
            try await service.importBirth(of: device, by: factory)
            let sameSerial = try CompensatedDevice(serial: "SN-1", at: factory)
            let again = try factory.bundle(of: [try factory.envelope(sameSerial.record)])
            let outcome = try await service.operating(as: .factory) { try await $0.importBirths(again) }
            #expect(outcome.births.map(\.outcome) == [.refused])
        }
    }
}
