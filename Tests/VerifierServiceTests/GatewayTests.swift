import Audit
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// Devices without a TPM that speak through a gateway, over the wire.
@Suite struct GatewayTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    /// - Parameters:
    ///   - isWanted: whether a device without a TPM needs a gateway's word.
    ///   - mayVouch: whether a device with a TPM may give it.
    private static func setup(
        readBack: Bool = false,
        gatewayLease: Int64 = 3600,
        isWanted: Bool = true,
        mayVouch: Bool = true
    ) -> TestVerifier.Setup {
        let gateway = #""gateway":true"#
        let wanted = isWanted ? gateway + "," : ""
        var setup = TestVerifier.Setup()
        setup.policy = TestRule.policy(
            TestRule(
                "behind",
                for: .compensated,
                lease: 7200,
                #""controls":{"releases":["os"],"approvals":0,"claims":true,\#(wanted)"readBack":\#(readBack)}"#
            ),
            TestRule("gateways", for: .withTPM, lease: gatewayLease, mayVouch ? gateway : nil)
        )
        return setup
    }

    /// A verifier, a child and two gateways; the child is assigned to the first.
    private func with(
        readBack: Bool = false,
        gatewayLease: Int64 = 3600,
        remembering challenges: Int = ConsumedChallenges.usualLimit,
        _ body: (TestVerifier, inout CompensatedDevice, [TestGateway]) async throws -> Void
    ) async throws {
        var setup = Self.setup(readBack: readBack, gatewayLease: gatewayLease)
        setup.rememberedChallenges = challenges
        // Longer than a test can take.
        if challenges < ConsumedChallenges.usualLimit { setup.limits.challengeSeconds = 3600 }
        try await TestVerifier.with(setup, factory: factory, releases: releases) { service in
            var child = try CompensatedDevice(serial: "SN-1", at: factory)
            try await service.importBirth(of: child, by: factory)
            let gateways = [try TestGateway(serial: "GW-1"), try TestGateway(serial: "GW-2")]
            for gateway in gateways { try await service.importBirth(of: gateway.device, by: factory) }
            try await service.assign(child, to: [gateways[0]])
            try await body(service, &child, gateways)
        }
    }

    private func report(_ child: CompensatedDevice, _ service: TestVerifier) async throws -> InstanceReport {
        try await service.operating(as: .auditor) { try await $0.instance(child.serial) }
    }

    private func entries(_ instance: InstanceID, _ service: TestVerifier) async throws -> [LedgerEntry] {
        let size = try await service.store.ledgerHead().size
        return try await service.store.ledgerEntries(0..<size).map { try LedgerEntry(parsing: $0.bytes) }
            .filter { $0.instance == instance }
    }

    private func sweep(_ service: TestVerifier) async throws { while try await service.verifier.sweep() > 0 {} }

    @Test func wholeUpdateBehindAGatewayThatReadsBack() async throws {
        try await with(readBack: true) { service, child, gateways in
            let package = try await service.add(try releases.release("2.0"), releases)
            try await service.anonymous { client in
                let first = try await client.ask(&child, through: gateways[0])
                #expect(first.child.controls.map(\.control) == [.ratchet, .claims, .gateway])
                #expect(first.child.lease.expires <= first.gateway.lease.expires, "its lease caps the child's")
                let answer = try await client.ask(&child, through: gateways[0], .update, package: package).child
                let grant = try service.compensatedGrant(answer.grant.found().grant)
                child.boot(package)
                let unread = try await problem {
                    try await client.ask(&child, through: gateways[0], .confirm, grant: grant.claims.jti)
                }
                #expect(unread.reasons == ["controls-unmet"])
                let confirmed = try await client.ask(
                    &child,
                    through: gateways[0],
                    .confirm,
                    grant: grant.claims.jti,
                    readBack: package.sha256
                )
                #expect(confirmed.child.controls.last?.control == .readBack)
            }
            let report = try await report(child, service)
            #expect(report.running.version.text == "2.0" && report.lease?.under == gateways[0].instance)
            #expect(report.gateways == [gateways[0].instance])
            let told = try await entries(child.instance, service).compactMap { entry -> VouchReport? in
                guard case .compensated(let body) = entry.body else { return nil }
                return body.vouch
            }
            let quoted = try await entries(gateways[0].instance, service).compactMap { entry -> ContentDigest? in
                guard case .decision(let body) = entry.body, body.vouches != nil else { return nil }
                return try WrittenEntry(entry).digest
            }
            #expect(told.count == 4 && told.map(\.entry) == quoted, "each contact names the quote that covers it")
            #expect(told.allSatisfy { $0.observed.address?.text == "192.168.7.20" })
        }
    }

    /// Case 74: what a gateway can say that is not so, and what becomes of it.
    @Test func attack74_gatewayLiesAboutItsChild() async throws {
        try await with { service, child, gateways in
            try await service.anonymous { client in
                let gateway = gateways[0]
                let evidence = try await client.evidence(of: child)
                func challenge() async throws -> String { try await client.challenge(gateway.device, .vouch).challenge }

                // Other evidence than the child's: the statement does not fit.
                let other = try gateway.vouched(
                    evidence,
                    of: child.instance,
                    challenge: try await challenge(),
                    observed: try TestGateway.observed(),
                    evidence: ContentDigest(of: [1])
                )
                #expect(try await problem { try await client.decide(other) }.kind == .malformed)

                // A statement that was changed after the quote.
                var changed = try gateway.vouched(
                    evidence,
                    of: child.instance,
                    challenge: try await challenge(),
                    observed: try TestGateway.observed()
                )
                changed.statement = Blob(
                    try VouchStatement(
                        child: child.instance,
                        evidence: evidence.digest,
                        observed: try TestGateway.observed(readBack: ContentDigest(of: [2]))
                    ).bytes
                )
                #expect(try await problem { try await client.decide(changed) }.kind == .malformed)

                // What the child never said: it does not have the child's key.
                var forged = child
                (forged.key, forged.next) = (forged.next, forged.key)
                let made = try await client.evidence(of: forged)
                let invented = try await problem {
                    try await client.pass(made, of: child.instance, through: gateway, try TestGateway.observed())
                }
                #expect(invented.kind == .notAuthentic)

                // The same word again.
                let word = try gateway.vouched(
                    try await client.evidence(of: child),
                    of: child.instance,
                    challenge: try await challenge(),
                    observed: try TestGateway.observed()
                )
                _ = try await client.decide(word)
                child.moveOn()
                #expect(try await problem { try await client.decide(word) }.kind == .notAuthentic)
            }
            #expect(try await report(child, service).lifecycle == "trusted")
        }
    }

    /// Strangers who fill the memory of challenges keep out neither a gateway nor its child.
    @Test func attack37_challengeReuseInAFullMemoryThroughAGateway() async throws {
        try await with(remembering: 8) { service, child, gateways in
            let observed = try TestGateway.observed()
            try await service.anonymous { client in
                var forged = child
                (forged.key, forged.next) = (forged.next, forged.key)
                for _ in 0..<8 {
                    let garbage = try await client.evidence(of: forged)
                    #expect(try await problem { try await client.decide(garbage) }.kind == .notAuthentic)
                }
                let garbage = try await client.evidence(of: forged)
                #expect(try await problem { try await client.decide(garbage) }.kind == .busy)
                let passedOn = try await problem {
                    try await client.pass(garbage, of: child.instance, through: gateways[0], observed)
                }
                #expect(passedOn.kind == .busy)

                let word = try gateways[0].vouched(
                    try await client.evidence(of: child),
                    of: child.instance,
                    challenge: try await client.challenge(gateways[0].device, .vouch).challenge,
                    observed: observed
                )
                _ = try await client.decide(word)
                child.moveOn()
                #expect(try await problem { try await client.decide(word) }.kind == .notAuthentic)
                let again = try await problem {
                    try await client.pass(word.child, of: child.instance, through: gateways[0], observed)
                }
                #expect(again.kind == .notAuthentic)
            }
        }
    }

    /// A gateway that answers in the verifier's place would leave the child with a key that nobody has committed.
    @Test func attack74_gatewayMakesAnAnswerUp() async throws {
        try await with { service, child, gateways in
            let own = child
            try await service.anonymous { client in
                let evidence = try await client.evidence(of: own)
                let answer = try await client.pass(
                    evidence,
                    of: own.instance,
                    through: gateways[0],
                    try TestGateway.observed()
                ).child
                let (issuer, keys) = (try label("test"), try service.trust.resultKeys.found())
                func hold(
                    _ answer: CompensatedAnswer,
                    _ request: [UInt8],
                    keys: [StatementKey]
                ) throws(JWSError) {
                    try Commitment.hold(answer, to: request, of: own.instance, issuer: issuer, keys: keys)
                }
                try hold(answer, evidence.request.bytes, keys: keys)
                for change: (inout CompensatedAnswer) -> Void in [
                    { $0.key = SoftwareKey(of: own.key) }, { $0.position += 1 }, { $0.commitment = nil },
                    { $0.lease = LeaseStatement(id: $0.lease.id, expires: $0.lease.expires + 1) },
                    { $0.commitment = $0.commitment.map { $0.dropLast(8) + "AAAAAAAA" } },
                ] {
                    var made = answer
                    change(&made)
                    #expect(throws: JWSError.self) { try hold(made, evidence.request.bytes, keys: keys) }
                }
                let other = try own.evidence(.attest, "another challenge").request.bytes
                #expect(throws: JWSError.self) { try hold(answer, other, keys: keys) }
                #expect(throws: JWSError.self) {
                    try hold(answer, evidence.request.bytes, keys: service.trust.grantKeys)
                }
            }
        }
    }

    @Test func attack74_gatewayVouchesForAChildThatIsNotItsOwn() async throws {
        try await with { service, child, gateways in
            try await service.anonymous { client in
                let refused = try await problem { try await client.ask(&child, through: gateways[1]) }
                #expect(refused.reasons == ["not-assigned"] && refused.instance == child.instance.text)
                #expect(try await report(child, service).lease == nil)
                try await client.ask(&child, through: gateways[0])
            }
            #expect(service.verifier.metrics.text().contains(#"birthmark_vouches_total{verdict="not-assigned"} 1"#))
            #expect(service.log.lines.contains { $0.contains("not its own") })
        }
    }

    /// Either of the two says what is not so: both words are on the ledger, and an operator looks.
    @Test func attack74_whatIsReadBackIsNotWhatTheChildSays() async throws {
        try await with(readBack: true) { service, child, gateways in
            let package = try await service.add(try releases.release("2.0"), releases)
            try await service.anonymous { client in
                try await client.ask(&child, through: gateways[0])
                let answer = try await client.ask(&child, through: gateways[0], .update, package: package).child
                let grant = try service.compensatedGrant(answer.grant.found().grant)
                child.boot(package)
                let refused = try await problem {
                    try await client.ask(
                        &child,
                        through: gateways[0],
                        .confirm,
                        grant: grant.claims.jti,
                        readBack: ContentDigest(of: [9])
                    )
                }
                #expect(refused.reasons == ["read-back-differs"])
                #expect(
                    try await problem { try await client.ask(&child, through: gateways[0]) }.reasons == ["suspended"]
                )
            }
            let report = try await report(child, service)
            #expect(report.lifecycle == "suspended" && report.lease == nil)
            let causes = try await entries(child.instance, service).compactMap { entry -> LeaseCause? in
                guard case .lease(let body) = entry.body, body.event == .ended else { return nil }
                return body.cause
            }
            #expect(causes == [.readBackDiffers])
        }
    }

    /// What is reinstalled has the name of what ran before: only the image tells whether it is there.
    @Test func whatIsReinstalledIsReadBackToo() async throws {
        try await with(readBack: true) { service, child, gateways in
            let package = try await service.add(try releases.release("2.0"), releases)
            try await service.anonymous { client in
                try await client.ask(&child, through: gateways[0])
                let first = try await client.ask(&child, through: gateways[0], .update, package: package).child
                let installed = try service.compensatedGrant(first.grant.found().grant).claims.jti
                child.boot(package)
                try await client.ask(
                    &child,
                    through: gateways[0],
                    .confirm,
                    grant: installed,
                    readBack: package.sha256
                )
                let second = try await client.ask(&child, through: gateways[0], .update, package: package).child
                let reinstalled = try service.compensatedGrant(second.grant.found().grant).claims.jti
                let unread = try await problem {
                    try await client.ask(&child, through: gateways[0], .confirm, grant: reinstalled)
                }
                #expect(unread.reasons == ["controls-unmet"])
                let refused = try await problem {
                    try await client.ask(
                        &child,
                        through: gateways[0],
                        .confirm,
                        grant: reinstalled,
                        readBack: ContentDigest(of: [9])
                    )
                }
                #expect(refused.reasons == ["read-back-differs"])
            }
            let report = try await report(child, service)
            #expect(report.lifecycle == "suspended")
        }
    }

    /// A keeper of the ledger who names another entry as the gateway's word.
    @Test func anAuditorLooksForTheGatewaysOwnWord() async throws {
        try await with { service, child, gateways in
            let package = try await service.add(try releases.release("2.0"), releases)
            try await service.anonymous { client in
                try await client.ask(&child, through: gateways[0])
                try await client.ask(&child, through: gateways[0], .update, package: package)
            }
            let anchors = try service.anchors(factory)
            let bundle = try await service.audit(.instance(child.instance))
            let honest = Auditor.judge(bundle, anchors).findings
            #expect(honest.isEmpty)
            var keeper = try LyingKeeper(bundle)
            let birth = try keeper.entries.first { $0.body.type == "birth" }.found()
            let other = try WrittenEntry(birth).digest
            try keeper.change { entry in
                guard case .compensated(var body) = entry.body, body.purpose == .update else { return false }
                body.vouch?.entry = other
                entry.body = .compensated(body)
                return true
            }
            let findings = try keeper.judged(anchors).findings
            #expect(findings.contains { $0.description.contains("no word of its gateway") })

            // What the gateway has said of an earlier contact it has not said of this one.
            keeper = try LyingKeeper(bundle)
            var first = try keeper.entries.first { $0.instance == gateways[0].instance }.found()
            // The first of its entries here, which the keeper writes as the beginning of its chain.
            first.prev = nil
            let earlier = try WrittenEntry(first).digest
            try keeper.change { entry in
                guard case .compensated(var body) = entry.body, body.purpose == .update else { return false }
                body.vouch?.entry = earlier
                entry.body = .compensated(body)
                return true
            }
            let others = try keeper.judged(anchors).findings
            #expect(others.contains { $0.description.contains("for another device or contact") })
        }
    }

    /// Case 75: the gateway's lease ends after its child was granted something.
    @Test func attack75_gatewayLeaseEndsMidUpdate() async throws {
        try await with { service, child, gateways in
            let package = try await service.add(try releases.release("2.0"), releases)
            try await service.anonymous { client in
                try await client.ask(&child, through: gateways[0])
                let answer = try await client.ask(&child, through: gateways[0], .update, package: package).child
                let grant = try service.compensatedGrant(answer.grant.found().grant)
                _ = try await service.operating(as: .operator) {
                    try await $0.act(.suspend, on: gateways[0].device.serial, try remark("stolen"))
                }
                try await sweep(service)
                let ended = try await report(child, service)
                #expect(ended.lease == nil && ended.lifecycle == "trusted")
                #expect(
                    try await entries(child.instance, service).contains { entry in
                        guard case .lease(let body) = entry.body else { return false }
                        return body.cause == .gatewayEnded && body.event == .ended && body.under == gateways[0].instance
                    }
                )
                child.boot(package)
                let refused = try await problem {
                    try await client.ask(&child, through: gateways[0], .confirm, grant: grant.claims.jti)
                }
                #expect(refused.reasons == ["suspended"] && refused.instance == gateways[0].instance.text)
                // What was installed meanwhile is confirmed through another gateway: the grant had not been taken back from the device.
                try await service.assign(child, to: [gateways[1]])
                try await client.ask(&child, through: gateways[1], .confirm, grant: grant.claims.jti)
            }
            let after = try await report(child, service)
            #expect(after.running.version.text == "2.0" && after.lease?.under == gateways[1].instance)
        }
    }

    /// A gateway whose tier was lowered vouches for nobody, and what was trusted on its word is so no more: also when its software key has
    /// a lease before anybody has looked.
    @Test func attack75_aGatewayThatHasNoTPMAnyMore() async throws {
        try await TestVerifier.with(Self.setup(isWanted: false), factory: factory) { service in
            var child = try CompensatedDevice(serial: "SN-1", at: factory)
            try await service.importBirth(of: child, by: factory)
            let gateway = try TestGateway(serial: "GW-1")
            try await service.importBirth(of: gateway.device, by: factory)
            try await service.assign(child, to: [gateway])
            try await service.anonymous { client in
                try await client.ask(&child, through: gateway)
                #expect(try await report(child, service).lease?.under == gateway.instance)

                var software = try CompensatedDevice(serial: "SN-3", at: factory)
                software.speaksFor = gateway.instance
                let order = try LowerTierOrder(
                    request: Blob(
                        try CanonicalJSON.encode(try KeyRequest(by: software.key, claims: software.claims))
                    ),
                    days: 7,
                    reason: "TPM dead"
                ).found()
                _ = try await service.operating(as: .operator) {
                    try await $0.lowerTier(of: gateway.device.serial, order)
                }
                try await client.ask(&software)
                let own = try await service.operating(as: .auditor) { try await $0.instance(gateway.device.serial) }
                #expect(own.lifecycle == "trusted" && own.lease != nil && own.lowered != nil)
                try await sweep(service)
                #expect(try await report(child, service).lease == nil)
                #expect(
                    try await problem { try await client.ask(&child, through: gateway) }.reasons == ["tier-lowered"]
                )
            }
            let causes = try await entries(child.instance, service).compactMap { entry -> LeaseCause? in
                guard case .lease(let body) = entry.body, body.event == .ended else { return nil }
                return body.cause
            }
            #expect(causes == [.gatewayEnded])
        }
    }

    @Test func attack75_noLeaseAndNoGrantOutlivesTheGateways() async throws {
        try await with(gatewayLease: 600) { service, child, gateways in
            let package = try await service.add(try releases.release("2.0"), releases)
            try await service.anonymous { client in
                let answer = try await client.ask(&child, through: gateways[0], .update, package: package)
                let grant = try service.compensatedGrant(answer.child.grant.found().grant)
                #expect(answer.child.lease.expires == answer.gateway.lease.expires)
                #expect(grant.claims.exp <= answer.gateway.lease.expires)
            }
            service.clock.advance(milliseconds: 601_000)
            try await sweep(service)
            #expect(try await report(child, service).lease == nil)
        }
    }

    /// Case 77: one child behind two gateways: the same request through both, and a copy behind the other.
    @Test func attack77_sameChildBehindTwoGateways() async throws {
        try await with { service, child, gateways in
            try await service.assign(child, to: gateways)
            try await service.anonymous { client in
                let evidence = try await client.evidence(of: child)
                let observed = try TestGateway.observed()
                let first = try await client.pass(evidence, of: child.instance, through: gateways[0], observed)
                let second = try await problem {
                    try await client.pass(evidence, of: child.instance, through: gateways[1], observed)
                }
                #expect(second.kind == .notAuthentic, "one request is answered once")
                // The child that heard nothing asks again with the same keys, through the other: the same step.
                let again = try await client.ask(&child, through: gateways[1])
                #expect(again.child.position == first.child.position && again.child.key == first.child.key)

                var copy = child
                for _ in 0..<2 { try await client.ask(&child, through: gateways[0]) }
                let forked = try await problem { try await client.ask(&copy, through: gateways[1]) }
                #expect(forked.reasons == ["forked"])
                let both = try await problem { try await client.ask(&child, through: gateways[0]) }
                #expect(both.reasons == ["suspended", "forked"])
            }
        }
    }

    /// At once through both: one of them is first, and nothing forks.
    @Test func attack77_bothGatewaysAtOnce() async throws {
        try await with { service, child, gateways in
            try await service.assign(child, to: gateways)
            let same = child
            try await service.anonymous { client in
                let answered = await withTaskGroup(of: Bool.self) { group in
                    for gateway in gateways.map(Passing.init) {
                        group.addTask {
                            var asking = same
                            return (try? await client.ask(&asking, through: gateway.gateway)) != nil
                        }
                    }
                    return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                #expect(answered > 0)
                try await client.ask(&child, through: gateways[0])
            }
            let report = try await report(child, service)
            #expect(report.position == 1 && report.fork == nil && report.lifecycle == "trusted")
        }
    }

    @Test func aChildThatGoesRoundItsGatewayGetsNothing() async throws {
        try await with { service, child, gateways in
            try await service.anonymous { client in
                let refused = try await problem { try await client.ask(&child) }
                #expect(refused.reasons == ["controls-unmet"])
                #expect(try await report(child, service).lease == nil)
                try await client.ask(&child, through: gateways[0])
                // A lease that it has through its gateway is not made longer by going round it.
                let before = try await report(child, service).lease
                _ = try await problem { try await client.ask(&child) }
                #expect(try await report(child, service).lease == before)
            }
        }
    }

    @Test func onlyWhomThePolicyLetsVouches() async throws {
        try await TestVerifier.with(Self.setup(mayVouch: false), factory: factory) { service in
            var child = try CompensatedDevice(serial: "SN-1", at: factory)
            try await service.importBirth(of: child, by: factory)
            let gateway = try TestGateway(serial: "GW-1")
            try await service.importBirth(of: gateway.device, by: factory)
            try await service.assign(child, to: [gateway])
            try await service.anonymous { client in
                let refused = try await problem { try await client.ask(&child, through: gateway) }
                #expect(refused.reasons == ["not-a-gateway"] && refused.instance == gateway.instance.text)
            }
            // It was judged all the same, and is healthy.
            let own = try await service.operating(as: .auditor) { try await $0.instance(gateway.device.serial) }
            #expect(own.lifecycle == "trusted" && own.lease != nil)
            #expect(try await report(child, service).position == 0)
        }
    }

    /// Who stands at the gateway's door and has no key moves nothing, neither of the gateway nor of its child.
    @Test func strangersAtTheDoorMoveNothing() async throws {
        try await with { service, child, gateways in
            let size = try await service.store.ledgerHead().size
            let stranger = try CompensatedDevice(serial: "SN-9", at: factory)
            try await service.anonymous { client in
                var pretender = child
                (pretender.key, pretender.next) = (stranger.key, stranger.next)
                for _ in 0..<20 {
                    let refused = try await problem { try await client.ask(&pretender, through: gateways[0]) }
                    #expect(refused.kind == .notAuthentic)
                }
                #expect(try await service.store.ledgerHead().size == size)
                try await client.ask(&child, through: gateways[0])
            }
        }
    }

    @Test func aDeviceSeenAtAnotherLinkAddressThanAtBirthIsRefused() async throws {
        try await TestVerifier.with(Self.setup(readBack: false), factory: factory) { service in
            var child = try CompensatedDevice(
                serial: "SN-1",
                at: factory,
                claims: ["link-address": "52:54:00:12:34:56"]
            )
            try await service.importBirth(of: child, by: factory)
            let gateway = try TestGateway(serial: "GW-1")
            try await service.importBirth(of: gateway.device, by: factory)
            try await service.assign(child, to: [gateway])
            try await service.anonymous { client in
                let elsewhere = try await problem {
                    try await client.ask(&child, through: gateway, link: "52:54:00:ff:ff:ff")
                }
                #expect(elsewhere.reasons == ["controls-unmet"])
                try await client.ask(&child, through: gateway, link: "52:54:00:12:34:56")
            }
        }
    }

    @Test func onlyDevicesWithATPMAreGateways() async throws {
        try await with { service, child, gateways in
            let other = try CompensatedDevice(serial: "SN-2", at: factory)
            try await service.importBirth(of: other, by: factory)
            let order = try GatewayOrder([other.serial], reason: "hall 3").found()
            let refused = try await problem {
                try await service.operating(as: .operator) { try await $0.assign(child.serial, order) }
            }
            #expect(refused.kind == .conflict)
            let itself = try GatewayOrder([gateways[1].device.serial], reason: "hall 3").found()
            let needless = try await problem {
                try await service.operating(as: .operator) { try await $0.assign(gateways[0].device.serial, itself) }
            }
            #expect(needless.kind == .conflict)
        }
    }
}

/// A gateway for one task; the device in it is used by nobody else meanwhile.
private struct Passing: @unchecked Sendable {
    let gateway: TestGateway
}
