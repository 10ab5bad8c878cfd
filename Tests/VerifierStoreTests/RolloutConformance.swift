import Ledger
import Messages
import Testing
import VerifierStore

@testable import UpdateTrust

/// What every store owes of rollouts: who changed them last, what came of their updates, and the halt.
extension StoreConformance {
    static let rolloutCases = [
        StoreConformance("an act on a rollout replaces the one that it was taken on", rolloutActs),
        StoreConformance("a grant that was decided on another rollout is stale", staleRollout),
        StoreConformance("a rollout counts each update by the stage that it is in", rolloutCounts),
        StoreConformance("a rollout is halted in the transaction of one failure too many", rolloutHalt),
        StoreConformance("a rollout is halted once, inside the group", rolloutHaltInGroup),
    ]

    static func rolloutAct(
        _ verb: RolloutVerb,
        _ percent: Int? = nil,
        haltAfter: Int = 2,
        of release: ContentDigest,
        on staged: StagedRollout?
    ) throws -> RolloutChange {
        let plan = try percent.map { try RolloutPlan(percent: $0, haltAbove: 40, haltAfter: haltAfter).found() }
        let order = try RolloutOrder(verb, plan: plan, reason: "ring").found()
        let act = RolloutAct(order, by: try Fixture.label("rita"))
        guard case .applied(let change) = try act.apply(to: staged, of: release, at: Fixture.now) else {
            throw Missing()
        }
        return change
    }

    /// What a decision notes of the update under way.
    private static func reach(_ stage: UpdateStage, _ state: InstanceState) throws -> Transition {
        var draft = TransitionDraft(of: state, at: Fixture.now, actor: Actor(.verifier, try Fixture.label("test")))
        if stage == .confirmed, let pending = state.pending {
            _ = draft.state.close(pending)
            try draft.record(
                .receipt(
                    ReceiptEntry(
                        grant: pending.grant,
                        jti: pending.jti,
                        package: pending.package,
                        securityFloor: 2,
                        quote: pending.grant
                    )
                )
            )
        } else {
            try draft.reach(stage)
        }
        return draft.finished
    }

    private static func rolloutActs(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try await prepared(store, key)
        let stranger = ContentDigest(of: [9])
        let orphan = StoreChange.rollout(try rolloutAct(.set, 10, of: stranger, on: nil))
        #expect(try await store.commit([orphan], sealer: key.sealer).outcomes == [.conflict(.missing)])
        #expect(try await store.rollout(of: stranger) == nil)
        #expect(try await store.rollout(of: release.manifest) == nil)
        let instance = try Fixture.birth(try Fixture.record(1))
        _ = try await store.commit([.birth(instance)], sealer: key.sealer)
        func snapshot() async throws -> DecisionSnapshot? {
            try await store.snapshot(of: instance.transition.state.instance, release: release.manifest)
        }
        #expect(try await snapshot()?.rollout == nil)

        let set = try rolloutAct(.set, 10, of: release.manifest, on: nil)
        #expect(try await store.commit([.rollout(set)], sealer: key.sealer).outcomes == [.committed(at: 3)])
        #expect(try await store.commit([.rollout(set)], sealer: key.sealer).outcomes == [.stale])
        let staged = try await store.rollout(of: release.manifest).found()
        #expect(staged == StagedRollout(rollout: set.rollout, confirmed: 0, failed: 0))
        #expect(try await snapshot()?.rollout == set.rollout)
        let pause = try rolloutAct(.pause, of: release.manifest, on: staged)
        let wider = try rolloutAct(.set, 20, of: release.manifest, on: staged)
        let outcomes = try await store.commit([.rollout(pause), .rollout(wider)], sealer: key.sealer).outcomes
        #expect(outcomes == [.committed(at: 4), .stale])
        #expect(try await snapshot()?.rollout == pause.rollout)
        let entry = try LedgerEntry(parsing: try await store.ledgerEntries(4..<5).first.found().bytes)
        #expect(entry == pause.entry.entry)
    }

