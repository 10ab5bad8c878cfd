import Messages
import Testing

@testable import UpdateTrust

/// Below the security floor: by an operator's act, once, for a while, and past the device's own counter.
@Suite struct DowngradeTests {
    private static let allowing = #"{"upgrade":true,"reinstall":true,"downgrade":true}"#

    /// An instance that was born with security version 3 and has confirmed 5.
    private func world(moves: String = allowing) throws -> World {
        var world = try World(policy: Sample.policy(moves: moves))
        try update(&world, to: Sample.release("1.2.0", securityVersion: 5))
        world.device.counters.securityFloor = 45
        return world
    }

    private func update(_ world: inout World, to release: Release) throws {
        let delivered = try world.granted(release)
        try world.install(delivered)
        #expect(try world.ask(.confirm, grant: delivered.claims.jti).reasonCodes == [])
    }

    private func old(_ securityVersion: UInt64 = 4) throws -> KnownRelease {
        try Sample.known(Sample.release("1.1.0", securityVersion: securityVersion))
    }

    private func allow(_ world: inout World, _ known: KnownRelease, seconds: Int64 = 86_400) throws -> String? {
        let act = DowngradeAllowance(
            known,
            seconds: seconds,
            by: Sample.label("alice"),
            reason: try #require(Remark("modem, ticket 812"))
        )
        switch try act.apply(to: world.state, bornFrom: world.record, at: world.now) {
        case .refused(let because): return because
        case .applied(let transition):
            world.state = transition.state
            try world.log.append(transition.entries)
            return nil
        }
    }

