import AttestationResults
import Crypto
import Messages
import SeededRandom
import Testing

@testable import UpdateTrust

/// The only way down: an operator's act, for a time, on the ledger.
@Suite struct LoweredTierTests {
    private func isNobody(_ decision: CompensatedDecision) -> Bool {
        if case .notAuthentic = decision.outcome { true } else { false }
    }

    @Test func anActLetsASoftwareKeySpeakAndNothingIsCarriedOver() throws {
        var world = try LoweredWorld()
        _ = try world.measured.granted(try Sample.release("1.1.0", securityVersion: 4))
        var disk = try world.newDisk()
        #expect(isNobody(try world.say(&disk)), "without the act")
        try world.lower(for: disk)
        #expect(world.state.lease == nil && world.state.pending?.status == .ended && world.state.lifecycle == .born)
        let causes = world.measured.log.entries.compactMap { written -> LeaseCause? in
            if case .lease(let lease) = written.entry.body, lease.event == .ended { lease.cause } else { nil }
        }
        #expect(causes == [.tierLowered])
        let decision = try world.say(&disk)
        guard case .accepted(let acceptance) = decision.outcome else {
            Issue.record("\(decision)")
            return
        }
        #expect(acceptance.rule == Sample.label("no-tpm") && acceptance.lowered == world.state.lowered?.mark)
        #expect(acceptance.lowered?.by == Sample.label("alice") && acceptance.lowered?.reason.text == "TPM dead")
        guard case .compensated(let entry) = world.measured.log.entries.dropLast().last?.entry.body else {
            Issue.record("no decision on the ledger")
            return
        }
        #expect(entry.lowered == acceptance.lowered)
    }

    /// Evidence of the TPM meanwhile is refused for a reason of its own, and leaves nothing behind.
    @Test func theTPMIsNotHeardMeanwhile() throws {
        var world = try LoweredWorld()
        try world.measured.ask(.attest)
        var disk = try world.newDisk()
        try world.lower(for: disk)
        try world.say(&disk)
        let state = world.state
        #expect(try world.measured.ask(.attest).reasonCodes == ["tier-lowered"])
        try world.measured.device.reboot(into: "tampered")
        #expect(try world.measured.ask(.attest).reasonCodes == ["tier-lowered"])
        #expect(world.state == state)
    }

    @Test func attack78_theTimeWithoutATPMIsOver() throws {
        for isSwept in [true, false] {
            var world = try LoweredWorld()
            try world.measured.ask(.attest)
            var disk = try world.newDisk()
            try world.lower(for: disk, seconds: 3600)
            let until = try #require(world.state.lowered?.mark.until)
            #expect(try world.say(&disk).isAnswered)
            #expect(world.state.lease?.expires == until, "no lease outlives the time")
            world.now = until - 1
            #expect(try world.say(&disk).isAnswered)
            #expect(world.state.lease?.expires == until)
            world.now = until
            #expect(world.state.due == until)
            if isSwept { try world.measured.lapse() }
            #expect(isNobody(try world.say(&disk)))
            #expect(try world.measured.ask(.attest).reasonCodes == [], "the TPM speaks again")
            #expect(world.state.lowered == nil && world.state.ratchet == nil && world.state.lifecycle == .trusted)
            #expect(isNobody(try world.say(&disk)))
        }
    }

    @Test func attack78_anotherKeyThanTheNamedOne() throws {
        var world = try LoweredWorld()
        var disk = try world.newDisk()
        var other = try world.newDisk()
        try world.lower(for: disk)
        let state = world.state
        #expect(isNobody(try world.say(&other)))
        #expect(world.state == state, "it hurts nobody")
        #expect(try world.say(&disk).isAnswered)
        #expect(try world.lower(for: other) != .known)
        #expect(isNobody(try world.say(&other)), "it is lowered already")
    }

    @Test func raisedEarlyTheKeyIsNobody() throws {
        var world = try LoweredWorld()
        var disk = try world.newDisk()
        #expect(try !world.raise())
        try world.lower(for: disk)
        try world.say(&disk)
        #expect(try world.raise())
        #expect(world.state.lease == nil && world.state.lowered == nil && world.state.lifecycle == .born)
        #expect(isNobody(try world.say(&disk)))
        #expect(try world.measured.ask(.attest).reasonCodes == [])
    }

    /// A second time it is another key, behind all that were before.
    @Test func positionsOnlyRiseAndKeysAreUsedOnce() throws {
        var world = try LoweredWorld()
        var first = try world.newDisk()
        let held = first
        try world.lower(for: first)
        for _ in 0..<3 { try world.say(&first) }
        #expect(world.state.ratchet?.position == 3)
        #expect(try world.raise())
        guard case .refused = try world.lower(for: held) else {
            Issue.record("a key that was left behind speaks again")
            return
        }
        var second = try world.newDisk()
        try world.lower(for: second)
        #expect(world.state.ratchet?.position == 4)
        #expect(try world.say(&second).isAnswered)
        // What spoke in the first time is a copy of this instance's keys.
        #expect(try world.say(&first).reasonCodes == ["forked"])
        #expect(world.state.lifecycle == .suspended && world.state.lease == nil)
        #expect(try world.raise(), "an operator ends it, forked or not")
        #expect(world.state.lifecycle == .suspended && world.state.fork == nil)
        try world.measured.act(.reinstate)
        #expect(try world.measured.ask(.attest).reasonCodes == [])
    }

    @Test func whoIsStoppedIsNotLowered() throws {
        var world = try LoweredWorld()
        let disk = try world.newDisk()
        for act in [OperatorAct.Kind.suspend, .retire] {
            try world.measured.act(act)
            guard case .refused = try world.lower(for: disk) else {
                Issue.record("lowered after \(act)")
                return
            }
        }
        #expect(world.state.lowered == nil)
    }

