import AttestationResults
import Crypto
import Messages
import Testing

@testable import UpdateTrust

/// The last word of a device without a TPM.
@Suite struct CompensatedFarewellTests {
    private func takeLeave(
        _ world: inout CompensatedWorld,
        _ disk: CompensatedWorld.Disk
    ) throws -> FarewellDecision {
        let decision = UpdateTrust.takeLeave(try world.input(disk, .farewell))
        if case .taken(let transition, _) = decision { try world.take(transition) }
        return decision
    }

    @Test func aRetiredDeviceSaysItOnceWithTheLastStepOfItsRatchet() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        try world.ask(&disk)
        _ = try world.act(.retire)
        let (position, before) = (world.state.ratchet?.position, world.log.entries.count)
        guard case .taken(_, let farewell) = try takeLeave(&world, disk) else {
            Issue.record("not taken")
            return
        }
        #expect(world.log.entries.count == before + 1)
        guard case .farewell(let body) = world.log.entries.last?.entry.body else {
            Issue.record("no entry")
            return
        }
        let shown = try #require(body.software)
        #expect(body.quote == nil && body.seen == nil && body.boot == nil && body.reasons.isEmpty)
        #expect(shown.key == SoftwareKey(of: disk.next).thumbprint && shown.evidence == farewell.quote)
        #expect(shown.position == position.map { $0 + 1 } && shown.differing == nil)
        #expect(world.state.farewell == farewell && world.state.lifecycle == .retired && world.state.lease == nil)

        // Cut off before it has destroyed anything, it says the same again.
        world.now += 86_400
        #expect(try takeLeave(&world, disk) == .known(farewell))
        #expect(world.log.entries.count == before + 1)
        #expect(try world.ask(&disk).reasonCodes == ["retired"])
    }

    /// Otherwise a program on the device could talk its keys away.
    @Test(arguments: [false, true]) func nobodyLeavesWhomNoOperatorRetired(isSuspended: Bool) throws {
        var world = try CompensatedWorld()
        var disk = world.born
        try world.ask(&disk)
        if isSuspended { _ = try world.act(.suspend) }
        let before = world.state
        #expect(try takeLeave(&world, disk) == .refused(Refused(reasons: [.notRetired], evidence: [])))
        #expect(world.state == before, "not even the ratchet has moved")
    }

    @Test func whoHasNoKeyOfItsSaysNothing() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        try world.ask(&disk)
        _ = try world.act(.retire)
        var stranger = disk
        (stranger.key, stranger.next) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
        #expect(try takeLeave(&world, stranger) == .notAuthentic)
        var changed = try world.input(disk, .farewell)
        changed.evidence = Sample.digest("other evidence")
        guard case .undecided = UpdateTrust.takeLeave(changed) else {
            Issue.record("evidence of another request was taken")
            return
        }
        guard case .undecided = UpdateTrust.takeLeave(try world.input(disk, .attest)) else {
            Issue.record("another purpose was taken for a farewell")
            return
        }
        #expect(world.state.farewell == nil)
    }

    /// A copy that was left behind does not speak for the device, whichever of the two is the device.
    @Test func aCopyThatWasLeftBehindSaysNoFarewell() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        try world.ask(&disk)
        let copy = disk
        for _ in 0..<2 { try world.ask(&disk) }
        #expect(try takeLeave(&world, copy) == .refused(Refused(reasons: [.notRetired], evidence: [])))
        _ = try world.act(.retire)
        #expect(try takeLeave(&world, copy) == .refused(Refused(reasons: [.forked], evidence: [])))
        #expect(world.state.farewell == nil)
        guard case .taken = try takeLeave(&world, disk) else {
            Issue.record("the known line was not heard")
            return
        }
    }

    /// Suspended for a fork, and given up: the known line says farewell all the same, and what differs is put down.
    @Test func whatItsHardwareSaysIsPutDown() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        try world.ask(&disk)
        var copy = disk
        for _ in 0..<2 { try world.ask(&disk) }
        #expect(try world.ask(&copy).reasonCodes == ["forked"])
        _ = try world.act(.retire)
        disk.claims = try #require(HardwareClaims([Sample.label("mmc-cid"): Sample.label("other")]))
        guard case .taken(let transition, _) = try takeLeave(&world, disk),
            case .farewell(let body) = transition.entries.first?.entry.body
        else {
            Issue.record("not taken")
            return
        }
        #expect(body.software?.differing == [Sample.label("mmc-cid")])
    }

    @Test func aFarewellIsNeverDecidedOn() throws {
        var world = try CompensatedWorld()
        guard case .undecided = decide(try world.input(world.born, .farewell)).outcome else {
            Issue.record("a farewell was decided on")
            return
        }
    }

    /// Whoever carries the answer cannot have a device destroy its keys.
    @Test func attack74_aFarewellThatNobodyHasTaken() throws {
        let world = try CompensatedWorld()
        let instance = world.record.instance
        let key = P256.Signing.PrivateKey()
        let signer = try ResultSigner(key: key)
        let farewell = Farewell(at: world.now, quote: Sample.digest("evidence"))
        let request = Array("the request".utf8)
        let word = FarewellWord(
            by: Sample.verifier,
            to: instance,
            request: ContentDigest(of: request),
            farewell
        )
        let genuine = FarewellAnswer(
            instance: instance,
            at: farewell.at,
            wasKnown: false,
            word: try signer.sign(word)
        )
        func hold(
            _ answer: FarewellAnswer,
            _ bytes: [UInt8] = request,
            of other: InstanceID = instance,
            keys: [StatementKey] = [StatementKey(key.publicKey)]
        ) throws(JWSError) {
            try FarewellWord.hold(answer, to: bytes, of: other, issuer: Sample.verifier, keys: keys)
        }
        try hold(genuine)
        let others = [StatementKey(P256.Signing.PrivateKey().publicKey)]
        let elsewhere = InstanceID(firstKey: SoftwareKey(of: key))
        #expect(throws: JWSError.self) { try hold(genuine, Array("another".utf8)) }
        #expect(throws: JWSError.self) { try hold(genuine, keys: others) }
        #expect(throws: JWSError.self) { try hold(genuine, of: elsewhere) }
        // A token of the same key for something else.
        let commitment = try Commitment(
            by: Sample.verifier,
            to: instance,
            at: world.now,
            request: ContentDigest(of: request),
            CompensatedAcceptance(
                ratchet: try #require(world.state.ratchet),
                lease: LeaseStatement(id: "lease", expires: world.now),
                rule: Sample.label("rule"),
                controls: [],
                lowered: nil
            )
        )
        for change: (inout FarewellAnswer) throws -> Void in [
            { $0.word = nil }, { $0.at += 1 }, { $0.instance = elsewhere },
            { $0.word = $0.word.map { $0.dropLast(8) + "AAAAAAAA" } }, { $0.word = try signer.sign(commitment) },
        ] {
            var made = genuine
            try change(&made)
            #expect(throws: JWSError.self) { try hold(made) }
        }
    }
}
