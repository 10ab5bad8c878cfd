import AttestationResults
import Messages
import Testing

@testable import UpdateTrust

/// Grants that travel as files: who gets one, how far it reaches, and what comes back.
@Suite struct DelayedTests {
    static let rule = #"{"freshness":"epoch","span":{"seconds":86400},"resets":3}"#

    private func world(_ rule: String = rule) throws -> World { try World(policy: Sample.policy(delayed: rule)) }

    private func carried(
        _ world: inout World,
        _ release: Release,
        _ freshness: CarriedFreshness = .epoch(from: Sample.now - 100)
    ) throws -> CarriedRequest {
        try world.carried(try Sample.known(release), freshness)
    }

    /// Brings a request to the verifier as it now is.
    private func bring(_ carried: CarriedRequest, to world: inout World) throws -> Decision {
        try world.bring(carried)
    }

    private func granted(_ carried: CarriedRequest, _ release: Release, _ world: inout World) throws -> Delivered {
        let decision = try bring(carried, to: &world)
        guard case .granted(let grant, let acceptance) = decision.outcome else {
            throw NotGranted(codes: decision.reasonCodes)
        }
        return Delivered(
            compact: grant.compact,
            claims: grant.terms.claims,
            request: carried.bytes,
            release: release,
            delivery: try world.log.delivery(of: grant.compact),
            acceptance: acceptance
        )
    }

    private func receipt(_ world: inout World, _ delivered: Delivered) throws -> DecisionInput {
        try world.receipt(delivered.claims.jti)
    }

    private func take(_ receipt: DecisionInput, _ world: inout World) throws -> ReceiptDecision {
        try world.take(receipt)
    }

    /// An authentic boot that nobody expects any more.
    private func stale(_ world: World) -> Verdict {
        let observation = Observation(
            clock: ClockReading(clock: world.device.clock, resetCount: 7, restartCount: 0, safe: true),
            firmwareVersion: 1,
            pcrs: world.device.pcrs
        )
        return .refused(Refusal(reasons: [Reason(.bootUnexpected, "seen")], authentic: observation))
    }

    private func outcome(_ decision: ReceiptDecision) -> ReceiptAnswer.Outcome? {
        switch decision {
        case .taken(_, let outcome): outcome
        case .known: .known
        default: nil
        }
    }

    private let second = Result { try Sample.release("1.1.0", securityVersion: 4) }
    private let third = Result { try Sample.release("1.2.0", securityVersion: 5) }

    @Test func oldEvidenceGivesAGrantAndRenewsNothing() throws {
        var world = try world()
        try world.ask(.attest)
        let before = world.state
        let delivered = try granted(try carried(&world, second.get()), second.get(), &world)
        #expect(world.state.lease == before.lease)
        #expect(world.state.lastSeen == before.lastSeen)
        #expect(world.state.pending == nil)
        #expect(delivered.claims.bounds.resets == 3)
        #expect(delivered.claims.bounds.clock.max - delivered.claims.bounds.clock.min == 86_400_000)
        #expect(delivered.claims.exp == world.now + 86_400)
        let gate = GateCheck.judge(try world.gate(delivered), trust: try world.trust())
        guard case .open = gate else {
            Issue.record("\(gate)")
            return
        }
        // The wall clock of a device whose battery is dead says nothing.
        var dead = try world.gate(delivered)
        dead.wallClock = 0
        guard case .open = GateCheck.judge(dead, trust: try world.trust()) else {
            Issue.record("a dead clock shuts the gate")
            return
        }
    }

    @Test func attack43_moreResetsThanADelayedGrantOutlasts() throws {
        var world = try world()
        let delivered = try granted(try carried(&world, second.get()), second.get(), &world)
        for _ in 1...3 { try world.device.reboot(into: "1.0.0") }
        guard case .open = GateCheck.judge(try world.gate(delivered), trust: try world.trust()) else {
            Issue.record("three resets are allowed")
            return
        }
        try world.device.reboot(into: "1.0.0")
        #expect(GateCheck.judge(try world.gate(delivered), trust: try world.trust()) == .shut([.tooManyResets]))
        // A cleared TPM counts from zero: that is no way round.
        world.device.resetCount = 0
        #expect(GateCheck.judge(try world.gate(delivered), trust: try world.trust()) == .shut([.tooManyResets]))
    }

