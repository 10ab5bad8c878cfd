import Appraisal
import AttestationResults
import Crypto
import Messages
import Testing

@testable import UpdateTrust

/// A software key that moves on with each contact: what a copy of it is good for, and how it shows.
@Suite struct RatchetTests {
    @Test func theKeyMovesOnWithEachContact() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        for position in 1...5 {
            let next = SoftwareKey(of: disk.next)
            let decision = try world.ask(&disk)
            #expect(decision.isAnswered, "\(decision)")
            #expect(world.state.ratchet?.position == Int64(position) && world.state.ratchet?.key == next)
        }
        #expect(world.state.lifecycle == .trusted && world.state.lease?.holds(at: world.now) == true)
    }

    /// The agent was killed, or the line cut, between request and answer: it asks again with the same keys, as often as it takes.
    @Test func aLostAnswerIsNoFork() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        for _ in 0..<3 {
            let position = world.state.ratchet?.position ?? 0
            try world.ask(&disk, isAnswerLost: true)
            #expect(world.state.ratchet?.position == position + 1)
            try world.ask(&disk, isAnswerLost: true)
            try world.ask(&disk)
            #expect(world.state.ratchet?.position == position + 1 && world.state.fork == nil)
        }
        #expect(try world.ask(&disk).isAnswered)
        let repeated = world.log.entries.count {
            if case .compensated(let entry) = $0.entry.body { entry.repeated == true } else { false }
        }
        #expect(repeated == 6)
    }

    /// A refusal may be lost as well, and is recorded with the key that it has committed.
    @Test func aRefusalMovesTheKeyOnToo() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        let unknown = try Sample.known(Sample.release("9.9.9", securityVersion: 9))
        var stranger = unknown
        stranger.manifest = Sample.digest("another")
        #expect(try world.ask(&disk, .update, package: stranger).isAnswered)
        #expect(world.state.ratchet?.position == 1)
        let held = disk
        world.policy = try CompensatedWorld.policy(controls: #"{"releases":["app"],"approvals":0,"claims":false}"#)
        #expect(try world.ask(&disk, .update, package: unknown).reasonCodes == ["controls-unmet"])
        #expect(SoftwareKey(of: held.key) == SoftwareKey(of: disk.key), "the agent does not know")
        #expect(world.state.ratchet?.position == 2)
        #expect(try world.ask(&disk).isAnswered)
        #expect(world.state.ratchet?.position == 2 && world.state.fork == nil)
    }

    /// Every interleaving of the first three contacts of two copies of one disk, with and without the next key in the copy.
    @Test(arguments: [true, false])
    func twoCopiesOfOneDiskInEveryInterleaving(copiesNextKey: Bool) throws {
        var checked = 0
        for order in Self.interleavings(of: 3, and: 3) {
            var world = try CompensatedWorld()
            var first = world.born
            try world.ask(&first)
            var second = first
            if !copiesNextKey { second.next = P256.Signing.PrivateKey() }
            var spoke = [0, 0]
            var isForked = false
            for (step, isSecond) in order.enumerated() {
                // What a copy of the next key says first is what the other says as well: each has a key of its own only after that.
                isForked = isForked || spoke[isSecond ? 0 : 1] > (copiesNextKey ? 1 : 0)
                if isSecond { try world.ask(&second) } else { try world.ask(&first) }
                spoke[isSecond ? 1 : 0] += 1
                #expect((world.state.fork != nil) == isForked, "\(order), step \(step)")
            }
            #expect(world.state.lifecycle == .suspended && world.state.fork != nil, "\(order)")
            #expect(world.state.lease == nil)
            let forks = world.log.entries.compactMap { written in
                if case .compensated(let entry) = written.entry.body { entry.fork } else { nil }
            }
            #expect(
                forks.count == 1 && forks[0].position < forks[0].committed,
                "both positions stand on the ledger, once"
            )
            checked += 1
        }
        #expect(checked == 20)
    }

    /// All orders of so many contacts of one copy and so many of the other.
    private static func interleavings(of first: Int, and second: Int) -> [[Bool]] {
        if first == 0 { return [Array(repeating: true, count: second)] }
        if second == 0 { return [Array(repeating: false, count: first)] }
        return interleavings(of: first - 1, and: second).map { [false] + $0 }
            + interleavings(of: first, and: second - 1).map { [true] + $0 }
    }

    /// An old state that was put back looks like a copy that woke up: it is told apart by whether the other ever speaks again.
    @Test func aBackupThatIsPutBackIsAForkThatAnOperatorSettles() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        try world.ask(&disk)
        let backup = disk
        for _ in 0..<4 { try world.ask(&disk) }
        disk = backup
        #expect(try world.ask(&disk).reasonCodes == ["forked"])
        #expect(world.state.fork?.position == 1 && world.state.fork?.committed == 5)
        #expect(world.state.lifecycle == .suspended)
        #expect(try world.ask(&disk).reasonCodes == ["suspended", "forked"])
        #expect(try world.act(.reinstate) == .forked)
        #expect(try world.settle(.other))
        #expect(world.state.fork == nil && world.state.lifecycle == .born)
        #expect(try world.ask(&disk).isAnswered, "the device asks as before, and goes on")
        #expect(try world.ask(&disk).isAnswered)
        #expect(world.state.ratchet?.position == 7, "positions only rise")
    }

    @Test func theKnownLineGoesOnAndTheOtherForksAgain() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        try world.ask(&disk)
        var copy = disk
        for _ in 0..<3 { try world.ask(&disk) }
        #expect(try world.ask(&copy).reasonCodes == ["forked"])
        #expect(try world.ask(&disk).reasonCodes == ["suspended", "forked"], "both are suspended")
        #expect(try world.settle(.known))
        #expect(try world.ask(&disk).isAnswered)
        #expect(try world.ask(&copy).reasonCodes == ["forked"])
    }

    @Test func onlyForksAreSettled() throws {
        var world = try CompensatedWorld()
        #expect(try !world.settle(.known))
        _ = try world.act(.suspend)
        #expect(try !world.settle(.other))
    }

    /// A fork does not outlive the instance, and nothing settles it then.
    @Test func aForkedInstanceCanBeRetired() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        try world.ask(&disk)
        var copy = disk
        for _ in 0..<2 { try world.ask(&disk) }
        try world.ask(&copy)
        guard case .applied = try world.act(.retire) else {
            Issue.record("not retired")
            return
        }
        #expect(try !world.settle(.known))
    }

    /// A stranger has no key that was ever committed, and changes nothing.
    @Test func strangersAreNobody() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        try world.ask(&disk)
        let (state, entries) = (world.state, world.log.entries.count)
        var stranger = disk
        stranger.key = P256.Signing.PrivateKey()
        #expect(try world.ask(&stranger).outcome == .notAuthentic("no key of this instance signed it"))
        #expect(world.state == state && world.log.entries.count == entries)
    }

    @Test func signaturesAndKeysAreHeldToTheRequest() throws {
        let world = try CompensatedWorld()
        let disk = world.born
        let request = world.request(disk, .attest)
        let good = try CompensatedEvidence(request, signedBy: disk.key, next: disk.next)
        func isRefused(_ change: (inout CompensatedEvidence) throws -> Void) throws -> Bool {
            var evidence = good
            try change(&evidence)
            if case .notAuthentic = try world.verdict(evidence, request) { return true }
            return false
        }
        #expect(try !isRefused { _ in })
        #expect(try isRefused { $0.signature = $0.nextSignature })
        #expect(try isRefused { $0.nextSignature = $0.signature })
        #expect(try isRefused { $0.request.bytes[20] ^= 1 })
        // Who names a key that is not his would lock the instance out.
        let alien = P256.Signing.PrivateKey()
        #expect(
            try isRefused { evidence in
                var other = request
                other.next = SoftwareKey(of: alien)
                let bytes = try other.bytes
                evidence.request = Blob(bytes)
                evidence.signature = Blob(
                    try disk.key.signature(for: CompensatedRequest.message(for: bytes)).rawRepresentation
                )
            }
        )
    }

    /// The ratchet goes no key twice: otherwise positions would mean nothing.
    @Test func aKeyIsCommittedOnce() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        let first = disk.key
        try world.ask(&disk)
        disk.next = first
        #expect(try world.ask(&disk).outcome == .notAuthentic("the next key was used before"))
    }

    @Test func evidenceOfAnotherStateDecidesNothing() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        let early = try world.input(disk, .attest)
        try world.ask(&disk)
        var late = early
        late.state = world.state
        guard case .undecided = decide(late).outcome else {
            Issue.record("decided on an old ratchet")
            return
        }
    }

    @Test func theRetiredStayRetired() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        try world.ask(&disk)
        var copy = disk
        try world.ask(&disk)
        _ = try world.act(.retire)
        let entries = world.log.entries.count
        #expect(try world.ask(&disk).reasonCodes == ["retired"])
        #expect(try world.ask(&copy).reasonCodes == ["retired"])
        #expect(world.log.entries.count == entries)
    }
}
