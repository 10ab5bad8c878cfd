import AttestationResults
import Crypto
import Messages
import SeededRandom
import Testing

@testable import UpdateTrust

/// What an auditor knows of an instance who reads nothing but its ledger entries.
struct History: Hashable {
    var lifecycle: Lifecycle?
    var lease: Label?
    var leaseExpires: Int64?
    var lastSeen: LastSeen?
    var pending: String?
    var pendingStatus: PendingGrant.Status?
    var stage: UpdateStage?
    var grantExpires: Int64?
    var running: ContentDigest?
    var securityFloor: UInt64?
    var installation: ContentDigest?
    var reimage: ContentDigest?
    var lastEntry: ContentDigest?
    var loweredUntil: Int64?
    var key: ContentDigest?
    var position: Int64?

    init() {}

    mutating func replay(_ entries: some Sequence<WrittenEntry>) throws {
        for written in entries {
            let entry = try LedgerEntry(parsing: written.bytes)
            #expect(entry.prev == lastEntry, "a gap")
            lastEntry = ContentDigest(of: written.bytes)
            apply(entry.body)
        }
    }

    private mutating func apply(_ body: LedgerEntry.Body) {
        switch body {
        case .birth(let birth):
            lifecycle = .born
            securityFloor = birth.bornWith.securityVersion
        case .decision(let decision):
            lifecycle = decision.lifecycle
            if decision.reasons == ["reimaged"] {
                reimage = decision.installation
            } else {
                installation = decision.installation ?? installation
            }
            if decision.boot != nil || decision.lifecycle == .suspended { lastSeen = decision.seen }
        case .lease(let entry):
            lease = entry.event == .ended ? nil : entry.id
            leaseExpires = entry.event == .ended ? nil : entry.expires
            if entry.cause == .recalled { lifecycle = .rescue }
            if entry.event == .ended, pending != nil { pendingStatus = .ended }
        case .grant(let entry):
            (pending, pendingStatus, stage, grantExpires) = (entry.jti, .issued, .granted, entry.expires)
        case .update(let entry):
            #expect(entry.jti == pending)
            stage = entry.stage
            if entry.stage == .withdrawn { pendingStatus = .ended }
        case .receipt(let receipt):
            running = receipt.package.manifest
            securityFloor = receipt.securityFloor
            (pending, pendingStatus, stage, grantExpires) = (nil, nil, nil, nil)
        case .rework: lifecycle = .retired
        case .restoration:
            if lifecycle != .suspended && lifecycle != .reimaged { lifecycle = .born }
            if pending != nil { pendingStatus = .ended }
            lastSeen?.clock = ClockReading(clock: 0, resetCount: 0, restartCount: 0, safe: true)
        case .act(let act):
            switch act.act {
            case .suspend: lifecycle = .suspended
            case .reinstate:
                lifecycle = .born
                (installation, reimage) = (reimage ?? installation, nil)
            case .retire: lifecycle = .retired
            }
        case .compensated(let decision):
            lifecycle = decision.lifecycle
            (key, position) = (decision.key, decision.position)
        case .tier(let entry):
            if lifecycle != .suspended { lifecycle = .born }
            (loweredUntil, key, position) = (entry.until, entry.key, entry.position)
        // The others change nothing of this: with one that does and is forgotten here, the two states differ.
        default: break
        }
    }

    init(_ state: InstanceState) {
        lifecycle = state.lifecycle
        lease = state.lease?.id
        leaseExpires = state.lease?.expires
        lastSeen = state.lastSeen
        pending = state.pending?.jti
        pendingStatus = state.pending?.status
        stage = state.pending?.stage
        grantExpires = state.pending?.expires
        running = state.running.manifest
        securityFloor = state.securityFloor
        installation = state.installation?.key
        reimage = state.reimage?.key
        lastEntry = state.lastEntry
        loweredUntil = state.lowered?.mark.until
        key = state.ratchet?.key.thumbprint
        position = state.ratchet?.position
    }
}