    private static func staleRollout(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try await prepared(store, key).manifest
        let set = try rolloutAct(.set, 100, of: release, on: nil)
        _ = try await store.commit([.rollout(set)], sealer: key.sealer)
        for revision in [nil, set.rollout.revision - 1, set.rollout.revision + 1] {
            await #expect(throws: Missing.self) {
                _ = try await granted(1, release, rollout: revision, store, key)
            }
        }
        #expect(try await store.updates(.release(release), before: nil, limit: 1).isEmpty)
        _ = try await granted(1, release, rollout: set.rollout.revision, store, key)
    }

    private static func rolloutCounts(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try await prepared(store, key).manifest
        // What was granted before there was a rollout is not counted.
        let early = try await granted(1, release, store, key)
        let set = try rolloutAct(.set, 100, haltAfter: 10, of: release, on: nil)
        _ = try await store.commit([.rollout(set)], sealer: key.sealer)
        func counts() async throws -> [Int64] {
            let staged = try await store.rollout(of: release).found()
            return [staged.confirmed, staged.failed]
        }
        func go(_ stage: UpdateStage, _ state: InstanceState) async throws -> InstanceState {
            let transition = try reach(stage, state)
            let change = StoreChange.act(transition, replacing: state.version)
            guard case .committed = try await store.commit([change], sealer: key.sealer).outcomes.first else {
                throw Missing()
            }
            return transition.state
        }
        _ = try await go(.rolledBack, early)
        #expect(try await counts() == [0, 0])
        var state = try await granted(2, release, rollout: set.rollout.revision, store, key)
        for (stage, expected) in [
            (UpdateStage.installed, [0, 0]), (.unconfirmed, [0, 1]), (.rolledBack, [0, 1]), (.booted, [0, 0]),
            (.rescued, [0, 1]), (.failed, [0, 1]), (.confirmed, [1, 0]),
        ] as [(UpdateStage, [Int64])] {
            state = try await go(stage, state)
            #expect(try await counts() == expected, "\(stage)")
        }
        var other = try await granted(3, release, rollout: set.rollout.revision, store, key)
        for (stage, expected) in [
            (UpdateStage.unconfirmed, [1, 1]), (.lapsed, [1, 0]), (.superseded, [1, 0]), (.withdrawn, [1, 0]),
        ] as [(UpdateStage, [Int64])] {
            other = try await go(stage, other)
            #expect(try await counts() == expected, "\(stage)")
        }
    }

    private static func rolloutHalt(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try await prepared(store, key).manifest
        let set = try rolloutAct(.set, 100, of: release, on: nil)
        _ = try await store.commit([.rollout(set)], sealer: key.sealer)
        let revision = set.rollout.revision
        let good = try await granted(1, release, rollout: revision, store, key)
        let bad = try await granted(2, release, rollout: revision, store, key)
        let open = try await granted(3, release, rollout: revision, store, key)
        let confirmed = StoreChange.act(try reach(.confirmed, good), replacing: good.version)
        #expect(try await store.commit([confirmed], sealer: key.sealer).halted.isEmpty)

        // By the sweep: the time of a grant is over, and nobody was heard of.
        let size = try await store.ledgerHead().size
        _ = try await lapse(bad.instance, at: Fixture.now + 100, store, key)
        let halted = try await store.rollout(of: release).found()
        #expect(halted.rollout.status == .halted && halted.confirmed == 1 && halted.failed == 1)
        #expect(halted.rollout.changedBy == Actor(.verifier, try Fixture.label("test")))
        #expect(halted.rollout.changedAt == Fixture.now + 100)
        #expect(try await store.snapshot(of: bad.instance, release: release)?.rollout == halted.rollout)
        let entries = try await store.ledgerEntries(size..<size + 9).map { try LedgerEntry(parsing: $0.bytes) }
        #expect(entries.map(\.body.type) == ["update", "rollout"])
        await #expect(throws: Missing.self) { _ = try await granted(4, release, rollout: revision, store, key) }

        // Resumed, it counts the grants that are given from then on.
        let resume = try rolloutAct(.resume, of: release, on: halted)
        _ = try await store.commit([.rollout(resume)], sealer: key.sealer)
        _ = try await lapse(open.instance, at: Fixture.now + 100, store, key)
        let resumed = try await store.rollout(of: release).found()
        #expect(resumed == StagedRollout(rollout: resume.rollout, confirmed: 0, failed: 0))
        let late = try await store.snapshot(of: bad.instance, release: nil).found().state
        let healed = StoreChange.act(try reach(.confirmed, late), replacing: late.version)
        _ = try await store.commit([healed], sealer: key.sealer)
        #expect(try await store.rollout(of: release) == resumed)
        let again = try await granted(5, release, rollout: resume.rollout.revision, store, key)
        _ = try await lapse(again.instance, at: Fixture.now + 100, store, key)
        #expect(try await store.rollout(of: release)?.failed == 1)
    }

    private static func rolloutHaltInGroup(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try await prepared(store, key).manifest
        let set = try rolloutAct(.set, 100, of: release, on: nil)
        _ = try await store.commit([.rollout(set)], sealer: key.sealer)
        var states: [InstanceState] = []
        for number in 1...4 {
            states.append(try await granted(number, release, rollout: set.rollout.revision, store, key))
        }
        let size = try await store.ledgerHead().size
        let changes = try states.map { StoreChange.act(try reach(.failed, $0), replacing: $0.version) }
        let receipt = try await store.commit(changes, sealer: key.sealer)
        // The second of them is the one too many, and its halt stands right after it.
        #expect(receipt.outcomes == [0, 1, 3, 4].map { .committed(at: size + $0) })
        #expect(receipt.halted.map(\.rollout.status) == [.halted])
        let entries = try await store.ledgerEntries(size..<size + 9).map { try LedgerEntry(parsing: $0.bytes) }
        #expect(entries.map(\.body.type) == ["update", "update", "rollout", "update", "update"])
        guard case .rollout(let halt) = entries[2].body else { throw Missing() }
        #expect(halt.act == .halt && halt.confirmed == 0 && halt.failed == 2)
        #expect(try await store.rollout(of: release)?.failed == 4)
        let proof = try receipt.ledger.found().proof(of: size + 4)
        let entry = try await store.ledgerEntries(size + 4..<size + 5).first.found()
        #expect(throws: Never.self) { try proof.verify(entry: entry, logKey: key.signer.verifierKey).get() }
    }
}
