import Messages
import Testing

@testable import UpdateTrust

/// What two people can lift together, and what nobody can.
@Suite struct EmergencyTests {
    /// Not now, which is a Monday's afternoon.
    private static let closed = #"{"days":["sun"],"from":"02:00","to":"04:00"}"#

    private func known() throws -> KnownRelease { try Sample.known(Sample.release("1.1.0", securityVersion: 4)) }

    private func lastDecision(_ world: World) throws -> DecisionEntry {
        for written in world.log.entries.reversed() {
            if case .decision(let body) = written.entry.body { return body }
        }
        throw NotGranted(codes: [])
    }

    /// The release with a rollout that stands like this.
    private func staged(_ known: KnownRelease, _ status: Rollout.Status, percent: Int = 100) throws -> KnownRelease {
        let plan = try #require(RolloutPlan(percent: percent))
        let reason = try #require(Remark("20 of 40 updates failed"))
        var rollout = Rollout(known.manifest, plan, at: Sample.now, by: Actor(.operator, Sample.label("carol")), reason)
        rollout.status = status
        var known = known
        known.rollout = rollout
        return known
    }

    @Test func case34_anEmergencyOutsideTheWindowNeedsTwoPeople() throws {
        var world = try World(policy: Sample.policy(grant: 7200, window: Self.closed))
        let known = try known()
        #expect(try world.ask(.update, package: known).reasonCodes == ["outside-window"])
        try world.declare(known, by: "ann")
        #expect(try world.ask(.update, package: known).reasonCodes == ["outside-window"])
        try world.declare(known, by: "ann")
        #expect(try world.ask(.update, package: known).reasonCodes == ["outside-window"], "one person twice is one")
        try world.declare(known, by: "bob", [.haltedRollout])
        #expect(try world.ask(.update, package: known).reasonCodes == ["outside-window"], "of something else")
        try world.declare(known, by: "bob", hours: 1)
        #expect(try world.ask(.update, package: known).reasonCodes == [])
        #expect(try lastDecision(world).emergencies == [world.emergency(0), world.emergency(3)])
        #expect(world.state.pending?.expires == world.now + 3600, "no grant outlives what it rests on")
        world.now += 3600
        #expect(try world.ask(.update, package: known).reasonCodes == ["outside-window"], "it is over by itself")
        #expect(try lastDecision(world).emergencies == nil)
    }

    @Test func aHaltedRolloutIsLiftedAndAPlanIsNot() throws {
        let known = try known()
        for (status, percent, codes) in [
            (.halted, 100, []), (.halted, 0, ["rollout-not-yet"]), (.paused, 100, ["rollout-paused"]),
            (.rolling, 100, []),
        ] as [(Rollout.Status, Int, [String])] {
            var world = try World()
            let staged = try staged(known, status, percent: percent)
            if status == .halted {
                #expect(try world.ask(.update, package: staged).reasonCodes == ["rollout-halted"])
            }
            try world.declare(known, by: "ann", [.haltedRollout])
            try world.declare(known, by: "bob", [.haltedRollout, .window])
            #expect(try world.ask(.update, package: staged).reasonCodes == codes, "\(status) \(percent)")
            let isNamed = try lastDecision(world).emergencies != nil
            #expect(isNamed == (status == .halted && codes.isEmpty), "\(status) \(percent)")
        }
    }

