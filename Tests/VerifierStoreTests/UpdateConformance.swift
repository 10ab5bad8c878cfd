import Messages
import Testing
import VerifierStore

@testable import UpdateTrust

/// What every store owes of what time and withdrawals do, and of what became of grants.
extension StoreConformance {
    static let updateCases = [
        StoreConformance("who is due is found, the longest wait first", dueByTime),
        StoreConformance("a withdrawal makes due whom it concerns, until that is taken in", dueByWithdrawal),
        StoreConformance("a withdrawal that overtakes the sweep is not forgotten", withdrawalOvertakes),
        StoreConformance("the end of a gateway that overtakes a sweep or a decision counts", gatewayEndOvertakes),
        StoreConformance("updates are told by device and release, with every stage", updates),
        StoreConformance("updates are listed in pages", updatePages),
    ]

    /// An instance with a grant for a release, under a lease.
    static func granted(
        _ number: Int,
        _ release: ContentDigest,
        rollout: Int64? = nil,
        _ store: any VerifierStore,
        _ key: LedgerKey
    ) async throws -> InstanceState {
        let birth = try Fixture.birth(try Fixture.record(number))
        _ = try await store.commit([.birth(birth)], sealer: key.sealer)
        var draft = TransitionDraft(
            of: birth.transition.state,
            at: Fixture.now,
            actor: Actor(.verifier, try Fixture.label("test"))
        )
        draft.state.lifecycle = .trusted
        let lease = try draft.renewLease(
            id: try Fixture.label("lease-\(number)"),
            seconds: Int64(1000 * number),
            because: .attested,
            reboot: false
        )
        let package = PackageReference(
            name: try Fixture.label("os"),
            version: try Fixture.label("2"),
            sha256: ContentDigest(of: [2]),
            manifest: release
        )
        let grant = ContentDigest(of: [UInt8(number)])
        draft.state.pending = PendingGrant(
            jti: "jti-\(number)",
            grant: grant,
            package: package,
            securityVersion: 2,
            boot: draft.state.running.boot,
            expires: Fixture.now + 100,
            lease: lease.id,
            resetCount: 1,
            counter: 1,
            status: .issued
        )
        try draft.record(
            .grant(
                GrantEntry(
                    grant: grant,
                    jti: "jti-\(number)",
                    request: grant,
                    lease: lease.id,
                    package: package,
                    expires: Fixture.now + 100
                )
            )
        )
        let change = DecisionChange(
            transition: draft.finished,
            replacing: birth.transition.state.version,
            policy: ContentDigest(of: Array("policy".utf8)),
            standings: [release: .registered],
            rollout: rollout,
            challenge: Array(repeating: UInt8(number), count: 32),
            challengeExpires: Fixture.now + 60,
            grant: StoredGrant(
                jti: "jti-\(number)",
                compact: "a.b.c",
                kid: "grant-key",
                expires: Fixture.now + 100,
                manifest: release,
                tier: .vtpm
            ),
            log: nil
        )
        let outcomes = try await store.commit([.decision(change)], sealer: key.sealer).outcomes
        guard case .committed = outcomes.first else { throw Missing() }
        return draft.finished.state
    }

    static func prepared(_ store: any VerifierStore, _ key: LedgerKey) async throws -> StoredRelease {
        let release = try Fixture.release(1)
        _ = try await store.commit(
            [try Fixture.policy("policy"), .release(release, entry: try Fixture.entry("r"))],
            sealer: key.sealer
        )
        return release
    }

    /// What the sweep does with one that is due.
    static func lapse(
        _ instance: InstanceID,
        at now: Int64,
        _ store: any VerifierStore,
        _ key: LedgerKey
    ) async throws -> Transition {
        let snapshot = try await store.snapshot(of: instance, release: nil).found()
        let transition = try Transition.lapse(
            of: snapshot.state,
            standings: snapshot.standings,
            at: now,
            by: try Fixture.label("test")
        )
        _ = try await store.commit(
            [.lapse(transition, replacing: snapshot.state.version, standings: snapshot.standings)],
            sealer: key.sealer
        )
        return transition
    }

    private static func dueByTime(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try await prepared(store, key)
        let one = try await granted(1, release.manifest, store, key)
        let two = try await granted(2, release.manifest, store, key)
        #expect(try await store.due(at: Fixture.now + 99, limit: 10).isEmpty)
        let both = try await store.due(at: Fixture.now + 100, limit: 10)
        #expect(Set(both) == [one.instance, two.instance])
        #expect(try await store.due(at: Fixture.now + 100, limit: 1).count == 1)
        _ = try await lapse(one.instance, at: Fixture.now + 100, store, key)
        #expect(try await store.due(at: Fixture.now + 999, limit: 10) == [two.instance])
        _ = try await lapse(two.instance, at: Fixture.now + 999, store, key)
        #expect(try await store.due(at: Fixture.now + 999, limit: 10).isEmpty)
        #expect(try await store.due(at: Fixture.now + 5000, limit: 10) == [one.instance, two.instance])
        _ = try await lapse(one.instance, at: Fixture.now + 1000, store, key)
        #expect(try await store.due(at: Fixture.now + 5000, limit: 10) == [two.instance])
        #expect(try await store.snapshot(of: one.instance, release: nil)?.state.lease == nil)
    }