    @Test func boundsOfTheAct() throws {
        var world = try LoweredWorld()
        let disk = try world.newDisk()
        let wrong: [Int64] = [.min, -1, 0, 31 * 86_400 + 1, .max]
        for seconds in wrong {
            let outcome = try world.lower(for: disk, seconds: seconds)
            guard case .refused = outcome else {
                Issue.record("lowered for \(seconds) seconds")
                return
            }
        }
        guard case .refused = try world.lower(for: disk, bornFrom: world.measured.record.facts.withoutTPM) else {
            Issue.record("below compensated there is nothing")
            return
        }
        try world.lower(for: disk, seconds: 31 * 86_400)
        #expect(try world.lower(for: disk) == .known, "the answer was lost")
    }

    /// What is installed meanwhile is what the TPM is held to afterwards.
    @Test func anUpdateMeanwhileIsExpectedOfTheTPM() throws {
        var world = try LoweredWorld()
        try world.measured.ask(.attest)
        var disk = try world.newDisk()
        try world.lower(for: disk)
        let known = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        guard case .granted(let signed, _) = try world.say(&disk, .update, package: known).outcome else {
            Issue.record("not granted")
            return
        }
        let grant = try CompensatedGrant.verify(
            signed.compact,
            issuer: Sample.verifier,
            keys: [StatementKey(world.measured.grantKey.publicKey)]
        )
        #expect(grant.claims.tier == .compensated && grant.claims.lowered == world.state.lowered?.mark)
        var raised = world
        disk.running = ClaimedRelease(
            name: known.release.name,
            version: known.release.version,
            manifest: known.manifest
        )
        #expect(try world.say(&disk, .confirm, grant: grant.claims.jti).isAnswered)
        #expect(world.state.running.boot == known.release.boot)
        #expect(try world.raise())
        try world.measured.device.reboot(into: "1.1.0")
        #expect(try world.measured.ask(.attest).reasonCodes == [])

        // The same, when the TPM answers again before anything was confirmed.
        #expect(try raised.raise())
        try raised.measured.device.reboot(into: "1.1.0")
        #expect(try raised.measured.ask(.confirm, grant: grant.claims.jti).reasonCodes == [])
        #expect(raised.state.running.manifest == known.manifest)
    }

    /// A release that nobody could measure would leave the TPM with nothing to be held to.
    @Test func onlyMeasurableReleases() throws {
        var world = try LoweredWorld()
        var disk = try world.newDisk()
        try world.lower(for: disk)
        let known = try Sample.known(Sample.release("1.1.0", securityVersion: 4) { $0.boot = nil })
        #expect(try world.say(&disk, .update, package: known).reasonCodes == ["boot-not-quotable"])
    }

    @Test func otherHardwareThanTheRequestsIsToldApart() throws {
        var world = try LoweredWorld()
        var disk = try world.newDisk()
        try world.lower(for: disk)
        disk.claims = try #require(HardwareClaims([:]))
        #expect(try world.say(&disk).reasonCodes == ["controls-unmet"])
        #expect(world.state.lease == nil)
    }

    /// Lives of both tiers in any order: entries explain the state, and outside of the time the key gets nothing.
    @Test(arguments: 1...20) func randomLivesOfBothTiers(seed: Int) async throws {
        var dice = SplitMix64(seed: UInt64(seed) << 20)
        var world = try LoweredWorld()
        var disks = [try world.newDisk()]
        var history = History()
        var replayed = 0
        var (answered, over) = (0, 0)
        for _ in 0..<400 {
            // Tests of services, with time limits of their own, wait for the same processors.
            await Task.yield()
            world.now += Int64.random(in: 0...(dice.next() % 8 == 0 ? 200_000 : 2000), using: &dice)
            let index =
                dice.next() % 2 == 0 ? disks.count - 1 : Int.random(in: 0..<disks.count, using: &dice)
            switch Int.random(in: 0..<12, using: &dice) {
            case 0...3:
                let holds = world.state.lowered?.holds(at: world.now) == true
                let before = world.state
                let decision = try world.say(&disks[index])
                if decision.isAnswered { answered += 1 }
                if !holds {
                    over += 1
                    #expect(isNobody(decision) && world.state == before)
                }
            case 4...6:
                let holds = world.state.lowered?.holds(at: world.now) == true
                let decision = try world.measured.ask(.attest)
                if holds { #expect(decision.transition == nil, "\(decision)") }
            case 7:
                disks = disks.suffix(5) + [try world.newDisk()]
                try world.lower(
                    for: disks[disks.count - 1],
                    seconds: Int64.random(in: 1...(3 * 86_400), using: &dice)
                )
            case 8: if dice.next() % 4 == 0 { _ = try world.raise() }
            case 9: try world.measured.lapse()
            case 10: try world.measured.act(.reinstate)
            default: if dice.next() % 4 == 0 { try world.measured.act(.suspend) }
            }
            if world.state.fork != nil {
                let settlement = ForkSettlement(
                    .known,
                    by: Sample.label("alice"),
                    reason: try #require(Remark("looked"))
                )
                if let transition = try settlement.apply(to: world.state, at: world.now) {
                    world.measured.state = transition.state
                    try world.measured.log.append(transition.entries)
                }
            }
            try history.replay(world.measured.log.entries[replayed...])
            replayed = world.measured.log.entries.count
            #expect(history == History(world.state), "entries explain the state")
            #expect((world.state.ratchet == nil) == (world.state.lowered == nil))
            if let lowered = world.state.lowered, let lease = world.state.lease {
                #expect(lease.expires <= lowered.mark.until)
            }
        }
        #expect(answered > 0 && over > 0)
    }
}
