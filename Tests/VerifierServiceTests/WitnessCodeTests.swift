import Audit
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// Codes that somebody at a device was told, over the wire.
@Suite struct WitnessCodeTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    private static let setup = {
        var setup = TestVerifier.Setup()
        setup.policy = TestRule.policy(
            TestRule(
                "no-tpm",
                for: .compensated,
                #""controls":{"releases":"*","approvals":0,"claims":false,"witness":true}"#
            )
        )
        return setup
    }()

    private func with(
        _ body: (TestVerifier, inout CompensatedDevice, PackageReference) async throws -> Void
    ) async throws {
        try await TestVerifier.with(Self.setup, factory: factory, releases: releases) { service in
            var device = try CompensatedDevice(serial: "SN-1", at: factory)
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            try await body(service, &device, package)
        }
    }

    private func call(
        _ service: TestVerifier,
        _ device: Label,
        _ package: PackageReference,
        minutes: Int = 15
    ) async throws -> WitnessCodeAnswer {
        let order = try WitnessCodeOrder(release: package.manifest, minutes: minutes, reason: "Bob is on site").found()
        return try await service.operating(as: .operator) { try await $0.giveWitnessCode(at: device, order) }
    }

    @Test func aCodeIsGoodOnceAndNeverWritten() async throws {
        try await with { service, device, package in
            let answer = try await call(service, device.serial, package)
            try await service.anonymous { client in
                let granted = try await client.ask(&device, .update, package: package, witness: answer.code)
                let shown = try #require(granted.controls.first { $0.control == .witness })
                #expect(shown.isMet && shown.evidence == [answer.entry])
                let twice = try await problem {
                    try await client.ask(&device, .update, package: package, witness: answer.code)
                }
                #expect(twice.reasons == ["controls-unmet"])
            }
            let digits = answer.code.spoken.filter { $0 != "-" }
            #expect(!service.log.lines.contains { $0.contains(digits) || $0.contains(answer.code.spoken) })
            let size = try await service.store.ledgerHead().size
            for entry in try await service.store.ledgerEntries(0..<size) {
                #expect(!String(decoding: entry.bytes, as: UTF8.self).contains(digits))
            }
            let state = try #require(try await service.store.snapshot(of: device.instance, release: nil)?.state)
            let kept = String(decoding: try CanonicalJSON.encode(state), as: UTF8.self)
            #expect(!kept.contains(digits))
        }
    }

    /// The act of a code stands in the chain, perhaps before the span that is exported: a bundle without it proves nothing.
    @Test func anAuditorOfASpanLooksForTheAct() async throws {
        try await with { service, device, package in
            let answer = try await call(service, device.serial, package)
            _ = try await service.anonymous { client in
                try await client.ask(&device, .update, package: package, witness: answer.code)
            }
            let size = try await service.store.ledgerHead().size
            let digests = try await service.store.ledgerEntries(0..<size).map { ContentDigest(of: $0.bytes) }
            let act = try digests.firstIndex(of: answer.entry).found()
            let anchors = try service.anchors(factory)
            var span = try await service.audit(.entries(act + 1..<size))
            let honest = Auditor.judge(span, anchors).findings
            #expect(honest.isEmpty)
            span.entries.removeAll { $0.index == act }
            let findings = Auditor.judge(span, anchors).findings
            #expect(findings.contains { $0.description.contains("the code that it was given for is missing") })
        }
    }

    /// The agent was killed before the answer came, and asks again with what it has.
    @Test func aLostAnswerIsGivenAgain() async throws {
        try await with { service, device, package in
            let answer = try await call(service, device.serial, package)
            try await service.anonymous { client in
                var lost = device
                let first = try await client.ask(&lost, .update, package: package, witness: answer.code)
                let again = try await client.ask(&device, .update, package: package, witness: answer.code)
                let keys = service.trust.grantKeys
                let (one, other) = try (
                    CompensatedGrant.verify(first.grant.found().grant, issuer: label("test"), keys: keys),
                    CompensatedGrant.verify(again.grant.found().grant, issuer: label("test"), keys: keys)
                )
                #expect(one.claims.package == other.claims.package && one.claims.exp == other.claims.exp)
                #expect(one.claims.cnf == other.claims.cnf && again.position == first.position)
            }
        }
    }

    /// However often it asks again: nothing is counted as wrong, and what was spent stays spent on the same.
    @Test func aRetryBurnsNoAttempt() async throws {
        try await with { service, device, package in
            let code = try await call(service, device.serial, package).code
            let instance = device.instance
            func awaited() async throws -> AwaitedWitnessCode? {
                try await service.store.snapshot(of: instance, release: nil)?.state.witness
            }
            try await service.anonymous { client in
                for _ in 0..<6 {
                    var lost = device
                    let answer = try await client.ask(&lost, .update, package: package, witness: code)
                    #expect(answer.position == 1 && answer.grant != nil)
                    let spent = try await awaited().found()
                    #expect(spent.wrong == 0 && spent.spent?.position == 1)
                }
                // Another request is not the same one, and a code that is spent cannot be guessed at either.
                device.moveOn()
                let other = try await problem {
                    try await client.ask(&device, .update, package: package, witness: code)
                }
                #expect(other.reasons == ["controls-unmet"])
                #expect(try await awaited().found().wrong == 0)
            }
        }
    }

    /// At once and with the same keys, as a client that gave up waiting: one code, one step.
    @Test func theSameRequestTwiceAtOnce() async throws {
        try await with { service, device, package in
            let code = try await call(service, device.serial, package).code
            let same = device
            try await service.anonymous { client in
                let refusals = await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<6 {
                        group.addTask {
                            var asking = same
                            do {
                                try await client.ask(&asking, .update, package: package, witness: code)
                                return false
                            } catch VerifierClientError.problem(let problem) {
                                return problem.reasons == ["controls-unmet"]
                            } catch { return false }
                        }
                    }
                    return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(refusals == 0, "nobody is told that the code is spent")
            }
            let report = try await service.operating(as: .auditor) { try await $0.instance(device.serial) }
            #expect(report.position == 1 && report.fork == nil)
        }
    }

    @Test func fiveWrongOnesAndLateOnes() async throws {
        try await with { service, device, package in
            let right = try await call(service, device.serial, package).code
            let wrong = try #require(WitnessCode(number: right.spoken == "00000-00001" ? 2 : 1))
            try await service.anonymous { client in
                for code in Array(repeating: wrong, count: 5) + [right] {
                    let refused = try await problem {
                        try await client.ask(&device, .update, package: package, witness: code)
                    }
                    #expect(refused.reasons == ["controls-unmet"])
                }
                let late = try await call(service, device.serial, package, minutes: 1).code
                service.clock.advance(milliseconds: 61_000)
                let refused = try await problem {
                    try await client.ask(&device, .update, package: package, witness: late)
                }
                #expect(refused.reasons == ["controls-unmet"])
                let fresh = try await call(service, device.serial, package).code
                try await client.ask(&device, .update, package: package, witness: fresh)
            }
        }
    }

    @Test func nobodyIsToldACodeForADeviceWithATPM() async throws {
        try await with { service, device, package in
            let measured = try SoftwareKeyDevice(serial: "SN-2")
            try await service.importBirth(of: measured, by: factory)
            let conflict = try await problem { try await call(service, measured.serial, package) }
            #expect(conflict.kind == .conflict)
            var unknown = package
            unknown.manifest = ContentDigest(of: [7])
            let missing = try await problem { try await call(service, device.serial, unknown) }
            #expect(missing.kind == .conflict && missing.title.contains("release"))
        }
    }
}