    private static func dueByWithdrawal(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try await prepared(store, key)
        let state = try await granted(1, release.manifest, store, key)
        let withdrawal = StoredRelease.Withdrawal(at: Fixture.now, by: try Fixture.label("rita"), reason: "broken")
        _ = try await store.commit(
            [.withdrawal(release.manifest, withdrawal, entry: try Fixture.entry("w"))],
            sealer: key.sealer
        )
        #expect(try await store.due(at: Fixture.now, limit: 10) == [state.instance])
        // An act that takes no withdrawal in leaves it to be done.
        var draft = TransitionDraft(of: state, at: Fixture.now, actor: Actor(.operator, try Fixture.label("alice")))
        try draft.record(.act(OperatorEntry(act: .reinstate, reason: try Remark("because").found())))
        _ = try await store.commit([.act(draft.finished, replacing: state.version)], sealer: key.sealer)
        #expect(try await store.due(at: Fixture.now, limit: 10) == [state.instance])
        let transition = try await lapse(state.instance, at: Fixture.now, store, key)
        #expect(transition.state.pending?.stage == .withdrawn)
        #expect(try await store.due(at: Fixture.now, limit: 10).isEmpty)
        #expect(try await store.updates(.instance(state.instance), before: nil, limit: 10).map(\.stage) == [.withdrawn])
    }

    private static func withdrawalOvertakes(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try await prepared(store, key)
        let state = try await granted(1, release.manifest, store, key)
        let view = try await store.snapshot(of: state.instance, release: nil).found()
        let late = try Transition.lapse(
            of: view.state,
            standings: view.standings,
            at: Fixture.now + 100,
            by: try Fixture.label("test")
        )
        let withdrawal = StoredRelease.Withdrawal(at: Fixture.now, by: try Fixture.label("rita"), reason: "broken")
        let outcomes = try await store.commit(
            [
                .withdrawal(release.manifest, withdrawal, entry: try Fixture.entry("w")),
                .lapse(late, replacing: view.state.version, standings: view.standings),
            ],
            sealer: key.sealer
        ).outcomes
        #expect(outcomes.last == .stale)
        #expect(try await store.due(at: Fixture.now, limit: 10) == [state.instance])
    }

    private static func gatewayEndOvertakes(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try await prepared(store, key)
        let gateway = try await granted(3, release.manifest, store, key)
        let state = try await granted(1, release.manifest, store, key)
        let verifier = try Fixture.label("test")
        var draft = TransitionDraft(of: state, at: Fixture.now, actor: Actor(.verifier, verifier))
        draft.state.lease?.under = gateway.instance
        let child = draft.finished.state
        _ = try await store.commit([.act(draft.finished, replacing: state.version)], sealer: key.sealer)
        let standings: ReleaseStandings = [release.manifest: .registered]
        func lapse(at now: Int64, gatewayHolds: Bool) throws -> StoreChange {
            let transition = try Transition.lapse(
                of: child,
                standings: standings,
                gatewayHolds: gatewayHolds,
                at: now,
                by: verifier
            )
            return .lapse(transition, replacing: child.version, standings: standings)
        }
        let decision = DecisionChange(
            transition: try Transition.lapse(of: child, standings: standings, at: Fixture.now, by: verifier),
            replacing: child.version,
            policy: ContentDigest(of: Array("policy".utf8)),
            standings: standings,
            challenge: Array(repeating: 9, count: 32),
            challengeExpires: Fixture.now + 60,
            grant: nil,
            log: nil
        )
        let outcomes = try await store.commit(
            [
                .act(try Fixture.act(.suspend, on: gateway), replacing: gateway.version),
                try lapse(at: Fixture.now + 100, gatewayHolds: true), .decision(decision),
            ],
            sealer: key.sealer
        ).outcomes
        #expect(outcomes.suffix(2) == [.stale, .stale])
        #expect(try await store.due(at: Fixture.now, limit: 10) == [child.instance])
        _ = try await store.commit([try lapse(at: Fixture.now, gatewayHolds: false)], sealer: key.sealer)
        #expect(try await store.due(at: Fixture.now, limit: 10).isEmpty)
        #expect(try await store.snapshot(of: child.instance, release: nil)?.state.lease == nil)
    }

    private static func updates(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try await prepared(store, key)
        let one = try await granted(1, release.manifest, store, key)
        _ = try await granted(2, release.manifest, store, key)
        let first = try await store.updates(.instance(one.instance), before: nil, limit: 10)
        #expect(first.map(\.jti) == ["jti-1"])
        #expect(first.first?.manifest == release.manifest && first.first?.instance == one.instance)
        #expect(first.first?.steps == [.init(stage: .granted, at: Fixture.now)])
        _ = try await lapse(one.instance, at: Fixture.now + 100, store, key)
        let later = try await store.updates(.release(release.manifest), before: nil, limit: 10)
        #expect(later.map(\.jti) == ["jti-2", "jti-1"])
        #expect(later.map(\.stage) == [.granted, .unconfirmed])
        #expect(
            later.last?.steps == [
                .init(stage: .granted, at: Fixture.now), .init(stage: .unconfirmed, at: Fixture.now + 100),
            ]
        )
        #expect(try await store.updateCounts(of: release.manifest) == [.granted: 1, .unconfirmed: 1])
        #expect(try await store.updateTiers(of: release.manifest) == [.vtpm: 2])
        #expect(try await store.updateTiers(of: ContentDigest(of: [9])).isEmpty)
        #expect(later.allSatisfy { $0.tier == .vtpm })
        #expect(try await store.updates(.release(ContentDigest(of: [9])), before: nil, limit: 10).isEmpty)
    }

    private static func updatePages(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try await prepared(store, key)
        for number in 1...5 { _ = try await granted(number, release.manifest, store, key) }
        let first = try await store.updates(.release(release.manifest), before: nil, limit: 3)
        #expect(first.map(\.jti) == ["jti-5", "jti-4", "jti-3"])
        let rest = try await store.updates(.release(release.manifest), before: first.last?.number, limit: 3)
        #expect(rest.map(\.jti) == ["jti-2", "jti-1"])
    }
}