/// Lives made of random steps; the seed is the test's argument, so that a failing life can be lived again.
@Suite struct HistoryTests {
    /// 100,000 steps.
    @Test(arguments: 1...40) func randomLifeKeepsTheInvariants(seed: Int) async throws {
        var dice = SplitMix64(seed: UInt64(seed))
        var world = try Self.world(seed)
        var history = History()
        var replayed = 0
        for _ in 0..<2500 {
            let before = world.state
            let decision = try step(&world, &dice)
            try history.replay(world.log.entries[replayed...])
            replayed = world.log.entries.count
            try check(world, history, before: before, decision: decision)
            // Tests of services, with time limits of their own, wait for the same processors.
            await Task.yield()
        }
        try world.act(.retire)
        let end = world.state
        for _ in 0..<10 { _ = try step(&world, &dice) }
        #expect(world.state.asRetired(end), "retired is final")
    }

    /// Some releases, a rescue image, and one of the policies.
    private static func world(_ seed: Int) throws -> World {
        var world = try World(
            policy: Sample.policy(
                moves: #"{"upgrade":true,"reinstall":true,"downgrade":\#(seed % 2 == 0)}"#,
                rescue: seed % 3 == 0 ? 600 : nil,
                drift: seed % 4 == 0 ? 1200 : nil
            )
        )
        world.known = try [("1.1.0", 3), ("1.2.0", 4), ("0.9.0", 2), ("2.0.0", 6)].map {
            try Sample.known(Sample.release($0.0, securityVersion: UInt64($0.1)))
        }
        world.known.append(try Sample.known(Sample.release("rescue", securityVersion: 1) { $0.role = .rescue }))
        return world
    }

