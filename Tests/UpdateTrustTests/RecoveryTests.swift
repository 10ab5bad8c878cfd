import AttestationResults
import Messages
import Testing

@testable import UpdateTrust

/// A record that was put back from a backup: nobody is trusted on its word, and who was stopped since stays stopped.
@Suite struct RecoveryTests {
    private func recovery(_ world: World, _ stop: StoppedInstances.Stop? = nil) throws -> Transition? {
        try Transition.recovery(of: world.state, stop: stop, at: world.now, by: Sample.verifier)
    }

    /// What the entries say that came on a world's ledger from a place on.
    private func stops(_ world: World, from start: Int) throws -> StoppedInstances {
        var stopped = StoppedInstances()
        for (index, written) in world.log.entries.enumerated() where index >= start {
            stopped.follow(written.entry, at: index)
        }
        return stopped
    }

    @Test func theLeaseOfTheBackupEndsWithEveryGrantUnderIt() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        let transition = try #require(try recovery(world))
        #expect(transition.state.lease == nil)
        #expect(transition.state.lifecycle == world.state.lifecycle)
        #expect(transition.state.pending?.jti == delivered.claims.jti)
        #expect(transition.state.pending?.status == .ended)
        #expect(transition.state.version == world.state.version + 1)
        #expect(transition.entries.map(\.entry.body.type) == ["lease"])
        guard case .lease(let lease) = transition.entries[0].entry.body else {
            Issue.record("no lease's entry")
            return
        }
        #expect(lease.event == .ended && lease.cause == .recordRecovered)
        try world.log.append(transition.entries)
        world.state = transition.state
        // A second time there is nothing to do; and its next evidence is judged as always.
        #expect(try recovery(world) == nil)
        try world.ask(.attest)
        #expect(world.state.lease != nil)
    }

    @Test func whoHasNothingLosesNothing() throws {
        #expect(try recovery(World()) == nil)
    }

    @Test(arguments: [OperatorAct.Kind.suspend, .retire])
    func whoWasStoppedSinceIsStoppedAgain(_ kind: OperatorAct.Kind) throws {
        var world = try World()
        try world.ask(.attest)
        let (backup, size) = (world, world.log.entries.count)
        try world.act(kind)
        let stop = try #require(try stops(world, from: size).stops[world.record.instance])
        #expect(stop.act == kind && stop.index == size)
        let transition = try #require(try recovery(backup, stop))
        #expect(transition.state.lifecycle == (kind == .retire ? .retired : .suspended))
        #expect(transition.state.lease == nil)
        #expect(transition.entries.map(\.entry.body.type) == ["operator", "lease"])
        // Nobody has signed for it here.
        #expect(transition.entries.allSatisfy { $0.entry.actor == Actor(.verifier, Sample.verifier) })
        #expect(transition.state.remark?.contains("entry \(size) of the lost record") == true)
    }

    /// Evidence stops a device as well as an operator does; and who was taken back goes on.
    @Test func theLastWordCounts() throws {
        var world = try World()
        try world.ask(.attest)
        let size = world.log.entries.count
        try world.device.reboot(into: "tampered")
        try world.ask(.attest)
        #expect(world.state.lifecycle == .suspended)
        #expect(try stops(world, from: size).stops[world.record.instance]?.act == .suspend)
        try world.act(.reinstate)
        #expect(try stops(world, from: size).stops.isEmpty)
        try world.act(.retire)
        #expect(try stops(world, from: size).stops[world.record.instance]?.act == .retire)
        #expect(try recovery(world) == nil)
    }
}
