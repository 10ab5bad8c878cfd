import Messages
import Testing

@testable import UpdateTrust

/// A retired TPM is born again: what its former life's chain says then.
@Suite struct SuccessionTests {
    private func record(following instance: InstanceID) throws -> BirthRecord {
        var record = try World().record
        record.follows = Replacement(
            instance: instance,
            reason: try #require(Remark("refurbished")),
            by: Sample.label("bob")
        )
        return record
    }

    private func succession(_ world: World, by record: BirthRecord) throws -> Succession? {
        try Succession.of(world.state, by: record, payload: Sample.digest("record"), at: world.now)
    }

    @Test func theOldChainSaysWhatFollowedIt() throws {
        var world = try World()
        try world.ask(.attest)
        try world.act(.retire)
        let end = world.state
        let next = try record(following: world.record.instance)
        guard case .applied(let transition) = try succession(world, by: next) else {
            Issue.record("not applied")
            return
        }
        let entry = try #require(transition.entries.first?.entry)
        #expect(transition.entries.count == 1 && entry.prev == end.lastEntry)
        #expect(entry.actor == Actor(.station, next.station))
        guard case .succession(let body) = entry.body else {
            Issue.record("no succession's entry")
            return
        }
        #expect(body.followedBy == next.instance && body.by.text == "bob" && body.reason.text == "refurbished")
        var expected = end
        (expected.followedBy, expected.lastEntry) = (next.instance, transition.entries.last?.digest)
        expected.version += 1
        #expect(transition.state == expected, "nothing else changes")

        // The new one's chain begins with the same.
        let birth = try Transition.birth(of: next, payload: Sample.digest("record"), at: 1, by: Sample.verifier)
        guard case .birth(let born) = birth.entries.first?.entry.body else {
            Issue.record("no birth's entry")
            return
        }
        #expect(born.follows == world.record.instance)

        world.state = transition.state
        #expect(try succession(world, by: record(following: world.record.instance)) == .followed(by: next.instance))
    }

    @Test func whoLivesIsNotFollowed() throws {
        var world = try World()
        try world.ask(.attest)
        let next = try record(following: world.record.instance)
        #expect(try succession(world, by: next) == .living(.trusted))
        try world.act(.suspend)
        #expect(try succession(world, by: next) == .living(.suspended))
        #expect(try succession(world, by: World().record) == nil)
        #expect(try succession(world, by: record(following: InstanceID(iakName: [9]))) == nil)
    }
}