    private func step(
        _ world: inout World,
        _ dice: inout SplitMix64
    ) throws -> Decision? {
        // Now and then for longer than any lease.
        let longest: Int64 = dice.next() % 16 == 0 ? 200_000 : dice.next() % 2 == 0 ? 20_000 : 600
        world.now += Int64.random(in: 0...longest, using: &dice)
        switch Int.random(in: 0..<19, using: &dice) {
        case 0...3: return try world.ask(.attest)
        case 4...7: return try world.ask(.update, package: world.known.randomElement(using: &dice))
        case 8, 9: return try world.ask(.confirm, grant: world.state.pending?.jti ?? "none")
        case 10, 11:
            if let pending = world.state.pending {
                world.device.counters.grants += 1
                switch dice.next() % 8 {
                case 0: break
                case 1: try world.device.reboot(into: "rescue")
                default: try world.device.reboot(into: pending.package.version.text)
                }
            }
        case 12:
            try world.device.reboot(into: world.state.running.version.text)
            // Its disk is written anew now and then.
            if dice.next() % 8 == 0 { world.device.installation = P256.Signing.PrivateKey() }
        case 13:
            let strays =
                ["tampered"] + [world.state.previous?.version.text ?? "1.0.0"] + world.known.map(\.release.version.text)
            if dice.next() % 3 == 0 { try world.device.reboot(into: strays.randomElement(using: &dice) ?? "") }
        case 14 where dice.next() % 8 == 0: try world.clearAndRestore()
        case 14:
            var input = try world.input(.attest)
            input.verdict = .refused(Refusal(reasons: [Reason(.signatureInvalid)], authentic: nil))
            return try world.settle(decide(input))
        case 15:
            guard dice.next() % 2 == 0, let manifest = world.state.manifests.randomElement(using: &dice) else { break }
            world.withdraw(manifest, dice.next() % 2 == 0 ? .recalled : .withdrawn)
            if dice.next() % 2 == 0, world.state.lifecycle != .retired { try world.lapse() }
        case 17:
            let isDue = world.state.due.map { $0 <= world.now } ?? false
            if isDue { #expect(try !world.lapse().entries.isEmpty) }
            #expect(world.state.due.map { $0 > world.now } ?? true, "nothing is left to do")
        case 16:
            // A verifier takes nothing back; lives of this length need releases all the same.
            world.fallen = [:]
            for index in world.known.indices { world.known[index].standing = .registered }
        default:
            try world.act(
                world.state.lifecycle == .suspended || world.state.lifecycle == .reimaged
                    ? .reinstate : dice.next() % 8 == 0 ? .suspend : .reinstate
            )
        }
        return nil
    }

    private func check(_ world: World, _ history: History, before: InstanceState, decision: Decision?) throws {
        let state = world.state
        #expect(history == History(state), "entries explain the state")
        #expect(state.securityFloor >= before.securityFloor, "the floor only rises")
        #expect(state.running.securityVersion >= world.record.bornWith.securityVersion, "nothing went below its floor")
        #expect(state.version == before.version || state.version == before.version + 1)
        #expect((state.version == before.version) == (state == before))
        if [.suspended, .reimaged, .retired].contains(state.lifecycle) {
            #expect(state.lease == nil)
            #expect(state.pending?.status != .issued)
        }
        if let pending = state.pending, pending.status == .issued {
            #expect(pending.lease == state.lease?.id, "no grant without its lease")
            #expect(pending.expires <= state.lease?.expires ?? 0, "no grant outlives its lease")
        }
        guard let decision else { return }
        if decision.transition != nil, state.lifecycle == .trusted, state.lease != nil {
            #expect(state.recallRemark(world.fallen) == nil, "no trust in what was recalled")
        }
        if case .granted(let grant, _) = decision.outcome {
            #expect(![.suspended, .reimaged, .retired].contains(before.lifecycle))
            #expect(grant.terms.claims.package.securityVersion >= before.securityFloor)
            #expect(grant.terms.claims.purpose == .update)
            #expect(grant.terms.claims.exp <= grant.terms.claims.lease.exp)
            let issued = try Grant.verify(
                grant.compact,
                issuer: Sample.verifier,
                keys: [GrantSigner(key: world.grantKey).publicKey]
            )
            #expect(issued.digest == state.pending?.grant)
        }
        if decision.transition == nil { #expect(state == before) }
    }

    /// The random lives are worth something only as long as they go everywhere.
    @Test func randomLivesReachEveryTurn() throws {
        var types = Set<String>()
        var reasons = Set<String>()
        var causes = Set<LeaseCause>()
        var stages = Set<UpdateStage>()
        for seed in 1...20 {
            var dice = SplitMix64(seed: UInt64(seed))
            var world = try Self.world(seed)
            for _ in 0..<200 { _ = try step(&world, &dice) }
            for written in world.log.entries {
                types.insert(written.entry.body.type)
                if case .decision(let decision) = written.entry.body { reasons.formUnion(decision.reasons) }
                if case .lease(let lease) = written.entry.body { causes.insert(lease.cause) }
                if case .update(let update) = written.entry.body { stages.insert(update.stage) }
            }
        }
        #expect(types == ["birth", "decision", "lease", "grant", "update", "receipt", "operator", "restoration"])
        #expect(
            reasons.isSuperset(of: [
                "evidence-refused", "boot-unexpected", "grant-unknown", "grant-unconfirmed", "boot-not-as-granted",
                "below-security-floor", "move-not-allowed", "drifted", "rescue-not-granted", "reimaged",
            ]),
            "\(reasons.sorted())"
        )
        #expect(
            causes.isSuperset(of: [
                .attested, .confirmed, .expired, .rebooted, .evidenceRefused, .suspended, .cleared, .fellBack, .drifted,
                .recalled, .reimaged,
            ]),
            "\(causes)"
        )
        #expect(stages == Set(UpdateStage.allCases).subtracting([.granted, .confirmed]), "\(stages)")
    }

    /// Every end of a lease has a cause and an actor on the ledger, and no lease ends twice.
    @Test(arguments: 1...10) func everyLeaseBeginsAndEndsOnce(seed: Int) throws {
        var dice = SplitMix64(seed: UInt64(seed) << 32)
        var world = try Self.world(seed)
        for _ in 0..<60 { _ = try step(&world, &dice) }
        var open: Label?
        for written in world.log.entries {
            guard case .lease(let lease) = written.entry.body else { continue }
            switch lease.event {
            case .issued:
                #expect(open == nil)
                open = lease.id
            case .renewed: #expect(open == lease.id)
            case .ended:
                #expect(open == lease.id)
                open = nil
            }
        }
        #expect(open == world.state.lease?.id)
    }
}
