import AttestationResults
import Messages
import Testing

@testable import UpdateTrust

/// The same key, in a TPM that is not what it was.
@Suite struct ChangedTPMTests {
    private func lastEnd(_ world: World) -> LeaseCause? {
        guard case .lease(let end)? = world.log.entries.last?.entry.body, end.event == .ended else { return nil }
        return end.cause
    }

    /// Two copies that were reset equally often: the one that was started later is behind, until it asks more seldom than that.
    @Test func copiesShowByTheirClocks() throws {
        var world = try World()
        let started = world.device
        world.device.clock += 30_000
        try world.ask(.attest)
        let original = world.device
        world.device = started
        #expect(try world.ask(.attest).reasonCodes == ["evidence-refused", "clock-went-back"])
        #expect(world.state.lifecycle == .suspended && lastEnd(world) == .tpmClockWentBack)
        // Taken back with both alive: each now goes on from where the other was seen, and that is not always a contradiction.
        try world.act(.reinstate)
        world.device = original
        try world.ask(.attest)
        #expect(world.state.lifecycle == .trusted)
        world.device = started
        world.device.clock += 60_000
        try world.ask(.attest)
        #expect(world.state.lifecycle == .trusted, "what cannot be seen is not seen: the page says so")
        // The first reset that both do not share ends it.
        try world.device.reboot(into: "1.0.0")
        try world.ask(.attest)
        world.device = original
        world.device.clock += 90_000
        #expect(try world.ask(.attest).reasonCodes == ["evidence-refused", "tpm-cleared-or-replaced"])
        #expect(lastEnd(world) == .tpmClearedOrReplaced)
    }

    /// A copy that has spent a grant, and one that has not.
    @Test func copiesShowByTheirGrants() throws {
        var world = try World()
        let copy = world.device
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        try world.install(delivered)
        try world.ask(.confirm, grant: delivered.claims.jti)
        let lease = world.state.lease
        world.device.counters = copy.counters
        #expect(try world.ask(.attest).reasonCodes == ["counters-inconsistent"])
        #expect(world.state.lease == lease, "renewed by nothing")
    }

    @Test func otherTPMFirmwareHasItsOwnCauseAndWayBack() throws {
        var world = try World()
        try world.ask(.attest)
        let observation = Observation(
            clock: ClockReading(clock: world.device.clock + 1, resetCount: 6, restartCount: 0, safe: true),
            firmwareVersion: 0x0007_0040_0000_0000,
            pcrs: world.device.pcrs
        )
        var input = try world.input(.attest)
        input.verdict = .refused(Refusal(reasons: [Reason(.firmwareChanged, "seen")], authentic: observation))
        try world.settle(decide(input))
        #expect(world.state.lifecycle == .suspended)
        #expect(
            world.state.remark
                == "its own evidence was refused: tpm-firmware-changed "
                + "(TPM firmware 0007004000000000, before 0000000000000001)"
        )
        guard case .lease(let end)? = world.log.entries.last?.entry.body else {
            Issue.record("no lease's entry")
            return
        }
        #expect(end.cause == .tpmFirmwareChanged)
        try world.act(.reinstate)
        #expect(world.state.lastSeen?.firmwareVersion == observation.firmwareVersion, "accepted as seen")
    }
}