    @Test func nothingElseIsLifted() throws {
        var known = try known()
        var world = try World(policy: Sample.policy(window: Self.closed, approvals: #"{"count":1}"#))
        let other = try Sample.known(Sample.release("1.2.0", securityVersion: 4))
        try world.declare(other, by: "ann")
        try world.declare(other, by: "bob")
        #expect(
            try world.ask(.update, package: known).reasonCodes == ["release-not-approved", "outside-window"],
            "an emergency of another release"
        )
        try world.declare(known, by: "ann", EmergencyOverride.allCases)
        try world.declare(known, by: "bob", EmergencyOverride.allCases)
        #expect(try world.ask(.update, package: known).reasonCodes == ["release-not-approved"])
        try world.approve(known, by: "ann")
        known.standing = .withdrawn
        #expect(try world.ask(.update, package: known).reasonCodes == ["release-withdrawn"])
    }

    /// A file would be carried out when the emergency is long over.
    @Test func nothingIsLiftedForAGrantThatTravels() throws {
        var world = try World(policy: Sample.policy(delayed: DelayedTests.rule))
        let known = try known()
        try world.declare(known, by: "ann", [.haltedRollout])
        try world.declare(known, by: "bob", [.haltedRollout])
        let carried = try world.carried(try staged(known, .halted))
        #expect(try world.bring(carried).reasonCodes == ["rollout-halted"])
    }

    @Test func whatStandsInNobodysWayIsNotNamed() throws {
        var world = try World()
        let known = try known()
        try world.declare(known, by: "ann")
        try world.declare(known, by: "bob")
        #expect(try world.ask(.update, package: known).reasonCodes == [])
        #expect(try lastDecision(world).emergencies == nil)
    }

    @Test func howFarItIsIsSaidBeforehand() throws {
        var world = try World(policy: Sample.policy(window: Self.closed))
        let known = try known()
        func explained() -> PolicyExplanation {
            world.policy.explain(
                .measured(world.record),
                state: world.state,
                manifest: known.manifest,
                known: known,
                emergencies: world.authority.emergencies,
                at: world.now
            )
        }
        try world.declare(known, by: "ann")
        #expect(explained().refusals == ["outside-window"])
        #expect(explained().details.contains("ann has declared an emergency for window: it takes 2 people"))
        try world.declare(known, by: "bob")
        #expect(explained().refusals == [])
        #expect(explained().details.contains { $0.hasPrefix("an emergency by ann and bob lifts that until ") })
    }

    @Test func aDeviceWithoutATPMIsToldWhatMetItsWindow() throws {
        var world = try CompensatedWorld(policy: CompensatedWorld.policy(window: Self.closed))
        let known = try known()
        var disk = world.born
        #expect(try world.ask(&disk, .update, package: known).reasonCodes == ["outside-window", "controls-unmet"])
        var declaring = try World()
        try declaring.declare(known, by: "ann")
        try declaring.declare(known, by: "bob")
        world.emergencies = declaring.authority.emergencies
        let grant = try world.grant(try world.ask(&disk, .update, package: known))
        let window = try #require(grant.claims.controls.first { $0.control == .window })
        #expect(window.isMet && window.evidence == [declaring.emergency(0), declaring.emergency(1)])
        let bodies = world.log.entries.compactMap { written -> CompensatedDecisionEntry? in
            if case .compensated(let body) = written.entry.body { body } else { nil }
        }
        #expect(bodies.last?.emergencies == window.evidence)
    }

    @Test func whatIsInForceIsListedByRelease() throws {
        var world = try World()
        let first = try known()
        let second = try Sample.known(Sample.release("1.2.0", securityVersion: 4))
        try world.declare(first, by: "ann", [.window, .haltedRollout], hours: 3)
        try world.declare(first, by: "bob", hours: 2)
        try world.declare(first, by: "carol", hours: 1)
        try world.declare(second, by: "ann")
        let lifted = EmergencyInForce(
            release: first.manifest,
            lifts: .window,
            by: [Sample.label("ann"), Sample.label("bob")],
            until: world.now + 7200
        )
        #expect(world.authority.emergencies.inForce(at: world.now) == [lifted])
        #expect(world.authority.emergencies.inForce(at: world.now + 7200) == [])
    }

    @Test func ordersThatCannotBeMeant() throws {
        let release = Sample.digest("release")
        func order(_ overrides: [EmergencyOverride], _ hours: Int, _ reason: String = "incident 7") -> EmergencyOrder? {
            EmergencyOrder(release: release, overrides: overrides, hours: hours, reason: reason)
        }
        #expect(order([], 4) == nil && order([.window, .window], 4) == nil)
        #expect(order([.window], 0) == nil && order([.window], 25) == nil && order([.window], 4, "two\nlines") == nil)
        let sound = try #require(order([.window], 24))
        let bytes = try CanonicalJSON.encode(sound)
        #expect(try EmergencyOrder(parsing: bytes) == sound)
        let longer = String(decoding: bytes, as: UTF8.self).replacing("\"hours\":24", with: "\"hours\":25")
        #expect(throws: MessageError.self) { try EmergencyOrder(parsing: Array(longer.utf8)) }
    }
}

extension World {
    mutating func declare(
        _ known: KnownRelease,
        by name: String,
        _ overrides: [EmergencyOverride] = [.window],
        hours: Int = 4
    ) throws {
        let order = try #require(
            EmergencyOrder(release: known.manifest, overrides: overrides, hours: hours, reason: "incident 7")
        )
        let emergency = try #require(Emergency(order, by: Sample.label(name), at: now))
        let entry = self.emergency(authority.emergencies.count)
        authority.emergencies.append(RecordedEmergency(emergency, entry: entry))
    }

    /// The entry of the declaration that was made so manieth.
    func emergency(_ number: Int) -> ContentDigest { Sample.digest("emergency \(number)") }
}