    @Test func case10_spanOverAndClockTurnedBack() throws {
        var world = try world()
        let delivered = try granted(try carried(&world, second.get()), second.get(), &world)
        let trust = try world.trust()
        var input = try world.gate(delivered)
        input.readings.clock = delivered.claims.bounds.clock.max
        guard case .open = GateCheck.judge(input, trust: trust) else {
            Issue.record("the last millisecond counts")
            return
        }
        input.readings.clock += 1
        #expect(GateCheck.judge(input, trust: trust) == .shut([.clockOutOfBounds]))
        // After a power cut the clock may have lost what it ran since it was last saved: that margin is nobody's to win.
        input.readings.clock = delivered.claims.bounds.clock.max - 10
        input.readings.safe = false
        #expect(GateCheck.judge(input, trust: trust) == .shut([.clockOutOfBounds]))
        input = try world.gate(delivered)
        input.readings.clock = delivered.claims.bounds.clock.min - 1
        #expect(GateCheck.judge(input, trust: trust) == .shut([.clockOutOfBounds]))
        // The wall clock turned back widens nothing, turned forward it shuts.
        input.wallClock = 0
        #expect(GateCheck.judge(input, trust: trust) == .shut([.clockOutOfBounds]))
        input = try world.gate(delivered)
        input.wallClock = delivered.claims.exp
        #expect(GateCheck.judge(input, trust: trust) == .shut([.expired]))
    }

    @Test func attack67_delayedGrantUsedTwice() throws {
        var world = try world()
        let delivered = try granted(try carried(&world, second.get()), second.get(), &world)
        world.device.counters.grants += 1
        #expect(GateCheck.judge(try world.gate(delivered), trust: try world.trust()) == .shut([.alreadySpent]))
    }

