import Messages
import Testing

@testable import UpdateTrust

/// A board was swapped: what becomes of the instance that it was.
@Suite struct RetirementTests {
    private func replacement(of instance: InstanceID) throws -> BirthRecord {
        var record = try World().record
        record.replaces = Replacement(
            instance: instance,
            reason: try #require(Remark("the TPM does not answer")),
            by: Sample.label("bob")
        )
        return record
    }

    private func retirement(_ world: World, by record: BirthRecord) throws -> Transition? {
        guard let replacement = record.replaces else { return nil }
        return try Transition.retirement(
            of: world.state,
            replacedBy: record.facts,
            replacement,
            payload: Sample.digest("record"),
            at: world.now
        )
    }

    @Test func leaseAndGrantEndWithTheBoard() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        let record = try replacement(of: world.record.instance)
        let transition = try #require(try retirement(world, by: record))
        #expect(transition.state.lifecycle == .retired)
        #expect(transition.state.lease == nil)
        #expect(transition.state.pending?.jti == delivered.claims.jti)
        #expect(transition.state.pending?.status == .ended)
        #expect(transition.state.version == world.state.version + 1)
        #expect(transition.state.remark?.contains("bob: the TPM does not answer") == true)
        #expect(transition.state.remark?.contains(record.instance.text) == true)

        let entries = transition.entries.map(\.entry)
        #expect(entries.map(\.body.type) == ["rework", "lease"])
        #expect(entries.allSatisfy { $0.actor == Actor(.station, record.station) })
        #expect(entries.first?.prev == world.state.lastEntry)
        guard case .rework(let body) = entries[0].body, case .lease(let lease) = entries[1].body else {
            Issue.record("not the entries of a rework and a lease")
            return
        }
        #expect(body.replacedBy == record.instance && body.by.text == "bob")
        #expect(lease.event == .ended && lease.cause == .boardSwapped)
        try world.log.append(transition.entries)
    }

    /// Whatever it asks afterwards is refused, and no operator leads it back.
    @Test(arguments: [Purpose.attest, .update])
    func theRetiredBoardIsGivenNothing(_ purpose: Purpose) throws {
        var world = try World()
        try world.ask(.attest)
        world.state = try #require(try retirement(world, by: replacement(of: world.record.instance))).state
        let release = try Sample.known(try Sample.release("1.1.0", securityVersion: 4))
        let decision = try world.ask(purpose, package: purpose == .update ? release : nil)
        guard case .refused = decision.outcome else {
            Issue.record("a retired board was given something")
            return
        }
        #expect(world.state.lease == nil)
        for kind in OperatorAct.Kind.allCases {
            guard case .refused(.retired) = try world.act(kind) else {
                Issue.record("\(kind) led out of a retirement")
                return
            }
        }
    }

    @Test func whatAnOperatorRetiredIsStillTold() throws {
        var world = try World()
        _ = try world.act(.retire)
        let transition = try #require(try retirement(world, by: replacement(of: world.record.instance)))
        #expect(transition.state.lifecycle == .retired)
        #expect(transition.entries.map(\.entry.body.type) == ["rework"])
    }

    @Test func onlyTheInstanceThatIsNamed() throws {
        let world = try World()
        let other = try replacement(of: InstanceID(iakName: [1]))
        #expect(try retirement(world, by: other) == nil)
        #expect(try retirement(world, by: try World().record) == nil)
    }

    @Test func theNextBirthSaysWhatItReplaces() throws {
        let first = InstanceID(iakName: [1])
        let record = try replacement(of: first)
        let birth = try Transition.birth(of: record, payload: Sample.digest("r"), at: 1, by: Sample.verifier)
        guard case .birth(let entry) = try #require(birth.entries.first).entry.body else {
            Issue.record("no birth's entry")
            return
        }
        #expect(entry.replaces == first)
    }
}
