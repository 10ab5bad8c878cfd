import Messages
import Testing
import UpdateTrust
import VerifierStore

/// What every store owes of how instances stand, and of their places on the status list.
extension StoreConformance {
    static let standingCases = [
        StoreConformance("a place is given at birth, once and for ever", placeOnce),
        StoreConformance("places tell nothing of the order of births", placesAreDrawn),
        StoreConformance("how an instance stands is what its state says", standingFollowsState),
        StoreConformance("a change that does not hold changes no standing", refusedChangeChangesNothing),
        StoreConformance("standings are listed in pages", standingPages),
    ]

    private static func standing(_ store: any VerifierStore, _ instance: InstanceID) async throws -> StoredStanding {
        try await store.standings(after: nil, limit: 1000).first { $0.instance == instance }.found()
    }

    private static func placeOnce(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let birth = try Fixture.birth(try Fixture.record(1))
        let state = birth.transition.state
        #expect(try await store.statusIndex(of: state.instance) == nil)
        _ = try await store.commit([.birth(birth)], sealer: key.sealer)
        let place = try await store.statusIndex(of: state.instance).found()
        #expect((0..<StatusPlaces.minimum).contains(place))
        let suspension = try Fixture.act(.suspend, on: state)
        _ = try await store.commit(
            [
                .birth(birth), .act(suspension, replacing: state.version),
                .birth(try Fixture.birth(try Fixture.record(2))),
            ],
            sealer: key.sealer
        )
        #expect(try await store.statusIndex(of: state.instance) == place)
        #expect(try await standing(store, state.instance).index == place)
    }

    private static func placesAreDrawn(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let records = try (1...200).map { try Fixture.record($0) }
        _ = try await store.commit(try records.map { .birth(try Fixture.birth($0)) }, sealer: key.sealer)
        var places: [Int] = []
        for record in records { places.append(try await store.statusIndex(of: record.instance).found()) }
        #expect(Set(places).count == places.count)
        #expect(places.allSatisfy { (0..<StatusPlaces.minimum).contains($0) })
        // Of two hundred places drawn, far more than a hundred in order, or in one half, would be no draw.
        let ascents = zip(places, places.dropFirst()).count { $0 < $1 }
        #expect((50..<150).contains(ascents))
        #expect((50..<150).contains(places.count { $0 < StatusPlaces.minimum / 2 }))
    }

    private static func standingFollowsState(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let birth = try Fixture.birth(try Fixture.record(1))
        var state = birth.transition.state
        _ = try await store.commit([.birth(birth)], sealer: key.sealer)
        #expect(try await standing(store, state.instance).standing == InstanceStanding(of: state))
        for act in [OperatorAct.Kind.suspend, .reinstate, .retire] {
            let transition = try Fixture.act(act, on: state)
            _ = try await store.commit([.act(transition, replacing: state.version)], sealer: key.sealer)
            state = transition.state
            #expect(try await standing(store, state.instance).standing == InstanceStanding(of: state), "\(act)")
        }
        #expect(try await standing(store, state.instance).standing.lifecycle == .retired)
    }

    private static func refusedChangeChangesNothing(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let birth = try Fixture.birth(try Fixture.record(1))
        let state = birth.transition.state
        _ = try await store.commit([.birth(birth)], sealer: key.sealer)
        let before = try await store.standings(after: nil, limit: 10)
        let suspension = try Fixture.act(.suspend, on: state)
        let outcomes = try await store.commit(
            [
                .act(suspension, replacing: state.version + 1),
                .birth(try Fixture.birth(try Fixture.record(2, endorsementKey: 1))),
            ],
            sealer: key.sealer
        ).outcomes
        #expect(outcomes == [.stale, .conflict(.endorsementKey(state.instance))])
        #expect(try await store.standings(after: nil, limit: 10) == before)
    }

    private static func standingPages(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        #expect(try await store.standings(after: nil, limit: 10).isEmpty)
        let records = try (1...5).map { try Fixture.record($0) }
        _ = try await store.commit(try records.map { .birth(try Fixture.birth($0)) }, sealer: key.sealer)
        let expected = records.map(\.instance).sorted()
        let first = try await store.standings(after: nil, limit: 3)
        #expect(first.map(\.instance) == Array(expected.prefix(3)))
        let rest = try await store.standings(after: expected[2], limit: 3)
        #expect(rest.map(\.instance) == Array(expected.suffix(2)))
        #expect(try await store.standings(after: expected[4], limit: 3).isEmpty)
        for standing in first + rest {
            #expect(try await store.statusIndex(of: standing.instance) == standing.index)
        }
    }
}

@Suite struct StatusPlacesTests {
    @Test func halfOfThePlacesAreFreeAtLeast() {
        #expect(StatusPlaces.count(for: 0) == 1 << 16)
        #expect(StatusPlaces.count(for: 1 << 15) == 1 << 16)
        #expect(StatusPlaces.count(for: 1 << 15 + 1) == 1 << 17)
        #expect(StatusPlaces.count(for: 1_000_000) == 1 << 21)
        for instances in stride(from: 1, to: 4_000_000, by: 99_991) {
            #expect(StatusPlaces.count(for: instances) >= 2 * instances)
        }
    }
}
