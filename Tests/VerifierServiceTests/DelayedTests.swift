import Audit
import Crypto
import Messages
import Testing
import UpdateTrust
import VerifierClient

@testable import VerifierService

/// Requests and receipts that come as files, through the service.
@Suite struct DelayedTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    private func setup(_ freshness: String = #""freshness": "epoch""#) throws -> TestVerifier.Setup {
        var setup = TestVerifier.Setup()
        setup.limits.epochSeconds = 1000
        setup.policy = TestRule.policy(
            TestRule("ship", #""delayed":{\#(freshness),"span":{"seconds":86400},"resets":5}"#)
        )
        return setup
    }

    private func request(
        _ device: SoftwareKeyDevice,
        _ package: PackageReference,
        _ challenge: String
    ) throws -> Evidence {
        try device.evidence(for: device.request(.delayed, challenge: challenge, package: package))
    }

    private func receipt(_ device: SoftwareKeyDevice, _ jti: String) throws -> Evidence {
        try device.evidence(for: device.request(.confirm, challenge: jti, grant: jti))
    }

    private func grant(_ answer: DecisionAnswer, _ service: TestVerifier) throws -> Grant {
        try service.grant(answer.grant.found().grant)
    }

    /// What travels already cannot be called back; nothing of it is handed out a second time.
    @Test func nothingIsHandedOutAgainOfWhatWasWithdrawn() async throws {
        try await TestVerifier.with(setup(), factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            let epoch = try await service.anonymous { try await $0.epoch() }
            let evidence = try request(device, package, epoch.challenge)
            _ = try await service.operating(as: .operator) { try await $0.authorize(evidence) }
            _ = try await service.operating(as: .releaseManager) {
                try await $0.withdrawRelease(package.manifest, try remark("broken"))
            }
            let again = try await service.operating(as: .operator) { client in
                try await problem { try await client.authorize(evidence) }
            }
            #expect(again.reasons == ["release-withdrawn"])
        }
    }

    /// That a grant travels is what its entry says besides the token: where, for how long, and over how many resets.
    @Test func anAuditorMissesThatAGrantTravels() async throws {
        try await TestVerifier.with(setup(), factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            let epoch = try await service.anonymous { try await $0.epoch() }
            let evidence = try request(device, package, epoch.challenge)
            _ = try await service.operating(as: .operator) { try await $0.authorize(evidence) }
            let anchors = try service.anchors(factory)
            var keeper = try LyingKeeper(try await service.audit(.instance(device.instance)))
            let honest = try keeper.judged(anchors).findings
            #expect(honest.isEmpty, "\(honest)")
            try keeper.change { entry in
                guard case .grant(var body) = entry.body, body.bounds != nil else { return false }
                body.bounds = nil
                entry.body = .grant(body)
                return true
            }
            let found = try keeper.judged(anchors).findings.map(\.problem)
            #expect(found.contains("is not what the grant says, or the decision"), "\(found)")
        }
    }

    @Test func nothingIsHandedOutAgainOfARolloutThatIsHeld() async throws {
        try await TestVerifier.with(setup(), factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            let epoch = try await service.anonymous { try await $0.epoch() }
            let evidence = try request(device, package, epoch.challenge)
            func order(_ verb: RolloutVerb, percent: Int? = nil) throws -> RolloutOrder {
                let plan = percent.flatMap { RolloutPlan(percent: $0) }
                return try RolloutOrder(verb, plan: plan, reason: "ticket 7").found()
            }
            try await service.operating(as: .operator) { client in
                func change(_ verb: RolloutVerb, percent: Int? = nil) async throws {
                    _ = try await client.rollout(of: package.manifest, order(verb, percent: percent))
                }
                try await change(.set, percent: 0)
                let early = try await problem { try await client.authorize(evidence) }
                #expect(early.reasons == ["rollout-not-yet"])
                try await change(.set, percent: 100)
                let first = try await client.authorize(evidence)
                try await change(.pause)
                let held = try await problem { try await client.authorize(evidence) }
                #expect(held.reasons == ["rollout-paused"])
                try await change(.resume, percent: 0)
                // What was given stays given, wherever the percentage is now.
                #expect(try await client.authorize(evidence).grant?.grant == first.grant?.grant)
            }
        }
    }

    @Test func sameRequestGetsTheSameGrantAndItsReceiptClosesIt() async throws {
        try await TestVerifier.with(setup(), factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            let epoch = try await service.anonymous { try await $0.epoch() }
            let evidence = try request(device, package, epoch.challenge)
            try await service.operating(as: .operator) { client in
                let first = try await client.authorize(evidence)
                let again = try await client.authorize(evidence)
                #expect(first.grant?.grant == again.grant?.grant)
                #expect(first.grant?.entry == again.grant?.entry)
                #expect(first.lease == again.lease && first.rule == again.rule)
                // Another quote over the same words is another request, and the first grant may still be used.
                let reworded = try await problem {
                    try await client.authorize(request(device, package, epoch.challenge))
                }
                #expect(reworded.reasons == ["grant-outstanding"])
                let jti = try grant(first, service).claims.jti
                // A receipt before there is anything to show.
                let early = try await problem { try await client.bringReceipt(receipt(device, jti)) }
                #expect(early.reasons?.first == "boot-not-as-granted")
                device.counters.grants += 1
                device.reboot(into: "os 2.0")
                let file = try receipt(device, jti)
                let taken = try await client.bringReceipt(file)
                #expect(taken.outcome == .closed && taken.running.version.text == "2.0")
                #expect(try await client.bringReceipt(file).outcome == .known)
                // The request's time is not over, but its grant is.
                let used = try await problem { try await client.authorize(evidence) }
                #expect(used.kind == .refused)
            }
            let ledger = try await service.operating(as: .auditor) { try await $0.instance(device.serial) }
            #expect(ledger.running.manifest == package.manifest)
        }
    }

    @Test func attack79_epochTwoBack() async throws {
        try await TestVerifier.with(setup(), factory: factory, releases: releases) { service in
            let package = try await service.add(try releases.release("2.0"), releases)
            // At the beginning of one: what follows must not come into the next by itself.
            service.clock.advance(milliseconds: 1_000_000 - service.verifier.clock.milliseconds() % 1_000_000)
            let epoch = try await service.anonymous { try await $0.epoch() }
            let devices = try ["SN-1", "SN-2"].map { try SoftwareKeyDevice(serial: $0) }
            for device in devices { try await service.importBirth(of: device, by: factory) }
            try await service.operating(as: .operator) { client in
                service.clock.advance(milliseconds: 1_000_000)
                _ = try await client.authorize(try request(devices[0], package, epoch.challenge))
                service.clock.advance(milliseconds: 1_000_000)
                let refused = try await problem {
                    try await client.authorize(try request(devices[1], package, epoch.challenge))
                }
                #expect(refused.kind == .notAuthentic)
            }
        }
    }

    @Test func attack79_epochsThatAreNone() throws {
        let epochs = Epochs(key: SymmetricKey(size: .bits256), length: 1000)
        let (name, expires) = epochs.current(at: 5500)
        #expect(expires == 7000)
        #expect(try epochs.check(name, at: 5999).began == 5000)
        #expect(try epochs.check(name, at: 6999).began == 5000)
        for now in [4999, 7000, 0, -1] as [Int64] {
            #expect(throws: Epochs.Refusal.notCurrent) { try epochs.check(name, at: now) }
        }
        for other in [
            Epochs(key: SymmetricKey(size: .bits256), length: 1000), Epochs(key: epochs.key, length: 1001),
        ] {
            #expect(throws: Epochs.Refusal.self) { try other.check(name, at: 5500) }
        }
        let bytes = try Base64URL.decode(name).found()
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            #expect(throws: Epochs.Refusal.notOurs) { try epochs.check(Base64URL.encode(changed), at: 5500) }
        }
        for text in ["", "AAECAw", name + "A", String(name.dropLast()), String(repeating: "A", count: 4000)] {
            #expect(throws: Epochs.Refusal.self) { try epochs.check(text, at: 5500) }
        }
    }

    @Test func challengeOfTheDeviceIsUsedOnce() async throws {
        let challenging = try setup(#""freshness": "challenge", "age": {"seconds": 5000}"#)
        try await TestVerifier.with(challenging, factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let sister = try SoftwareKeyDevice(serial: "SN-2")
            for one in [device, sister] { try await service.importBirth(of: one, by: factory) }
            let package = try await service.add(try releases.release("2.0"), releases)
            let other = try await service.add(try releases.release("3.0"), releases)
            let given = try await service.anonymous { client in
                try await [client.challenge(device, .delayed), client.challenge(device, .delayed)]
            }
            let online = try await service.anonymous { try await $0.challenge(device, .attest) }
            let epoch = try await service.anonymous { try await $0.epoch() }
            try await service.operating(as: .operator) { client in
                for (asker, challenge, kind) in [
                    (sister, given[0].challenge, Problem.Kind.notAuthentic), (device, online.challenge, .notAuthentic),
                    (device, epoch.challenge, .refused), (device, "AAECAw", .notAuthentic),
                ] {
                    let refusal = try await problem { try await client.authorize(request(asker, package, challenge)) }
                    #expect(refusal.kind == kind)
                }
                service.clock.advance(milliseconds: 4_000_000)
                _ = try await client.authorize(try request(device, package, given[0].challenge))
                let twice = try await problem {
                    try await client.authorize(request(device, other, given[0].challenge))
                }
                #expect(twice.reasons == ["request-used"])
                service.clock.advance(milliseconds: 2_000_000)
                let late = try await problem {
                    try await client.authorize(request(device, other, given[1].challenge))
                }
                #expect(late.reasons == ["request-too-old"])
            }
            // Nor is it good for anything over the network.
            try await service.anonymous { client in
                let evidence = try device.evidence(for: device.request(.attest, challenge: given[1].challenge))
                #expect(try await problem { try await client.decide(evidence) }.kind == .notAuthentic)
                let delayed = try request(device, other, given[1].challenge)
                #expect(try await problem { try await client.decide(delayed) }.kind == .malformed)
            }
        }
    }
}
