import Messages
import Testing

@testable import UpdateTrust

/// A TPM was cleared and its identity put back: trust begins anew, counters with other bases, and nothing of the past can be replayed.
@Suite struct RestorationTests {
    private func refusal(_ outcome: Restoration.Outcome) -> Restoration.Obstacle? {
        if case .refused(let obstacle) = outcome { obstacle } else { nil }
    }

    @Test func trustEndsAndBeginsAnewWithTheSameIdentity() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        let lease = try #require(world.state.lease)
        let before = world.state
        let outcome = try world.clearAndRestore()
        guard case .applied(let transition) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(transition.entries.map(\.entry.body.type) == ["restoration", "lease"])
        #expect(transition.entries.allSatisfy { $0.entry.actor == Actor(.station, world.record.station) })
        guard case .lease(let end) = transition.entries[1].entry.body else {
            Issue.record("no lease's entry")
            return
        }
        #expect(end.id == lease.id && end.event == .ended && end.cause == .cleared)
        #expect(world.state.lifecycle == .born && world.state.lease == nil)
        #expect(world.state.pending?.jti == delivered.claims.jti && world.state.pending?.status == .ended)
        #expect(world.state.version == before.version + 1)
        #expect(world.state.securityFloor == before.securityFloor)

        // Clock and resets begin at zero: that is no going back now.
        guard case .accepted = try world.ask(.attest).outcome else {
            Issue.record("the restored device is not accepted")
            return
        }
        #expect(world.state.lifecycle == .trusted && world.state.instance == before.instance)
        // The next grant spends the counter as it is now.
        let next = try world.granted(try Sample.release("1.2.0", securityVersion: 5))
        #expect(next.claims.bounds.counter.value == world.device.counters.grants)
    }

    /// The counter begins above the value of each grant that was given before, installed or not.
    @Test func aGrantFromBeforeIsNotTakenForAnInstallThatFellBack() throws {
        var world = try World()
        _ = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        try world.clearAndRestore()
        try world.device.reboot(into: "1.0.0")
        try world.ask(.attest)
        #expect(world.state.lifecycle == .trusted)
        #expect(world.state.pending?.stage == .granted && world.state.failed == nil)
        try world.device.reboot(into: "tampered")
        try world.ask(.attest)
        #expect(world.state.lifecycle == .suspended)
        #expect(world.state.pending?.stage == .granted && world.state.failed == nil)
    }

    /// What was seen of an install before the clear needs no counter that tells of it.
    @Test(arguments: [UpdateStage.installed, .booted])
    func anInstallThatWasSeenBeforeIsSeenToHaveFallenBack(seen: UpdateStage) throws {
        for (boot, stage) in [("1.0.0", UpdateStage.rolledBack), ("tampered", .failed)] {
            var world = try World()
            _ = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
            world.device.counters.grants += 1
            if seen == .booted { try world.device.reboot(into: "1.1.0") }
            try world.ask(.attest)
            #expect(world.state.pending?.stage == seen)
            try world.clearAndRestore()
            try world.device.reboot(into: boot)
            try world.ask(.attest)
            #expect(world.state.pending?.stage == stage && world.state.failed?.count == 1)
        }
    }

    /// With the bases of the birth the floor would read too high, and nothing could be installed any more.
    @Test func theFloorReadsAsOnRecord() throws {
        var world = try World()
        try world.clearAndRestore()
        try world.ask(.attest)
        let floor = world.state.securityFloor
        let known = try Sample.known(try Sample.release("1.1.0", securityVersion: floor))
        guard case .granted = try world.ask(.update, package: known).outcome else {
            Issue.record("a release at the floor is refused")
            return
        }
        world.device.counters.securityFloor += 1
        let decision = try world.ask(.update, package: known)
        guard case .refused(let refused) = decision.outcome else {
            Issue.record("\(decision.outcome)")
            return
        }
        #expect(refused.reasons == [.belowSecurityFloor])
    }

    @Test func aFloorBelowTheRecordIsNotTaken() throws {
        var world = try World()
        let before = world.state
        let floor = before.securityFloor
        #expect(refusal(try world.clearAndRestore(floor: floor - 1)) == .floorTooLow(onRecord: floor))
        #expect(world.state == before)
        #expect(Restoration.Obstacle.floorTooLow(onRecord: floor).description.contains("--security-floor \(floor)"))
        #expect(refusal(try world.clearAndRestore(floor: floor + 3)) == nil)
    }

    @Test func anEarlierRestorationIsNotTakenAgain() throws {
        var world = try World()
        try world.clearAndRestore()
        try world.clearAndRestore()
        for number: UInt32 in [1, 2] {
            #expect(refusal(try world.clearAndRestore { $0.number = number }) == .superseded(by: 2))
        }
        // One that was lost is no obstacle: each says all of it.
        #expect(refusal(try world.clearAndRestore { $0.number = 9 }) == nil)
        #expect(world.state.restored?.number == 9)
    }

    /// Counters of a TPM never stand below what it counted to; a statement that says so would open spent grants again.
    @Test func countersNeverGoBack() throws {
        var world = try World()
        world.device.counters.grants += 5
        try world.ask(.attest)
        let seen = world.device.counters
        let changes: [(inout Restoration) -> Void] = [
            { $0.counters.grants.base = seen.grants - 1 },
            { $0.counters.securityFloor.base = 0 },
            { $0.counters.securityFloor.base = UInt64.max },
        ]
        for (index, change) in changes.enumerated() {
            #expect(refusal(try world.clearAndRestore(change)) == .countersBehind, "\(index)")
        }
        #expect(refusal(try world.clearAndRestore { $0.counters.grants.index += 1 }) == .otherIndices)
        #expect(refusal(try world.clearAndRestore { $0.counters.securityFloor.index += 9 }) == .otherIndices)
    }

    /// The grants counter survived: its base stays, and what was spent stays spent.
    @Test func aCounterThatSurvivedKeepsItsBase() throws {
        var world = try World()
        world.device.counters.grants += 2
        try world.ask(.attest)
        let grants = world.record.counters.grants
        let outcome = try world.clearAndRestore { $0.counters.grants = grants }
        #expect(refusal(outcome) == nil)
        #expect(world.state.counters(bornFrom: world.record).grants == grants)
    }

    @Test func noLifeComesBackByIt() throws {
        var world = try World()
        try world.act(.suspend)
        #expect(refusal(try world.clearAndRestore()) == nil)
        #expect(world.state.lifecycle == .suspended)
        #expect(world.state.remark?.contains("suspended by alice") == true)
        try world.act(.reinstate)
        guard case .accepted = try world.ask(.attest).outcome else {
            Issue.record("not accepted after reinstatement")
            return
        }
        try world.act(.retire)
        let before = world.state
        #expect(refusal(try world.clearAndRestore()) == .retired)
        #expect(world.state == before)
    }
}
