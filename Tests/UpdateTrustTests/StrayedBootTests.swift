import AttestationResults
import Messages
import Testing

@testable import UpdateTrust

/// Boots that are known and not those that the instance should show.
@Suite struct StrayedBootTests {
    /// An instance that confirmed 1.1.0, with 1.2.0 and a rescue image registered for its kind.
    private func updated(policy: Policy? = nil) throws -> World {
        var world = try World(policy: policy)
        let release = try Sample.release("1.1.0", securityVersion: 3)
        world.known = try [
            Sample.known(release), Sample.known(Sample.release("1.2.0", securityVersion: 4)),
            Sample.known(Sample.release("rescue-1", securityVersion: 1) { $0.role = .rescue }),
        ]
        try world.ask(.attest)
        let delivered = try world.granted(release)
        try world.install(delivered)
        try world.ask(.confirm, grant: delivered.claims.jti)
        #expect(world.state.running.version == Sample.label("1.1.0"))
        return world
    }

    private func lease(_ decision: Decision) throws -> Acceptance {
        guard case .accepted(let acceptance) = decision.outcome else { throw NotGranted(codes: decision.reasonCodes) }
        return acceptance
    }

    private func ends(_ world: World) -> [LeaseCause] {
        world.log.entries.compactMap { written in
            guard case .lease(let entry) = written.entry.body, entry.event == .ended else { return nil }
            return entry.cause
        }
    }