    @Test func attack80_delayedGrantAtTheSisterDevice() throws {
        var world = try world()
        let delivered = try granted(try carried(&world, second.get()), second.get(), &world)
        var sister = try World()
        sister.grantKey = world.grantKey
        let own = try sister.granted(second.get())
        var stolen = try sister.gate(own)
        (stolen.delivery, stolen.request) = (delivered.delivery, delivered.request)
        #expect(
            GateCheck.judge(stolen, trust: try sister.trust(ledger: world.log)) == .shut([.otherInstance, .otherKey])
        )
    }

    @Test func attack67_delayedRequestIsNoOnlineRequest() throws {
        var world = try world()
        let known = try Sample.known(second.get())
        // Over the network, a request for a file decides nothing; out of a file, nothing else does.
        guard case .undecided = try world.ask(.delayed, package: known).outcome else {
            Issue.record("a delayed request was decided on over the network")
            return
        }
        var input = try world.input(.update, package: known)
        input.carried = .epoch(from: world.now)
        guard case .undecided = decide(input).outcome else {
            Issue.record("an update was decided on out of a file")
            return
        }
        #expect(world.state.version == 1)
        // An on-line grant does not become a delayed one by what stands beside it.
        let online = try world.granted(second.get())
        var gate = try world.gate(online)
        gate.request = try world.request(.delayed, package: known)
        #expect(GateCheck.judge(gate, trust: try world.trust()) == .shut([.otherRequest]))
    }

    @Test(
        arguments: [
            (
                #"{"freshness":"challenge","age":{"seconds":1000},"span":{"seconds":60},"resets":0}"#, -100,
                "freshness-not-allowed"
            ),
            (#"{"freshness":"epoch","span":{"seconds":60},"resets":0}"#, nil, "freshness-not-allowed"),
            (
                #"{"freshness":"challenge","age":{"seconds":1000},"span":{"seconds":60},"resets":0}"#, nil,
                "request-too-old"
            ),
        ] as [(String, Int64?, String)]
    )
    func policyChoosesTheFreshness(rule: String, epoch: Int64?, code: String) throws {
        var world = try world(rule)
        let freshness = epoch.map { CarriedFreshness.epoch(from: world.now + $0) } ?? .challenge(from: world.now - 1001)
        let request = try carried(&world, second.get(), freshness)
        #expect(try bring(request, to: &world).reasonCodes == [code])
        #expect(world.state.version == 1, "a refusal changes nothing, so that the file can be brought again")
    }

    @Test func challengeThatIsYoungEnough() throws {
        var world = try world(#"{"freshness":"challenge","age":{"seconds":1000},"span":{"seconds":60},"resets":0}"#)
        let request = try carried(&world, second.get(), .challenge(from: world.now - 1000))
        _ = try granted(request, second.get(), &world)
    }

    @Test func noRuleNoGrant() throws {
        var world = try World()
        #expect(try bring(try carried(&world, second.get()), to: &world).reasonCodes == ["delayed-not-allowed"])
    }

    @Test(arguments: [
        #"{"freshness":"epoch","age":{"seconds":1},"span":{"seconds":60},"resets":0}"#,
        #"{"freshness":"challenge","span":{"seconds":60},"resets":0}"#,
        #"{"freshness":"challenge","age":{"seconds":0},"span":{"seconds":60},"resets":0}"#,
        #"{"freshness":"epoch","span":{"seconds":0},"resets":0}"#,
        #"{"freshness":"epoch","span":{"seconds":31622401},"resets":0}"#,
        #"{"freshness":"epoch","span":{"seconds":60},"resets":1001}"#,
        #"{"freshness":"epoch","span":{"seconds":60},"resets":-1}"#,
        #"{"freshness":"never","span":{"seconds":60},"resets":1}"#,
    ])
    func rulesThatCannotBeMeant(rule: String) {
        #expect(throws: MessageError.self) { try Sample.policy(delayed: rule) }
    }

    @Test func severalInARowAndOnlyInTheirOrder() throws {
        var world = try world()
        let first = try carried(&world, second.get())
        let next = try carried(&world, third.get())
        let one = try granted(first, second.get(), &world)
        let two = try granted(next, third.get(), &world)
        #expect(two.claims.bounds.counter.value == one.claims.bounds.counter.value + 1)
        #expect(GateCheck.judge(try world.gate(two), trust: try world.trust()) == .shut([.notItsTurn]))
        // While they are under way there is no other: not the same again, and none over the network.
        let again = try bring(try carried(&world, second.get()), to: &world).reasonCodes
        #expect(again.contains("grant-outstanding"))
        let online = try Sample.known(Sample.release("1.3.0", securityVersion: 6))
        #expect(try world.ask(.update, package: online).reasonCodes == ["grant-outstanding"])
        try world.install(one)
        guard case .open = GateCheck.judge(try world.gate(two), trust: try world.trust()) else {
            Issue.record("the second is shut after the first")
            return
        }
    }

    @Test func receiptsLateDoubledAndInAnyOrder() throws {
        var world = try world()
        let first = try carried(&world, second.get())
        let next = try carried(&world, third.get())
        let one = try granted(first, second.get(), &world)
        let two = try granted(next, third.get(), &world)
        try world.install(one)
        let early = try receipt(&world, one)
        try world.install(two)
        let late = try receipt(&world, two)
        // The later one comes first, and once more.
        #expect(outcome(try take(late, &world)) == .closed)
        // What an appraisal says of a copy: the boot is the current one by now, and the earlier one is nobody's.
        var copy = late
        copy.verdict = stale(world)
        #expect(outcome(try take(copy, &world)) == .known)
        #expect(world.state.running.version.text == "1.2.0")
        #expect(world.state.previous?.version.text == "1.1.0", "the counter let it in only behind the other")
        #expect(world.state.securityFloor == 5)
        #expect(outcome(try take(early, &world)) == .late)
        copy = early
        copy.verdict = stale(world)
        #expect(outcome(try take(copy, &world)) == .known)
        #expect(world.state.running.version.text == "1.2.0")
        #expect(world.state.delayed == nil)
        // The chain is closed: the next attestation sees what it should.
        guard case .accepted(let acceptance) = try world.ask(.attest).outcome else {
            Issue.record("the boot is not the current one")
            return
        }
        #expect(acceptance.boot == .current)
    }

    @Test func missingReceiptIsMadeUpForOverTheNetwork() throws {
        var world = try world()
        let one = try granted(try carried(&world, second.get()), second.get(), &world)
        try world.install(one)
        guard case .accepted(let acceptance) = try world.ask(.attest).outcome else {
            Issue.record("the boot of a delayed grant is taken for tampering")
            return
        }
        #expect(acceptance.boot == .granted)
        try world.ask(.confirm, grant: one.claims.jti)
        #expect(world.state.running.version.text == "1.1.0")
        #expect(world.state.delayed == nil)
    }

    /// What was never installed has not fallen back, whoever spent the value of the counter that it was given.
    @Test func grantOverTheNetworkThatWasOverBeforeADelayedOne() throws {
        var world = try world()
        let online = try world.granted(try third.get())
        world.now = online.claims.exp
        let one = try granted(try carried(&world, second.get()), second.get(), &world)
        #expect(one.claims.bounds.counter.value == online.claims.bounds.counter.value)
        try world.install(one)
        let shown = try receipt(&world, one)
        #expect(outcome(try take(shown, &world)) == .closed)
        #expect(world.state.pending == nil)
        try world.ask(.attest)
        #expect(world.state.lifecycle == .trusted)
        #expect(world.state.failed == nil)
    }

    @Test func delayedGrantWhoseCounterWasSpentForAnother() throws {
        var world = try world()
        let one = try granted(try carried(&world, second.get()), second.get(), &world)
        // More resets than it outlasts.
        for _ in 0..<4 { try world.device.reboot(into: "1.0.0") }
        let online = try world.granted(try third.get())
        #expect(online.claims.bounds.counter.value == one.claims.bounds.counter.value)
        try world.install(online)
        try world.ask(.confirm, grant: online.claims.jti)
        #expect(world.state.delayed?.map(\.grant.status) == [.passed])
        // Its boot is one that nobody can have been granted any more.
        try world.device.reboot(into: "1.1.0")
        #expect(try world.ask(.attest).reasonCodes == ["evidence-refused", "boot-unexpected"])
    }

    /// The later of two installs failed, and what the earlier one brought booted again: its receipt is still on its way.
    @Test func installThatFellBackToAnEarlierGrant() throws {
        var world = try world()
        let one = try granted(try carried(&world, second.get()), second.get(), &world)
        let two = try granted(try carried(&world, third.get()), third.get(), &world)
        try world.install(one)
        world.device.counters.grants += 1
        try world.device.reboot(into: "1.1.0")
        #expect(try world.ask(.confirm, grant: two.claims.jti).reasonCodes == ["boot-not-as-granted"])
        #expect(world.state.lifecycle == .trusted, "it is no tampering")
        #expect(world.state.openGrant(two.claims.jti) != nil)
        #expect(try world.ask(.confirm, grant: one.claims.jti).reasonCodes == [])
        #expect(world.state.running.version.text == "1.1.0")
    }

    /// What ran before what was seen is a fall back, whatever the device asks to have confirmed.
    @Test func grantThatALaterOneHasPassedIsConfirmedByItsReceiptAlone() throws {
        var world = try world()
        let one = try granted(try carried(&world, second.get()), second.get(), &world)
        let two = try granted(try carried(&world, third.get()), third.get(), &world)
        try world.install(one)
        try world.install(two)
        #expect(try world.ask(.confirm, grant: two.claims.jti).reasonCodes == [])
        try world.device.reboot(into: "1.1.0")
        #expect(try world.ask(.confirm, grant: one.claims.jti).reasonCodes == ["boot-not-as-granted"])
        #expect(world.state.lifecycle == .rescue && world.state.strayed?.boot == .previous)
        let late = try receipt(&world, one)
        #expect(outcome(try take(late, &world)) == .late)
        #expect(world.state.running.version.text == "1.2.0")
    }

    @Test func receiptWithoutABootOrASpentCounter() throws {
        var world = try world()
        let one = try granted(try carried(&world, second.get()), second.get(), &world)
        // The boot is right and the counter was not spent; then it is spent, and nothing was rebooted.
        let reset = world.device.resetCount
        try world.device.reboot(into: "1.1.0")
        var early = try receipt(&world, one)
        early.state = world.state
        #expect(receive(early) == .refused(Refused(reasons: [.grantNotSpent], evidence: [])))
        world.device.counters.grants += 1
        world.device.resetCount = reset
        early = try receipt(&world, one)
        early.state = world.state
        #expect(receive(early) == .refused(Refused(reasons: [.notRebooted], evidence: [])))
        #expect(world.state.running.version.text == "1.0.0")
    }

    @Test func suspensionEndsWhatIsUnderWay() throws {
        var world = try world()
        let request = try carried(&world, second.get())
        let one = try granted(request, second.get(), &world)
        try world.act(.suspend)
        #expect(world.state.delayed?.first(where: { $0.request == one.claims.request })?.grant.status == .ended)
        let entry = try #require(world.log.entries.last).entry.body
        #expect(
            entry
                == .lease(
                    LeaseEntry(id: one.claims.lease.id, event: .ended, cause: .suspended, expires: world.now)
                )
        )
        #expect(try bring(try carried(&world, third.get()), to: &world).reasonCodes == ["suspended"])
        // A lease that merely runs out ends nothing that is under way: being off line is no fault.
        var other = try self.world()
        try other.ask(.attest)
        let two = try granted(try carried(&other, second.get()), second.get(), &other)
        other.now += 40 * 86_400
        try other.device.reboot(into: "1.0.0")
        try other.ask(.attest)
        #expect(other.state.delayed?.first(where: { $0.request == two.claims.request })?.grant.status == .issued)
    }

    /// Two updates came and went as files since it was made, and what booted then is nobody's by now.
    @Test func requestOvertakenByReceiptsHurtsNobody() throws {
        var world = try world()
        var forgotten = try carried(&world, third.get()).input
        let one = try granted(try carried(&world, second.get()), second.get(), &world)
        let two = try granted(try carried(&world, third.get()), third.get(), &world)
        for delivered in [one, two] {
            try world.install(delivered)
            let shown = try receipt(&world, delivered)
            #expect(outcome(try take(shown, &world)) == .closed)
        }
        (forgotten.state, forgotten.verdict) = (world.state, stale(world))
        let decision = decide(forgotten)
        #expect(decision.reasonCodes == ["evidence-refused", "boot-unexpected"])
        #expect(decision.transition == nil)
    }

    @Test func overtakenRequestHurtsNobody() throws {
        var world = try world()
        let request = try carried(&world, second.get())
        try world.ask(.attest)
        let before = world.state
        var input = request.input
        input.state = world.state
        input.verdict = .refused(
            Refusal(
                reasons: [Reason(.clockWentBack, "older")],
                authentic: Observation(
                    clock: ClockReading(clock: 1, resetCount: 5, restartCount: 0, safe: true),
                    firmwareVersion: 1,
                    pcrs: world.device.pcrs
                )
            )
        )
        let decision = decide(input)
        #expect(decision.reasonCodes == ["evidence-refused", "clock-went-back"])
        #expect(decision.transition == nil)
        #expect(world.state == before)
        // What is younger than all that was seen, and bad, ends the trust as it does over the network.
        try world.device.reboot(into: "tampered")
        #expect(try bring(try carried(&world, second.get()), to: &world).reasonCodes.first == "evidence-refused")
        #expect(world.state.lifecycle == .suspended)
        #expect(world.state.lease == nil)
    }
}
