import AttestationResults
import Messages
import Testing

@testable import UpdateTrust

/// What ends without anybody asking.
@Suite struct LapseTests {
    private func lastBodies(_ transition: Transition) -> [String] { transition.entries.map(\.entry.body.type) }

    @Test func aLeaseEndsAtItsLastSecond() throws {
        var world = try World()
        try world.ask(.attest)
        let lease = try #require(world.state.lease)
        #expect(world.state.due == lease.expires)
        world.now = lease.expires - 1
        #expect(try world.lapse().entries.isEmpty)
        world.now = lease.expires
        let transition = try world.lapse()
        guard case .lease(let entry) = transition.entries.last?.entry.body else { throw NotGranted(codes: []) }
        #expect(entry.event == .ended && entry.cause == .expired && entry.id == lease.id)
        #expect(transition.entries.last?.entry.actor == Actor(.verifier, Sample.verifier))
        #expect(world.state.lease == nil && world.state.due == nil && world.state.lifecycle == .trusted)
        // It comes back by evidence, as another lease.
        try world.ask(.attest)
        #expect(world.state.lease != nil && world.state.lease?.id != lease.id)
    }

    @Test func withdrawalEndsWhatWasNotSpent() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        world.withdraw(delivered.claims.package.manifest, .withdrawn)
        #expect(lastBodies(try world.lapse()) == ["update"])
        #expect(world.state.pending?.status == .ended && world.state.pending?.stage == .withdrawn)
        #expect(world.state.lease?.holds(at: world.now) == true)
        #expect(try world.lapse().entries.isEmpty, "once")
    }

    @Test func withdrawalLeavesAloneWhoRunsIt() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        try world.install(delivered)
        try world.ask(.confirm, grant: delivered.claims.jti)
        world.withdraw(delivered.claims.package.manifest, .withdrawn)
        #expect(try world.lapse().entries.isEmpty)
        try world.ask(.attest)
        #expect(world.state.lifecycle == .trusted)
    }

    @Test func recallEndsTheTrustOfWhoRunsItAndLeadsToAnother() throws {
        var world = try World(policy: Sample.policy(rescue: 600))
        let bad = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        try world.install(bad)
        try world.ask(.confirm, grant: bad.claims.jti)
        world.withdraw(bad.claims.package.manifest, .recalled)

        let transition = try world.lapse()
        guard case .lease(let entry) = transition.entries.last?.entry.body else { throw NotGranted(codes: []) }
        #expect(entry.cause == .recalled)
        #expect(world.state.lease == nil && world.state.lifecycle == .rescue)
        #expect(world.state.remark?.contains("recalled") == true)
        #expect(InstanceStanding(of: world.state).status(at: world.now) == .invalid)

        // Its evidence is good, and worth the way out alone.
        let decision = try world.ask(.attest)
        guard case .accepted(let acceptance) = decision.outcome else { throw NotGranted(codes: decision.reasonCodes) }
        #expect(acceptance.lease.expires == world.now + 600)
        #expect(InstanceStanding(of: world.state).status(at: world.now) == .invalid)
        let known = try Sample.known(bad.release, standing: .recalled)
        #expect(try world.ask(.update, package: known).reasonCodes.contains("release-withdrawn"))

        let good = try world.granted(try Sample.release("1.2.0", securityVersion: 5))
        try world.install(good)
        try world.ask(.confirm, grant: good.claims.jti)
        #expect(world.state.lifecycle == .trusted && world.state.remark == nil)
        #expect(InstanceStanding(of: world.state).status(at: world.now) == .valid)
    }

    /// Nobody has to sweep for a recall to count.
    @Test func recallCountsAtTheNextEvidence() throws {
        var world = try World()
        let bad = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        try world.install(bad)
        try world.ask(.confirm, grant: bad.claims.jti)
        let lease = world.state.lease?.id
        world.withdraw(bad.claims.package.manifest, .recalled)
        try world.ask(.attest)
        #expect(world.state.lifecycle == .rescue)
        #expect(world.state.lease?.id != lease)
        #expect(world.state.lease.map { $0.expires - world.now } == PolicyRule.defaultRescueLease)
    }

    @Test func recallBeforeTheConfirmation() throws {
        var world = try World()
        let bad = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        try world.install(bad)
        world.withdraw(bad.claims.package.manifest, .recalled)
        let decision = try world.ask(.confirm, grant: bad.claims.jti)
        #expect(decision.reasonCodes == [], "that it runs is a fact")
        #expect(world.state.running.manifest == bad.claims.package.manifest)
        #expect(world.state.lifecycle == .rescue)
        #expect(world.state.lease.map { $0.expires - world.now } == PolicyRule.defaultRescueLease)
    }

    @Test func nothingMovesWhoIsRetired() throws {
        var world = try World()
        _ = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        try world.act(.retire)
        world.now += 1_000_000
        #expect(world.state.due == nil)
        #expect(try world.lapse().entries.isEmpty)
    }

    @Test func suspendedInstancesKeepTheirUpdatesTruth() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        try world.act(.suspend)
        #expect(world.state.due == delivered.claims.exp)
        world.now = delivered.claims.exp
        #expect(lastBodies(try world.lapse()) == ["update"])
        #expect(world.state.pending?.stage == .unconfirmed && world.state.lifecycle == .suspended)
    }
}
