import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierStore

/// What decisions rested on is kept with them, found again, and shed with an entry or not at all.
extension StoreConformance {
    static let archiveCases = [
        StoreConformance("what a decision rests on is kept with it", keptBasis),
        StoreConformance("nothing is kept of a decision that does not hold", basisOfStale),
        StoreConformance("the archive is read in the order of time", spans),
        StoreConformance("what is shed is shed with its entry, whole or not at all", shedding),
        StoreConformance("a list is kept once, and as long as a decision names it", lists),
    ]

    /// A decision that a state is taken from to the next one by, with its basis.
    private static func decision(
        on state: InstanceState,
        _ kind: OperatorAct.Kind,
        _ number: UInt8,
        at: Int64,
        list: StoredLog? = nil
    ) throws -> (change: StoreChange, state: InstanceState, basis: StoredBasis) {
        let transition = try Fixture.act(kind, on: state)
        let basis = StoredBasis(
            entry: try transition.entries.first.found().digest,
            at: at,
            body: Array("what \(number) rests on".utf8),
            list: list?.digest
        )
        let change = DecisionChange(
            transition: transition,
            replacing: state.version,
            policy: ContentDigest(of: Array("policy".utf8)),
            standings: [:],
            challenge: Array(repeating: number, count: 32),
            challengeExpires: Fixture.now + 60,
            grant: nil,
            log: nil,
            basis: basis,
            list: list
        )
        return (.decision(change), transition.state, basis)
    }

    /// Three decisions about one instance, at the times 10, 30 and 20: clocks are set back.
    private static func three(_ store: any VerifierStore, _ key: LedgerKey) async throws -> [StoredBasis] {
        let birth = try Fixture.birth(try Fixture.record(1))
        _ = try await store.commit([try Fixture.policy("policy"), .birth(birth)], sealer: key.sealer)
        let first = try decision(on: birth.transition.state, .suspend, 1, at: 10)
        let second = try decision(on: first.state, .reinstate, 2, at: 30)
        let third = try decision(on: second.state, .suspend, 3, at: 20)
        let outcomes = try await store.commit([first.change, second.change, third.change], sealer: key.sealer).outcomes
        #expect(outcomes == [.committed(at: 2), .committed(at: 3), .committed(at: 4)])
        return [first.basis, second.basis, third.basis]
    }

    private static func keptBasis(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let bases = try await three(store, key)
        for (offset, basis) in bases.enumerated() {
            let kept = try await store.basis(of: basis.entry).found()
            #expect(kept == KeptBasis(basis, entries: 2 + offset..<3 + offset))
            let entry = try await store.ledgerEntries(kept.entries).first.found()
            #expect(ContentDigest(of: entry.bytes) == basis.entry)
        }
        #expect(try await store.basis(of: ContentDigest(of: [])) == nil)
    }

    private static func basisOfStale(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let birth = try Fixture.birth(try Fixture.record(1))
        _ = try await store.commit([try Fixture.policy("policy"), .birth(birth)], sealer: key.sealer)
        let first = try decision(on: birth.transition.state, .suspend, 1, at: 10)
        let late = try decision(on: birth.transition.state, .retire, 2, at: 11)
        let outcomes = try await store.commit([first.change, late.change], sealer: key.sealer).outcomes
        #expect(outcomes == [.committed(at: 2), .stale])
        #expect(try await store.basis(of: late.basis.entry) == nil)
        #expect(try await store.bases(in: 0..<100, after: nil, limit: 10).map(\.basis) == [first.basis])
    }

    private static func spans(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let bases = try await three(store, key)
        let inOrder = [bases[0], bases[2], bases[1]]
        #expect(try await store.bases(in: 0..<100, after: nil, limit: 10).map(\.basis) == inOrder)
        #expect(try await store.bases(in: 10..<30, after: nil, limit: 10).map(\.basis) == [bases[0], bases[2]])
        #expect(try await store.bases(in: 11..<20, after: nil, limit: 10).isEmpty)
        let page = try await store.bases(in: 0..<100, after: nil, limit: 2)
        #expect(page.map(\.basis) == Array(inOrder.prefix(2)))
        let place = try page.last.found().place
        #expect(try await store.bases(in: 0..<100, after: place, limit: 2).map(\.basis) == [bases[1]])
    }

    private static func shedding(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let bases = try await three(store, key)
        #expect(try await store.basesToShed(before: 10, limit: 10).isEmpty)
        let old = try await store.basesToShed(before: 30, limit: 10)
        #expect(old == [bases[0].entry, bases[2].entry])
        #expect(try await store.basesToShed(before: 30, limit: 1) == [bases[0].entry])
        let shed = StoreChange.shedding(old, entry: try Fixture.entry("shed"))
        let some = StoreChange.shedding([bases[1].entry, bases[0].entry], entry: try Fixture.entry("again"))
        let outcomes = try await store.commit([shed, some], sealer: key.sealer).outcomes
        #expect(outcomes == [.committed(at: 5), .stale])
        #expect(try await store.ledgerHead().size == 6)
        #expect(try await store.bases(in: 0..<100, after: nil, limit: 10).map(\.basis) == [bases[1]])
    }

    private static func lists(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let birth = try Fixture.birth(try Fixture.record(1))
        _ = try await store.commit([try Fixture.policy("policy"), .birth(birth)], sealer: key.sealer)
        let list = StoredLog([UInt8](repeating: 0x5A, count: 100_000))
        let first = try decision(on: birth.transition.state, .suspend, 1, at: 10, list: list)
        let second = try decision(on: first.state, .reinstate, 2, at: 20, list: list)
        _ = try await store.commit([first.change, second.change], sealer: key.sealer)
        #expect(try await store.measuredList(list.digest) == list.bytes)
        #expect(try await store.basis(of: first.basis.entry)?.basis == first.basis)
        func shed(_ basis: StoredBasis) async throws {
            let change = StoreChange.shedding([basis.entry], entry: try Fixture.entry("shed \(basis.at)"))
            guard case .committed = try await store.commit([change], sealer: key.sealer).outcomes.first else {
                throw Missing()
            }
        }
        try await shed(first.basis)
        #expect(try await store.measuredList(list.digest) == list.bytes)
        try await shed(second.basis)
        #expect(try await store.measuredList(list.digest) == nil)
    }
}