    @Test func theFloorRisesOnlyAfterConfirmation() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.2.0", securityVersion: 5))
        #expect(world.state.securityFloor == 3, "granted")
        try world.install(delivered)
        try world.ask(.attest)
        #expect(world.state.securityFloor == 3, "booted")
        var fallen = world
        try fallen.device.reboot(into: "1.0.0")
        try fallen.ask(.attest)
        #expect(fallen.state.securityFloor == 3, "fallen back")
        try world.ask(.confirm, grant: delivered.claims.jti)
        #expect(world.state.securityFloor == 5, "confirmed")
    }

    @Test func anOperatorAllowsOneInstall() throws {
        var world = try world()
        let old = try old()
        #expect(try world.ask(.update, package: old).reasonCodes == ["below-security-floor"])
        #expect(try allow(&world, old) == nil)
        guard case .downgrade(let entry) = try #require(world.log.entries.last).entry.body else {
            Issue.record("not on the ledger")
            return
        }
        #expect(entry.floor == 5 && entry.securityVersion == 4 && entry.release == old.manifest)
        let act = try #require(world.log.entries.last).digest

        let delivered = try world.granted(old.release)
        #expect(delivered.claims.purpose == .downgrade)
        #expect(delivered.claims.downgrade == GrantDowngrade(act: act, floor: 5))
        guard case .open = GateCheck.judge(try world.gate(delivered), trust: try world.trust()) else {
            Issue.record("the gate is shut")
            return
        }
        try world.install(delivered)
        try world.ask(.confirm, grant: delivered.claims.jti)
        #expect(world.state.running.securityVersion == 4)
        #expect(world.state.securityFloor == 5, "the floor never goes down")
        #expect(world.state.downgrade == nil, "one install")
        // The same again needs its own act, and what is not below the floor needs none.
        #expect(try world.ask(.update, package: old).reasonCodes == ["below-security-floor"])
        #expect(try world.granted(try Sample.release("1.3.0", securityVersion: 5)).claims.downgrade == nil)
    }

    @Test func theActIsForOneReleaseAndAWhile() throws {
        var world = try world()
        let old = try old()
        #expect(try allow(&world, old, seconds: 1000) == nil)
        let other = try Sample.known(Sample.release("1.1.1", securityVersion: 4))
        #expect(try world.ask(.update, package: other).reasonCodes == ["below-security-floor"])
        #expect(try world.granted(old.release).claims.exp == world.now + 1000, "a grant ends with what allows it")
        world.now += 999
        #expect(try world.ask(.update, package: old).reasonCodes == [])
        world.now += 1
        #expect(try world.ask(.update, package: old).reasonCodes == ["below-security-floor"])
    }

    @Test func thePolicyHasToAllowDowngradesToo() throws {
        var world = try world(moves: #"{"upgrade":true,"reinstall":true,"downgrade":false}"#)
        let old = try old()
        #expect(try allow(&world, old) == nil)
        #expect(try world.ask(.update, package: old).reasonCodes == ["move-not-allowed"])
    }

    @Test func whatCannotBeAllowed() throws {
        var world = try world()
        #expect(try allow(&world, old(2))?.contains("born with security version 3") == true)
        #expect(try allow(&world, old(5))?.contains("not below") == true)
        #expect(try allow(&world, old(), seconds: 0) != nil)
        #expect(try allow(&world, old(), seconds: PolicyRule.maximumGrant + 1) != nil)
        var elsewhere = try old()
        elsewhere.release.models = [Sample.label("gw-200")]
        #expect(try allow(&world, elsewhere) != nil)
        var withdrawn = try old()
        withdrawn.standing = .withdrawn
        #expect(try allow(&world, withdrawn)?.contains("withdrawn") == true)
        try world.act(.retire)
        #expect(try allow(&world, old())?.contains("retired") == true)
    }

    @Test func explanationsNameTheAct() throws {
        var world = try world()
        let old = try old()
        func explained() -> PolicyExplanation {
            world.policy.explain(
                .measured(world.record),
                state: world.state,
                manifest: old.manifest,
                known: old,
                at: world.now
            )
        }
        #expect(explained().refusals == ["below-security-floor"])
        #expect(try allow(&world, old) == nil)
        #expect(explained().refusals == [])
        #expect(explained().details.first?.hasPrefix("alice allows it below the security floor 5, until 2026-") == true)
    }

    // MARK: The device's own counter

    private func reasons(_ input: GateInput, _ world: World) throws -> [GateReason] {
        guard case .shut(let reasons) = GateCheck.judge(input, trust: try world.trust()) else { return [] }
        return reasons
    }

    @Test func attack67_olderGrantBelowTheFloor() throws {
        // Given when the floor was lower, genuine, unspent and in time: the counter has risen since.
        var before = try World(policy: Sample.policy(moves: Self.allowing))
        let update = try before.granted(try Sample.release("1.0.1", securityVersion: 3))
        var input = try before.gate(update)
        #expect(try reasons(input, before) == [])
        input.readings.securityFloor = 44
        #expect(try reasons(input, before) == [.belowSecurityFloor])
        // One that says downgrade, and no act for a floor.
        before = try World(policy: Sample.policy(moves: Self.allowing))
        before.state.securityFloor = 2
        before.device.counters.securityFloor = 42
        let downgrade = try before.granted(try Sample.release("0.9.0", securityVersion: 2))
        #expect(downgrade.claims.purpose == .downgrade)
        input = try before.gate(downgrade)
        #expect(try reasons(input, before) == [])
        input.readings.securityFloor = 43
        #expect(try reasons(input, before) == [.belowSecurityFloor])
    }

    @Test func attack67_actForALowerFloor() throws {
        var world = try world()
        let old = try old()
        #expect(try allow(&world, old) == nil)
        let delivered = try world.granted(old.release)
        var input = try world.gate(delivered)
        input.readings.securityFloor = 46
        #expect(try reasons(input, world) == [.belowSecurityFloor])
    }

    @Test func attack67_claimedActThatTheLedgerDoesNotHave() throws {
        // A grant that names an act which the entry beside it does not, or an act without being a downgrade.
        var world = try world()
        let old = try old()
        #expect(try allow(&world, old) == nil)
        let delivered = try world.granted(old.release)
        func gate(_ change: (inout GrantClaims) -> Void, entry act: ContentDigest?) throws -> [GateReason] {
            var claims = delivered.claims
            change(&claims)
            let terms = GrantTerms(claims: claims, boot: old.release.boot)
            let signed = try GrantSigner(key: world.grantKey).sign(terms)
            var log = world.log
            let body = GrantEntry(
                grant: signed.digest,
                jti: claims.jti,
                request: claims.request,
                lease: claims.lease.id,
                package: claims.package.reference,
                downgrade: act,
                expires: claims.exp
            )
            let actor = Actor(.verifier, Sample.verifier)
            let entry = LedgerEntry(at: world.now, instance: world.record.instance, actor: actor, body: .grant(body))
            try log.append([WrittenEntry(entry)])
            var forged = delivered
            forged.delivery = try log.delivery(of: signed.compact)
            return try reasons(try world.gate(forged), world)
        }
        let act = delivered.claims.downgrade?.act
        #expect(try gate({ _ in }, entry: act) == [])
        #expect(try gate({ _ in }, entry: nil) == [.entryMismatch])
        #expect(try gate({ $0.downgrade = nil }, entry: act) == [.belowSecurityFloor, .entryMismatch])
        #expect(try gate({ $0.purpose = .update }, entry: act) == [.grantClaims])
        #expect(try gate({ $0.downgrade?.floor = 4 }, entry: act) == [.grantClaims])
    }
}
