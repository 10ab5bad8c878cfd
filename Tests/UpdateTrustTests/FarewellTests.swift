import AttestationResults
import Messages
import Testing

@testable import UpdateTrust

extension InstanceState {
    /// Whether a retired instance is what it was when it was retired, whatever was said or seen of it since.
    func asRetired(_ end: InstanceState) -> Bool {
        var state = self
        (state.farewell, state.reappeared) = (end.farewell, end.reappeared)
        (state.lastEntry, state.version) = (end.lastEntry, end.version)
        return state == end && lifecycle == .retired
    }
}

/// The last word of a device, and what is noticed of it afterwards.
@Suite struct FarewellTests {
    /// Says farewell, and takes over what follows.
    private func takeLeave(_ world: inout World) throws -> FarewellDecision {
        let decision = UpdateTrust.takeLeave(try world.input(.farewell))
        if case .taken(let transition, _) = decision {
            #expect(transition.state.version == world.state.version + 1)
            world.state = transition.state
            try world.log.append(transition.entries)
        }
        return decision
    }

    private func types(_ world: World, after count: Int) -> [String] {
        world.log.entries[count...].map(\.entry.body.type)
    }

    @Test func aRetiredDeviceSaysItOnce() throws {
        var world = try World()
        try world.ask(.attest)
        try world.act(.retire)
        let (end, before) = (world.state, world.log.entries.count)
        let last = world.state.lastEntry
        guard case .taken(_, let farewell) = try takeLeave(&world) else {
            Issue.record("not taken")
            return
        }
        #expect(types(world, after: before) == ["farewell"])
        let entry = try #require(world.log.entries.last?.entry)
        #expect(entry.prev == last && entry.actor == Actor(.verifier, Sample.verifier))
        guard case .farewell(let body) = entry.body else {
            Issue.record("no farewell's entry")
            return
        }
        #expect(body.boot == .current && body.reasons.isEmpty && body.quote == farewell.quote)
        #expect(farewell.at == world.now && world.state.farewell == farewell)
        #expect(world.state.asRetired(end))

        world.now += 86_400
        #expect(try takeLeave(&world) == .known(farewell))
        #expect(world.log.entries.count == before + 1)
    }

    /// Otherwise a program on the device could talk its keys away.
    @Test(arguments: [false, true]) func nobodyLeavesWhomNoOperatorRetired(isSuspended: Bool) throws {
        var world = try World()
        try world.ask(.attest)
        if isSuspended { try world.act(.suspend) }
        let before = world.state
        let decision = try takeLeave(&world)
        #expect(decision == .refused(Refused(reasons: [.notRetired], evidence: [])))
        #expect(world.state == before)
        #expect(DecisionReason.notRetired.sentence.contains("birthmark device retire"))
    }

    /// What it runs says nothing against a device that is leaving, and is put down.
    @Test func whateverItRuns() throws {
        var world = try World()
        try world.ask(.attest)
        try world.act(.retire)
        try world.device.reboot(into: "tampered")
        guard case .taken(let transition, _) = try takeLeave(&world),
            case .farewell(let body) = transition.entries.first?.entry.body
        else {
            Issue.record("not taken")
            return
        }
        #expect(body.boot == nil && body.reasons == ["boot-unexpected"])
    }

    @Test func garbageIsNoFarewell() throws {
        var world = try World()
        try world.act(.retire)
        var input = try world.input(.farewell)
        input.verdict = .refused(Refusal(reasons: [Reason(.signatureInvalid)], authentic: nil))
        #expect(UpdateTrust.takeLeave(input) == .notAuthentic)
        input.verdict = .undecided("the key cannot be read")
        #expect(UpdateTrust.takeLeave(input) == .undecided("the key cannot be read"))
        guard case .undecided = UpdateTrust.takeLeave(try world.input(.attest)) else {
            Issue.record("another purpose was taken for a farewell")
            return
        }
        guard
            case .undecided = decide(
                try {
                    var living = try World(); return try living.input(.farewell)
                }()
            ).outcome
        else {
            Issue.record("a farewell was decided on")
            return
        }
    }

    @Test func aKeyThatComesBackIsNoticedOnceADay() throws {
        var world = try World()
        try world.ask(.attest)
        try world.act(.retire)
        let (end, before) = (world.state, world.log.entries.count)
        let began = world.now
        for _ in 0..<5 {
            #expect(try world.ask(.attest).reasonCodes == ["retired"])
            world.now += 3600
        }
        #expect(types(world, after: before) == ["reappearance"])
        guard case .reappearance(let first) = world.log.entries.last?.entry.body else {
            Issue.record("no reappearance's entry")
            return
        }
        #expect(first.purpose == .attest && first.afterFarewell == nil)
        _ = try takeLeave(&world)
        world.now = began + 86_400
        try world.device.reboot(into: "tampered")
        #expect(
            try world.ask(.update, package: Sample.known(Sample.release("1.1.0", securityVersion: 4))).reasonCodes == [
                "retired"
            ]
        )
        #expect(types(world, after: before) == ["reappearance", "farewell", "reappearance"])
        guard case .reappearance(let second) = world.log.entries.last?.entry.body else {
            Issue.record("no second reappearance's entry")
            return
        }
        #expect(second.purpose == .update && second.afterFarewell == true)
        #expect(world.state.reappeared == Reappearance(first: began, last: world.now, times: 2))
        #expect(world.state.asRetired(end), "it is noticed, and gets nothing")
    }

    /// A clock that was put back notices nothing twice, and one that was ahead hides nothing for good.
    @Test func theVerifiersClockMayJump() throws {
        var world = try World()
        try world.act(.retire)
        try world.ask(.attest)
        let before = world.log.entries.count
        world.now -= 400 * 86_400
        try world.ask(.attest)
        #expect(world.log.entries.count == before)
        world.now += 402 * 86_400
        try world.ask(.attest)
        #expect(world.log.entries.count == before + 1)
    }

    /// It may have been made before the retirement.
    @Test func whatComesAsAFileShowsNoReturn() throws {
        var world = try World()
        try world.act(.retire)
        let package = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        var input = try world.input(.delayed, package: package)
        input.carried = .challenge(from: world.now)
        let decision = decide(input)
        #expect(decision.reasonCodes == ["retired"] && decision.transition == nil)
    }

    @Test func garbageUnderARetiredNameIsNotNoticed() throws {
        var world = try World()
        try world.act(.retire)
        var input = try world.input(.attest)
        input.verdict = .refused(Refusal(reasons: [Reason(.signatureInvalid)], authentic: nil))
        #expect(decide(input).transition == nil)
    }
}