    @Test(arguments: [("1.0.0", BootName.previous), ("rescue-1", .rescue)])
    func aFallBackGetsAShortLeaseAndTheWayBack(version: String, boot: BootName) throws {
        var world = try updated()
        let before = try #require(world.state.lease)
        try world.device.reboot(into: version)
        world.now += 100
        let acceptance = try lease(world.ask(.attest))
        #expect(acceptance.boot == boot)
        #expect(world.state.lifecycle == .rescue)
        #expect(world.state.lease?.id != before.id)
        #expect(world.state.lease?.expires == world.now + PolicyRule.defaultRescueLease)
        #expect(ends(world).last == .rebooted)
        #expect(world.state.strayed?.version == Sample.label(version) && world.state.strayed?.since == world.now)
        #expect(world.state.running.version == Sample.label("1.1.0"))
        // Since when, not how long ago it was asked last.
        let since = world.now
        world.now += 500
        try world.ask(.attest)
        #expect(world.state.strayed?.since == since)
        #expect(world.state.lease?.expires == world.now + PolicyRule.defaultRescueLease)

        // The way back is the release on record, though reinstalling is not allowed to a healthy device.
        world.policy = try Sample.policy(moves: #"{"upgrade":true,"reinstall":false,"downgrade":false}"#)
        let repair = try world.granted(Sample.release("1.1.0", securityVersion: 3))
        #expect(repair.claims.exp <= world.now + PolicyRule.defaultRescueLease)
        #expect(repair.claims.from.bootState == boot)
        try world.install(repair)
        _ = try lease(world.ask(.confirm, grant: repair.claims.jti))
        #expect(world.state.lifecycle == .trusted)
        #expect(world.state.strayed == nil && world.state.remark == nil && world.state.pending == nil)
        #expect(world.state.lease?.expires == world.now + 86_400)
        // What it ran before the repaired release is what it ran before.
        #expect(world.state.previous?.version == Sample.label("1.0.0"))
    }

    @Test func aFallBackThatHealsItselfIsTrustedAgain() throws {
        var world = try updated()
        try world.device.reboot(into: "1.0.0")
        try world.ask(.attest)
        let short = try #require(world.state.lease)
        try world.device.reboot(into: "1.1.0")
        #expect(try lease(world.ask(.attest)).boot == .current)
        #expect(world.state.lifecycle == .trusted && world.state.strayed == nil)
        #expect(world.state.lease?.id != short.id)
    }

    @Test func theRuleSaysHowLongARescueLeaseIs() throws {
        var world = try updated(policy: Sample.policy(rescue: 60))
        try world.device.reboot(into: "rescue-1")
        try world.ask(.attest)
        #expect(world.state.lease?.expires == world.now + 60)
        world.now += 60
        #expect(world.state.lease?.holds(at: world.now) == false)
    }

    @Test func aRescueImageIsNeverGranted() throws {
        var world = try updated()
        let rescue = try Sample.known(Sample.release("rescue-1", securityVersion: 1) { $0.role = .rescue })
        #expect(try world.ask(.update, package: rescue).reasonCodes.contains("rescue-not-granted"))
    }

    /// Genuine and signed, and nobody granted it to this instance.
    @Test func driftEndsTheLeaseAndIsNamed() throws {
        var world = try updated()
        let delivered = try world.granted(Sample.release("1.3.0", securityVersion: 4))
        #expect(world.state.pending?.jti == delivered.claims.jti && world.state.pending?.status == .issued)
        try world.device.reboot(into: "1.2.0")
        let decision = try world.ask(.attest)
        #expect(decision.reasonCodes == ["drifted"])
        #expect(world.state.lifecycle == .drifted && world.state.lease == nil)
        #expect(world.state.pending?.status == .ended)
        #expect(ends(world).last == .drifted)
        #expect(world.state.strayed?.version == Sample.label("1.2.0"))
        #expect(world.state.remark?.contains("1.2.0") == true)
        guard case .decision(let entry)? = world.log.entries.suffix(2).first?.entry.body else {
            Issue.record("no decision")
            return
        }
        #expect(entry.boot == .drifted && entry.release == world.known[1].manifest && entry.lifecycle == .drifted)
        // Nothing is granted to it either.
        #expect(try world.ask(.update, package: world.known[1]).reasonCodes == ["drifted"])
        // The way back is the boot that it should show; no operator is needed, since nothing was tampered with.
        try world.device.reboot(into: "1.1.0")
        _ = try lease(world.ask(.attest))
        #expect(world.state.lifecycle == .trusted && world.state.strayed == nil)
    }

    @Test func aPolicyMayLendADriftedInstanceALittleTrust() throws {
        var world = try updated(policy: Sample.policy(drift: 900))
        try world.device.reboot(into: "1.2.0")
        #expect(try lease(world.ask(.attest)).boot == .drifted)
        #expect(world.state.lifecycle == .drifted)
        #expect(world.state.lease?.expires == world.now + 900)
        let repair = try world.granted(Sample.release("1.1.0", securityVersion: 3))
        #expect(repair.claims.exp <= world.now + 900)
    }

    /// A tampered boot is no drift, whatever is registered; and a release of another kind of device is none either.
    @Test func tamperingIsToldFromDrift() throws {
        var world = try updated(policy: Sample.policy(drift: 900))
        world.known.append(
            try Sample.known(Sample.release("9.9.9", securityVersion: 9) { $0.models = [Sample.label("other")] })
        )
        for boot in ["9.9.9", "tampered"] {
            var struck = world
            try struck.device.reboot(into: boot)
            #expect(try struck.ask(.attest).reasonCodes.contains("evidence-refused"))
            #expect(struck.state.lifecycle == .suspended && struck.state.lease == nil)
        }
    }

    /// A rule cannot trust what strays for longer than what does not.
    @Test(arguments: ["rescue", "drift"]) func aStrayLeaseIsNoLongerThanALease(key: String) throws {
        #expect(throws: MessageError.self) {
            try Sample.policy(lease: 3600, rescue: key == "rescue" ? 3601 : nil, drift: key == "drift" ? 3601 : nil)
        }
        #expect(throws: MessageError.self) { try Sample.policy(rescue: key == "rescue" ? 0 : nil, drift: 0) }
    }

    /// An expectation that was taken from other releases than the decision knows is no ground to decide on.
    @Test func aBootOfAnUnknownReleaseIsNotDecidedOn() throws {
        var world = try updated()
        try world.device.reboot(into: "1.2.0")
        var input = try world.input(.attest)
        input.known = []
        guard case .undecided = decide(input).outcome else {
            Issue.record("decided")
            return
        }
    }
}
