import AttestationResults
import Messages
import Testing

@testable import UpdateTrust

@Suite struct DecideAttestTests {
    @Test func goodEvidenceIssuesALease() throws {
        var world = try World()
        let decision = try world.ask(.attest)
        guard case .accepted(let acceptance) = decision.outcome else { throw NotGranted(codes: decision.reasonCodes) }
        #expect(world.state.lifecycle == .trusted)
        #expect(world.state.lease?.expires == world.now + 86_400)
        #expect(acceptance.lease == world.state.lease?.statement)
        #expect(acceptance.boot == .current)
        #expect(acceptance.rule == Sample.label("all"))
        #expect(acceptance.answer().grant == nil)
        #expect(world.log.entries.map(\.entry.body.type) == ["birth", "decision", "lease"])
    }

    @Test func renewalKeepsTheLeaseAndNeverShortensIt() throws {
        var world = try World()
        try world.ask(.attest)
        let first = try #require(world.state.lease)
        world.now += 100
        world.policy = try Sample.policy(lease: 3600)
        try world.ask(.attest)
        #expect(world.state.lease?.id == first.id)
        #expect(world.state.lease?.expires == first.expires)
        world.now = first.expires - 10
        try world.ask(.attest)
        #expect(world.state.lease?.expires == first.expires - 10 + 3600)
    }

    @Test func attack68_leaseExpiryAtExactlyT() throws {
        var world = try World()
        try world.ask(.attest)
        let first = try #require(world.state.lease)
        #expect(first.holds(at: first.expires - 1))
        #expect(!first.holds(at: first.expires))
        world.now = first.expires
        try world.ask(.attest)
        let second = try #require(world.state.lease)
        #expect(second.id != first.id)
        let ended = world.log.entries.compactMap { entry -> LeaseEntry? in
            if case .lease(let lease) = entry.entry.body, lease.event == .ended { lease } else { nil }
        }
        #expect(ended == [LeaseEntry(id: first.id, event: .ended, cause: .expired, expires: first.expires)])
    }

    @Test func strangersChangeNothing() throws {
        var world = try World()
        try world.ask(.attest)
        for code in ReasonCode.allCases {
            var input = try world.input(.attest)
            input.verdict = .refused(Refusal(reasons: [Reason(code)], authentic: nil))
            let decision = decide(input)
            #expect(decision.outcome == .notAuthentic)
            #expect(decision.transition == nil)
            #expect(decision.reasonCodes.isEmpty)
        }
    }

    @Test func undecidedRenewsNothingAndEndsNothing() throws {
        var world = try World()
        var input = try world.input(.attest)
        input.verdict = .undecided("the disk is full")
        let decision = decide(input)
        #expect(decision.outcome == .undecided("the disk is full"))
        #expect(decision.transition == nil)
    }

    @Test(arguments: ReasonCode.allCases) func authenticBadEvidenceEndsLeaseAndGrant(code: ReasonCode) throws {
        var world = try World()
        _ = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        let lease = try #require(world.state.lease)
        var input = try world.input(.attest)
        let observation = Observation(
            clock: ClockReading(clock: 1, resetCount: 0, restartCount: 0, safe: true),
            firmwareVersion: 9,
            pcrs: nil
        )
        input.verdict = .refused(Refusal(reasons: [Reason(code, "seen")], authentic: observation))
        let decision = try world.settle(decide(input))
        #expect(decision.reasonCodes == ["evidence-refused", code.rawValue])
        if [.logMissing, .imaMissing].contains(code) {
            #expect(world.state.lifecycle == .trusted)
            #expect(world.state.lease == lease)
            #expect(world.state.lastSeen?.firmwareVersion == 1)
            #expect(world.state.pending?.status == .issued)
        } else {
            #expect(world.state.lifecycle == .suspended)
            #expect(world.state.lastSeen?.firmwareVersion == 9)
            #expect(world.state.lease == nil)
            #expect(world.state.pending?.status == .ended)
            let cause: LeaseCause =
                switch code {
                case .tpmClearedOrReplaced: .tpmClearedOrReplaced
                case .clockWentBack: .tpmClockWentBack
                case .firmwareChanged: .tpmFirmwareChanged
                default: .evidenceRefused
                }
            let ended = LeaseEntry(id: lease.id, event: .ended, cause: cause, expires: world.now)
            #expect(world.log.entries.last?.entry.body == .lease(ended))
        }
    }

