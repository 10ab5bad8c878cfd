import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierStore

/// What every `VerifierStore` owes, whatever database is beneath: each case gets an empty store of its own (``StoreUnderTest``).
struct StoreConformance: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let run: @Sendable (any VerifierStore, LedgerKey) async throws -> Void

    init(_ name: String, _ run: @escaping @Sendable (any VerifierStore, LedgerKey) async throws -> Void) {
        testDescription = name
        self.run = run
    }

    static let cases: [StoreConformance] =
        [
            StoreConformance("a birth is taken over exactly once", birthOnce),
            StoreConformance("one serial, one endorsement key, one instance", birthConflicts),
            StoreConformance("a birth contradicted within its own group", birthConflictsInGroup),
            StoreConformance("a change on an old version is stale", staleVersion),
            StoreConformance("a challenge is consumed once", challengeOnce),
            StoreConformance("a decision under an old policy is stale", stalePolicy),
            StoreConformance("a decision on a withdrawn release is stale", staleRelease),
            StoreConformance("releases are registered, listed and withdrawn", releases),
            StoreConformance("what does not hold leaves the others of its group alone", mixedGroup),
            StoreConformance("every entry is proven by the checkpoint of its group", proofs),
            StoreConformance("the ledger is read back as it was written", ledgerReading),
            StoreConformance("entries are found by what they are about", ledgerSubjects),
            StoreConformance("logs are kept by content", logs),
            StoreConformance("instances are listed in pages", paging),
        ] + birthCases + standingCases + updateCases + rolloutCases + compensatedCases + figureCases
        + archiveCases + witnessedCases + actCases + keyCases

    // MARK: Births

    private static func birthOnce(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let record = try Fixture.record(1)
        let birth = try Fixture.birth(record, log: [1, 2, 3])
        #expect(try await store.commit([.birth(birth)], sealer: key.sealer).outcomes == [.committed(at: 0)])
        let head = try await store.ledgerHead()
        let again = try await store.commit([.birth(birth)], sealer: key.sealer)
        #expect(again.outcomes == [.known])
        #expect(again.ledger == nil)
        #expect(try await store.ledgerHead() == head)
        #expect(try await store.birth(of: record.instance) == birth.birth)
        #expect(try await store.instance(serial: record.serial) == record.instance)
        let snapshot = try await store.snapshot(of: record.instance, release: nil)
        #expect(snapshot?.state == birth.transition.state)
        #expect(try await store.log(ContentDigest(of: [1, 2, 3])) == [1, 2, 3])
    }

    private static func birthConflicts(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let first = try Fixture.record(1)
        _ = try await store.commit([.birth(try Fixture.birth(first))], sealer: key.sealer)
        let rebirth = try Fixture.record(1, bornAt: Fixture.now + 1)
        let sameSerial = try Fixture.record(2, serial: "SN-1")
        let sameKey = try Fixture.record(3, endorsementKey: 1)
        let outcomes = try await store.commit(
            try [rebirth, sameSerial, sameKey].map { .birth(try Fixture.birth($0)) },
            sealer: key.sealer
        ).outcomes
        #expect(
            outcomes == [
                .conflict(.instance), .conflict(.serial(first.instance)), .conflict(.endorsementKey(first.instance)),
            ]
        )
        #expect(try await store.ledgerHead().size == 1)
        #expect(try await store.instances(after: nil, limit: 10).count == 1)
    }

    private static func birthConflictsInGroup(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let records = [try Fixture.record(1), try Fixture.record(2, endorsementKey: 1), try Fixture.record(3)]
        let receipt = try await store.commit(
            try records.map { .birth(try Fixture.birth($0)) },
            sealer: key.sealer
        )
        #expect(
            receipt.outcomes == [
                .committed(at: 0), .conflict(.endorsementKey(records[0].instance)), .committed(at: 1),
            ]
        )
        #expect(receipt.ledger?.size == 2)
    }

    // MARK: Decisions

    private static func born(
        _ store: any VerifierStore,
        _ key: LedgerKey,
        _ number: Int = 1
    ) async throws -> InstanceState {
        let birth = try Fixture.birth(try Fixture.record(number))
        _ = try await store.commit([.birth(birth)], sealer: key.sealer)
        return birth.transition.state
    }

    private static func decision(
        on state: InstanceState,
        _ transition: Transition,
        policy: String = "policy",
        standings: ReleaseStandings = [:],
        challenge: UInt8 = 7
    ) -> StoreChange {
        .decision(
            DecisionChange(
                transition: transition,
                replacing: state.version,
                policy: ContentDigest(of: Array(policy.utf8)),
                standings: standings,
                challenge: Array(repeating: challenge, count: 32),
                challengeExpires: Fixture.now + 60,
                grant: StoredGrant(
                    jti: "jti-\(challenge)",
                    compact: "a.b.c",
                    kid: "grant-key",
                    expires: Fixture.now + 60,
                    manifest: ContentDigest(of: [1]),
                    tier: .vtpm
                ),
                log: StoredLog([challenge])
            )
        )
    }

    private static func staleVersion(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let state = try await born(store, key)
        let suspension = try Fixture.act(.suspend, on: state)
        let both: [StoreChange] = [
            .act(suspension, replacing: state.version), .act(suspension, replacing: state.version),
        ]
        #expect(try await store.commit(both, sealer: key.sealer).outcomes == [.committed(at: 1), .stale])
        #expect(
            try await store.commit([.act(suspension, replacing: state.version)], sealer: key.sealer).outcomes == [
                .stale
            ]
        )
        #expect(try await store.snapshot(of: state.instance, release: nil)?.state == suspension.state)
        #expect(try await store.ledgerHead().size == 2)
    }

    private static func challengeOnce(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        _ = try await store.commit([try Fixture.policy("policy")], sealer: key.sealer)
        let state = try await born(store, key)
        let first = try Fixture.act(.suspend, on: state)
        let second = try Fixture.act(.reinstate, on: first.state)
        let outcomes = try await store.commit(
            [decision(on: state, first), decision(on: first.state, second)],
            sealer: key.sealer
        ).outcomes
        #expect(outcomes == [.committed(at: 2), .challengeUsed])
        #expect(try await store.grant("jti-7") == GivenGrant(compact: "a.b.c", entry: nil))
        #expect(try await store.grant("jti-8") == nil)
        try await store.forgetChallenges(expiredBefore: Fixture.now + 60)
        #expect(
            try await store.commit([decision(on: first.state, second)], sealer: key.sealer).outcomes == [.challengeUsed]
        )
        #expect(try await store.snapshot(of: state.instance, release: nil)?.state == first.state)
        try await store.forgetChallenges(expiredBefore: Fixture.now + 61)
        let third = decision(on: first.state, second, challenge: 8)
        #expect(try await store.commit([third], sealer: key.sealer).outcomes == [.committed(at: 3)])
    }

    private static func stalePolicy(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        _ = try await store.commit([try Fixture.policy("policy")], sealer: key.sealer)
        let state = try await born(store, key)
        let transition = try Fixture.act(.suspend, on: state)
        let outcomes = try await store.commit(
            [try Fixture.policy("policy"), try Fixture.policy("stricter"), decision(on: state, transition)],
            sealer: key.sealer
        ).outcomes
        #expect(outcomes == [.known, .committed(at: 2), .stale])
        #expect(try await store.policy() == StoredPolicy(Array("stricter".utf8)))
        // An entry that names what it replaces holds only while that is in force.
        let late = try Fixture.policy("late", inPlaceOf: "policy")
        #expect(try await store.commit([late], sealer: key.sealer).outcomes == [.stale])
        #expect(try await store.policy() == StoredPolicy(Array("stricter".utf8)))
        #expect(try await store.snapshot(of: state.instance, release: nil)?.state == state)
        let under = decision(on: state, transition, policy: "stricter")
        #expect(try await store.commit([under], sealer: key.sealer).outcomes == [.committed(at: 3)])
        let next = try Fixture.policy("next", inPlaceOf: "stricter")
        #expect(try await store.commit([next], sealer: key.sealer).outcomes == [.committed(at: 4)])
    }

    private static func staleRelease(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        _ = try await store.commit([try Fixture.policy("policy")], sealer: key.sealer)
        let state = try await born(store, key)
        let release = try Fixture.release(1)
        let transition = try Fixture.act(.suspend, on: state)
        let granting = decision(on: state, transition, standings: [release.manifest: .registered])
        #expect(try await store.commit([granting], sealer: key.sealer).outcomes == [.stale])
        _ = try await store.commit([.release(release, entry: try Fixture.entry("r"))], sealer: key.sealer)
        #expect(
            try await store.snapshot(of: state.instance, release: release.manifest)?.standings
                == [release.manifest: .registered]
        )
        let withdrawal = StoredRelease.Withdrawal(at: Fixture.now, by: try Fixture.label("rita"), reason: "broken")
        let withdraws = StoreChange.withdrawal(release.manifest, withdrawal, entry: try Fixture.entry("w"))
        let outcomes = try await store.commit([withdraws, granting, withdraws], sealer: key.sealer).outcomes
        #expect(outcomes == [.committed(at: 3), .stale, .conflict(.withdrawn)])
        #expect(
            try await store.snapshot(of: state.instance, release: release.manifest)?.standings
                == [release.manifest: .withdrawn]
        )
        var recall = withdrawal
        recall.isRecall = true
        let recalls = StoreChange.withdrawal(release.manifest, recall, entry: try Fixture.entry("w"))
        let recalled = try await store.commit([recalls, withdraws, recalls], sealer: key.sealer).outcomes
        #expect(recalled == [.committed(at: 4), .conflict(.withdrawn), .conflict(.withdrawn)])
        #expect(try await store.release(release.manifest)?.standing == .recalled)
        #expect(
            try await store.snapshot(of: state.instance, release: release.manifest)?.standings
                == [release.manifest: .recalled]
        )
    }

    // MARK: Releases, logs, lists

    private static func releases(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let releases = [try Fixture.release(1), try Fixture.release(2)]
        for release in releases {
            _ = try await store.commit([.release(release, entry: try Fixture.entry("r"))], sealer: key.sealer)
        }
        let again = StoreChange.release(releases[0], entry: try Fixture.entry("r"))
        #expect(try await store.commit([again], sealer: key.sealer).outcomes == [.known])
        #expect(try await store.releases() == releases.reversed())
        #expect(try await store.release(releases[0].manifest) == releases[0])
        let unknown = ContentDigest(of: [9])
        #expect(try await store.release(unknown) == nil)
        try await expectSignaturesReplaced(releases[0], unknown: unknown, store, key)
        let withdrawal = StoredRelease.Withdrawal(at: Fixture.now, by: try Fixture.label("rita"), reason: "broken")
        let outcomes = try await store.commit(
            [
                .withdrawal(unknown, withdrawal, entry: try Fixture.entry("w")),
                .withdrawal(releases[0].manifest, withdrawal, entry: try Fixture.entry("w")),
            ],
            sealer: key.sealer
        ).outcomes
        #expect(outcomes == [.conflict(.missing), .committed(at: 2)])
        #expect(try await store.release(releases[0].manifest)?.withdrawal == withdrawal)
    }

    /// Of two who bring further signatures at once, the second one reads again what is there.
    private static func expectSignaturesReplaced(
        _ release: StoredRelease,
        unknown: ContentDigest,
        _ store: any VerifierStore,
        _ key: LedgerKey
    ) async throws {
        let size = try await store.ledgerHead().size
        let (fuller, fullest) = (release.envelope + [1], release.envelope + [1, 2])
        let outcomes = try await store.commit(
            [
                .signatures(release.manifest, envelope: fuller, replacing: release.envelope),
                .signatures(release.manifest, envelope: fullest, replacing: release.envelope),
                .signatures(unknown, envelope: fullest, replacing: release.envelope),
            ],
            sealer: key.sealer
        ).outcomes
        #expect(outcomes == [.committed(at: size), .stale, .stale])
        var kept = release
        kept.envelope = fuller
        #expect(try await store.release(release.manifest) == kept)
        #expect(try await store.ledgerHead().size == size)
    }

    private static func logs(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let log = [UInt8](repeating: 0xA5, count: 100_000)
        #expect(try await !store.holdsLog(ContentDigest(of: log)))
        let births = try (1...2).map { StoreChange.birth(try Fixture.birth(try Fixture.record($0), log: log)) }
        #expect(try await store.commit(births, sealer: key.sealer).outcomes == [.committed(at: 0), .committed(at: 1)])
        #expect(try await store.holdsLog(ContentDigest(of: log)))
        #expect(try await store.log(ContentDigest(of: log)) == log)
        #expect(try await store.log(ContentDigest(of: [])) == nil)
        let golden = StoredLog([1, 2, 3])
        let receipt = try await store.commit([.log(golden)], sealer: key.sealer)
        guard case .committed = receipt.outcomes.first else { return #expect(receipt.outcomes == []) }
        #expect(receipt.ledger == nil)
        #expect(try await store.commit([.log(golden)], sealer: key.sealer).outcomes == [.known])
        #expect(try await store.log(golden.digest) == golden.bytes)
    }

    private static func paging(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let records = try (1...5).map { try Fixture.record($0) }
        _ = try await store.commit(try records.map { .birth(try Fixture.birth($0)) }, sealer: key.sealer)
        let expected = records.map(\.instance).sorted()
        let first = try await store.instances(after: nil, limit: 3)
        #expect(first.map(\.state.instance) == Array(expected.prefix(3)))
        let rest = try await store.instances(after: expected[2], limit: 3)
        #expect(rest.map(\.state.instance) == Array(expected.suffix(2)))
        let record = try records.first { $0.instance == expected[0] }.found()
        #expect(try first[0].birth == CanonicalJSON.encode(record))
        #expect(try await store.snapshot(of: InstanceID(iakName: [1]), release: nil) == nil)
        #expect(try await store.birth(of: InstanceID(iakName: [1])) == nil)
        #expect(try await store.instance(serial: try Fixture.label("nobody")) == nil)
    }

    // MARK: The ledger

    private static func mixedGroup(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let state = try await born(store, key)
        let suspension = try Fixture.act(.suspend, on: state)
        let receipt = try await store.commit(
            [
                .birth(try Fixture.birth(try Fixture.record(2))), .act(suspension, replacing: state.version + 5),
                .act(suspension, replacing: state.version), try Fixture.policy("p"),
            ],
            sealer: key.sealer
        )
        #expect(receipt.outcomes == [.committed(at: 1), .stale, .committed(at: 2), .committed(at: 3)])
        #expect(try await store.ledgerEntries(2..<3).map(\.bytes) == suspension.entries.map(\.bytes))
    }

    private static func proofs(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        var written: [WrittenEntry] = []
        for group in 1...12 {
            let changes = try (0..<group).map { try Fixture.policy("policy \(group) \($0)") }
            let receipt = try await store.commit(changes, sealer: key.sealer)
            let ledger = try receipt.ledger.found()
            #expect(ledger.firstIndex == written.count)
            written += changes.flatMap(\.entries)
            #expect(ledger.size == written.count)
            for index in ledger.firstIndex..<ledger.size {
                let proof = try LogProof(parsing: try ledger.proof(of: index).bytes)
                let verdict = proof.verify(entry: try LogEntry(written[index].bytes), logKey: key.signer.verifierKey)
                #expect(throws: Never.self) { try verdict.get() }
            }
            #expect(try await store.ledgerHead().checkpoint == ledger.checkpoint.bytes)
        }
    }

    private static func ledgerReading(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        #expect(try await store.ledgerHead() == LedgerHead(size: 0, checkpoint: nil))
        let changes = try (0..<21).map { try Fixture.policy("policy \($0)") }
        let sealed = try (try await store.commit(changes, sealer: key.sealer)).ledger.found()
        #expect(try await store.ledgerHead().size == 21)
        #expect(try await store.ledgerEntries(19..<30).map(\.bytes) == changes[19...].flatMap(\.entries).map(\.bytes))
        let places = sealed.nodes.reversed().map(\.place)
        #expect(try await store.ledgerNodes(places) == sealed.nodes.reversed().map(\.hash))
        #expect(try await store.ledgerNodes([]) == [])
        let beyond = NodePlace(level: 1, index: 10)
        await #expect(throws: StoreError.self) { try await store.ledgerNodes(places + [beyond]) }
        #expect(try await store.ledgerNodes(completedBy: 0..<21) == sealed.nodes.map(\.hash))
        #expect(try await store.ledgerNodes(completedBy: 19..<40) == sealed.nodes.suffix(4).map(\.hash))
    }

    private static func ledgerSubjects(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let policies = try (0..<3).map { try Fixture.policy("policy \($0)") }
        _ = try await store.commit(policies, sealer: key.sealer)
        let births = try (1...2).map { try Fixture.birth(try Fixture.record($0)) }
        _ = try await store.commit(births.map { .birth($0) }, sealer: key.sealer)
        let state = births[0].transition.state
        let act = try Fixture.act(.suspend, on: state)
        _ = try await store.commit([.act(act, replacing: state.version)], sealer: key.sealer)

        let chain = try await store.ledgerEntries(about: .instance(state.instance), from: 0, limit: 10)
        let written = births[0].transition.entries + act.entries
        #expect(chain.map(\.entry.bytes) == written.map(\.bytes))
        #expect(chain.map(\.index) == [3, 5])
        #expect(try await store.ledgerEntries(about: .instance(state.instance), from: 4, limit: 10).map(\.index) == [5])
        #expect(try await store.ledgerEntries(about: .instance(state.instance), from: 0, limit: 1).map(\.index) == [3])
        let subject = LedgerSubject.instance(state.instance)
        #expect(try await store.lastLedgerEntry(about: subject, before: .max) == chain[1])
        #expect(try await store.lastLedgerEntry(about: subject, before: 5) == chain[0])
        #expect(try await store.lastLedgerEntry(about: subject, before: 3) == nil)
        let digest = ContentDigest(of: Array("policy 1".utf8))
        #expect(try await store.ledgerEntries(about: .policy(digest), from: 0, limit: 10).map(\.index) == [1])
        #expect(try await store.ledgerEntries(about: .release(digest), from: 0, limit: 10).isEmpty)
        #expect(try await store.policy(digest) == StoredPolicy(Array("policy 1".utf8)))
        #expect(try await store.policy(ContentDigest(of: [])) == nil)
    }
}