    @Test func tamperedBootSuspendsUntilAnOperatorReinstates() throws {
        var world = try World()
        try world.ask(.attest)
        try world.device.reboot(into: "tampered")
        #expect(try world.ask(.attest).reasonCodes == ["evidence-refused", "boot-unexpected"])
        try world.device.reboot(into: "1.0.0")
        let frozen = world.state
        let refused = try world.ask(.attest)
        #expect(refused.reasonCodes == ["suspended"])
        #expect(refused.transition == nil)
        #expect(world.state == frozen)
        try world.act(.reinstate)
        #expect(world.state.lifecycle == .born)
        #expect(world.state.lease == nil)
        try world.ask(.attest)
        #expect(world.state.lifecycle == .trusted)
    }

    /// What the operator accepts by reinstating is the TPM as it was last seen: the next quote is held to that, not to the one before.
    @Test func clearedTPMIsTakenBackByAnOperatorOnly() throws {
        var world = try World()
        try world.ask(.attest)
        world.device.resetCount = 0
        world.device.clock = 10
        #expect(try world.ask(.attest).reasonCodes == ["evidence-refused", "tpm-cleared-or-replaced"])
        try world.act(.reinstate)
        try world.ask(.attest)
        #expect(world.state.lifecycle == .trusted)
    }

    @Test func unannouncedRebootEndsTheLeaseAndStartsAnother() throws {
        var world = try World()
        _ = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        let first = try #require(world.state.lease)
        try world.device.reboot(into: "1.0.0")
        try world.ask(.attest)
        #expect(world.state.lease?.id != first.id)
        #expect(world.state.pending?.status == .ended)
        let bodies = world.log.entries.suffix(2).map(\.entry.body)
        #expect(
            bodies.first == .lease(LeaseEntry(id: first.id, event: .ended, cause: .rebooted, expires: world.now))
        )
    }

    @Test func retiredInstanceStaysRetiredWhateverItSends() throws {
        var world = try World()
        try world.ask(.attest)
        try world.act(.retire)
        let end = world.state
        #expect(end.lease == nil)
        for purpose in Purpose.allCases {
            let package = try purpose.namesPackage ? Sample.known(Sample.release("1.1.0", securityVersion: 4)) : nil
            let decision = try world.ask(purpose, package: package, grant: purpose == .confirm ? "x" : nil)
            #expect(decision.reasonCodes == ["retired"])
        }
        try world.device.reboot(into: "tampered")
        #expect(try world.ask(.attest).reasonCodes == ["retired"])
        for kind in OperatorAct.Kind.allCases { #expect(try world.act(kind) == .refused(.retired)) }
        #expect(world.state.asRetired(end))
    }

    @Test(arguments: [-400 * 86_400, -301, 400 * 86_400] as [Int64])
    func attack64_verifierClockJumps(by seconds: Int64) throws {
        var world = try World()
        try world.ask(.attest)
        let first = try #require(world.state.lease)
        world.now += seconds
        try world.ask(.attest)
        let second = try #require(world.state.lease)
        #expect(second.id != first.id)
        #expect(
            second.expires == world.now + 86_400,
            "no lease is longer than the policy's, whatever the clock was before"
        )
    }

    @Test func smallStepBackOfTheClockIsNoEnd() throws {
        var world = try World()
        try world.ask(.attest)
        let first = try #require(world.state.lease)
        world.now -= 300
        try world.ask(.attest)
        #expect(world.state.lease?.id == first.id)
    }

    @Test func clocksAtTheEndOfTimeDecideNothing() throws {
        var world = try World()
        world.now = Int64.max - 5
        let decision = try world.ask(.attest)
        guard case .undecided = decision.outcome else { throw NotGranted(codes: decision.reasonCodes) }
        #expect(decision.transition == nil)
    }
}
