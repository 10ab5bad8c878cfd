import Messages
import Testing
import UpdateTrust
import VerifierStore

/// Bundles of births, and boards that were swapped.
extension StoreConformance {
    static let birthCases = [
        StoreConformance("a board is swapped in one transaction", swap),
        StoreConformance("without the end of the first, its serial number stays taken", swapRefused),
        StoreConformance("a swap on an old version is stale and changes nothing", staleSwap),
        StoreConformance("a bundle's number is taken once", bundleOnce),
        StoreConformance("gaps in a station's sequence", gaps),
        StoreConformance("a restoration is taken over once, with its entries", restoration),
        StoreConformance("a retired TPM's next life follows it in one transaction", succession),
        StoreConformance("an endorsement key is its holder's until a birth follows that one", successionRefused),
    ]

    /// A birth of TPM 1 as another instance, which follows one that is retired.
    private static func next(
        _ number: Int,
        serial: String,
        following state: InstanceState,
        endorsementKey: Int = 1
    ) throws -> BirthImport {
        var record = try Fixture.record(number, serial: serial, endorsementKey: endorsementKey)
        record.follows = Replacement(
            instance: state.instance,
            reason: try Remark("refurbished").found(),
            by: try Fixture.label("bob")
        )
        var birth = try Fixture.birth(record)
        let succession = try Succession.of(state, by: record, payload: birth.record, at: Fixture.now)
        guard case .applied(let transition) = succession else { throw Missing() }
        birth.succession = .init(transition: transition, replacing: state.version)
        return birth
    }

    private static func retired(_ store: any VerifierStore, _ key: LedgerKey) async throws -> InstanceState {
        let first = try Fixture.birth(try Fixture.record(1))
        let state = first.transition.state
        let retirement = try Fixture.act(.retire, on: state)
        _ = try await store.commit(
            [.birth(first), .act(retirement, replacing: state.version)],
            sealer: key.sealer
        )
        return retirement.state
    }

    private static func succession(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let first = try await retired(store, key)
        let second = try next(2, serial: "SN-2", following: first)
        let receipt = try await store.commit([.birth(second), .birth(second)], sealer: key.sealer)
        #expect(receipt.outcomes == [.committed(at: 2), .known])
        #expect(receipt.ledger?.size == 4, "what followed the first, and the birth")
        let (former, state) = (first.instance, second.transition.state)
        let followed = try await store.snapshot(of: former, release: nil)?.state
        #expect(followed?.followedBy == state.instance && followed?.lifecycle == .retired)
        #expect(try await store.instance(serial: try Fixture.label("SN-1")) == former)
        #expect(try await store.instance(serial: second.serial) == state.instance)
        let places = try await (store.statusIndex(of: former), store.statusIndex(of: state.instance))
        #expect(places.0 != places.1)
        // Under the serial number of its former life, and a third one behind it.
        let retirement = try Fixture.act(.retire, on: state)
        _ = try await store.commit([.act(retirement, replacing: state.version)], sealer: key.sealer)
        let third = try next(3, serial: "SN-2", following: retirement.state)
        #expect(try await store.commit([.birth(third)], sealer: key.sealer).outcomes == [.committed(at: 5)])
        #expect(try await store.instance(serial: second.serial) == third.transition.state.instance)
    }

    private static func successionRefused(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let first = try await retired(store, key)
        let plain = try Fixture.birth(try Fixture.record(2, endorsementKey: 1))
        let taken = StoreOutcome.conflict(.endorsementKey(first.instance))
        #expect(try await store.commit([.birth(plain)], sealer: key.sealer).outcomes == [taken])
        // Another TPM is nobody's next life.
        let other = try next(3, serial: "SN-3", following: first, endorsementKey: 3)
        #expect(try await store.commit([.birth(other)], sealer: key.sealer).outcomes == [.conflict(.missing)])
        // What it was taken on has moved meanwhile.
        var stale = try next(4, serial: "SN-4", following: first)
        stale.succession?.replacing -= 1
        #expect(try await store.commit([.birth(stale)], sealer: key.sealer).outcomes == [.stale])
        // Somebody else has the serial number.
        let held = try Fixture.birth(try Fixture.record(5))
        let second = try next(6, serial: "SN-5", following: first)
        let outcomes = try await store.commit([.birth(held), .birth(second)], sealer: key.sealer).outcomes
        #expect(outcomes == [.committed(at: 2), .conflict(.serial(held.transition.state.instance))])
        #expect(try await store.snapshot(of: first.instance, release: nil)?.state == first)
        // Once followed, the first is not followed again: the TPM is the second's now.
        let follower = try next(7, serial: "SN-7", following: first)
        let late = try next(8, serial: "SN-8", following: first)
        let last = try await store.commit([.birth(follower), .birth(late)], sealer: key.sealer).outcomes
        #expect(last == [.committed(at: 3), .conflict(.endorsementKey(follower.transition.state.instance))])
    }

    /// The birth of `number` under the serial number SN-1, with the end of the instance before it.
    private static func swap(
        to number: Int,
        endorsementKey: Int? = nil,
        ending state: InstanceState,
        replacing version: Int64? = nil
    ) throws -> BirthImport {
        var record = try Fixture.record(number, serial: "SN-1", endorsementKey: endorsementKey)
        record.replaces = Replacement(
            instance: state.instance,
            reason: try Remark("dead").found(),
            by: try Fixture.label("bob")
        )
        var birth = try Fixture.birth(record)
        let transition = try Transition.retirement(
            of: state,
            replacedBy: record.facts,
            try record.replaces.found(),
            payload: birth.record,
            at: Fixture.now
        )
        birth.retirement = .init(transition: try transition.found(), replacing: version ?? state.version)
        return birth
    }

    private static func swap(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let first = try Fixture.birth(try Fixture.record(1))
        _ = try await store.commit([.birth(first)], sealer: key.sealer)
        let second = try swap(to: 2, ending: first.transition.state)
        // Twice in one group: the second time it is known.
        let receipt = try await store.commit([.birth(second), .birth(second)], sealer: key.sealer)
        #expect(receipt.outcomes == [.committed(at: 1), .known])
        #expect(receipt.ledger?.size == 3)
        let ended = try await store.snapshot(of: first.transition.state.instance, release: nil)?.state
        #expect(ended?.lifecycle == .retired)
        #expect(try await store.instance(serial: first.serial) == second.transition.state.instance)
        #expect(try await store.instances(after: nil, limit: 10).count == 2)
        // The first bundle again: nothing of it comes back.
        #expect(try await store.commit([.birth(first)], sealer: key.sealer).outcomes == [.known])
        #expect(try await store.instance(serial: first.serial) == second.transition.state.instance)
        // Its TPM is never born again.
        let third = try swap(to: 3, endorsementKey: 1, ending: second.transition.state)
        let again = try await store.commit([.birth(third)], sealer: key.sealer)
        #expect(again.outcomes == [.conflict(.endorsementKey(first.transition.state.instance))])
        #expect(
            try await store.snapshot(of: second.transition.state.instance, release: nil)?.state.lifecycle == .born
        )
        // And once more, a chain of three.
        let fourth = try swap(to: 4, ending: second.transition.state)
        #expect(try await store.commit([.birth(fourth)], sealer: key.sealer).outcomes == [.committed(at: 3)])
        #expect(try await store.instance(serial: first.serial) == fourth.transition.state.instance)
    }

    private static func swapRefused(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let births = try (1...2).map { try Fixture.birth(try Fixture.record($0)) }
        _ = try await store.commit(births.map { .birth($0) }, sealer: key.sealer)
        let plain = try Fixture.birth(try Fixture.record(3, serial: "SN-1"))
        // It ends another instance than the one that has the serial number.
        let wrong = try swap(to: 4, ending: births[1].transition.state)
        let holder = births[0].transition.state.instance
        let outcomes = try await store.commit([.birth(plain), .birth(wrong)], sealer: key.sealer).outcomes
        #expect(outcomes == [.conflict(.serial(holder)), .conflict(.serial(holder))])
        #expect(try await store.ledgerHead().size == 2)
        // Nobody has this one, so there is nothing to replace.
        var unheld = try swap(to: 5, ending: births[0].transition.state)
        unheld.serial = try Fixture.label("SN-9")
        #expect(try await store.commit([.birth(unheld)], sealer: key.sealer).outcomes == [.conflict(.missing)])
        for birth in births {
            let state = birth.transition.state
            #expect(try await store.snapshot(of: state.instance, release: nil)?.state == state)
        }
    }

    private static func staleSwap(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let first = try Fixture.birth(try Fixture.record(1))
        _ = try await store.commit([.birth(first)], sealer: key.sealer)
        let state = first.transition.state
        let suspension = try Fixture.act(.suspend, on: state)
        _ = try await store.commit([.act(suspension, replacing: state.version)], sealer: key.sealer)
        let stale = try swap(to: 2, ending: state)
        #expect(try await store.commit([.birth(stale)], sealer: key.sealer).outcomes == [.stale])
        #expect(try await store.birth(of: stale.transition.state.instance) == nil)
        #expect(try await store.instance(serial: first.serial) == state.instance)
        let fresh = try swap(to: 2, ending: suspension.state)
        #expect(try await store.commit([.birth(fresh)], sealer: key.sealer).outcomes == [.committed(at: 2)])
    }

    private static func bundle(_ station: String, _ number: Int64, _ text: String = "") throws -> StoreChange {
        .bundle(
            StoredBundle(
                station: try Fixture.label(station),
                number: number,
                digest: ContentDigest(of: Array("\(station) \(number) \(text)".utf8)),
                importedAt: Fixture.now
            )
        )
    }

    private static func bundleOnce(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let line = try Fixture.label("line-1")
        let receipt = try await store.commit(
            [
                try bundle("line-1", 1), try bundle("line-1", 1), try bundle("line-1", 1, "other"),
                try bundle("line-2", 1, "other"), .bundleFinished(station: line, number: 2),
            ],
            sealer: key.sealer
        )
        #expect(
            receipt.outcomes == [
                .committed(at: 0), .known, .conflict(.bundle), .committed(at: 0), .conflict(.missing),
            ]
        )
        #expect(receipt.ledger == nil)
        #expect(try await store.sequences().map(\.unfinished) == [[1], [1]])
        let finished = StoreChange.bundleFinished(station: line, number: 1)
        #expect(
            try await store.commit([finished, finished], sealer: key.sealer).outcomes == [.committed(at: 0), .known]
        )
        let sequences = try await store.sequences()
        #expect(sequences.map(\.station.text) == ["line-1", "line-2"])
        #expect(sequences.map(\.unfinished) == [[], [1]])
        #expect(sequences.map(\.bundles) == [1, 0])
    }

    private static func restoration(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let birth = try Fixture.birth(try Fixture.record(1))
        _ = try await store.commit([.birth(birth)], sealer: key.sealer)
        let (record, state) = (try Fixture.record(1), birth.transition.state)
        func change(
            _ number: UInt32,
            _ text: String,
            on state: InstanceState,
            version: Int64? = nil
        ) throws -> StoreChange {
            let restoration = Restoration(
                instance: state.instance,
                serial: birth.serial,
                birth: birth.record,
                number: number,
                station: record.station,
                restoredAt: Fixture.now,
                securityFloor: state.securityFloor,
                counters: record.counters
            )
            let statement = ContentDigest(of: Array(text.utf8))
            let outcome = try restoration.apply(to: state, bornFrom: record, statement: statement, at: Fixture.now)
            guard case .applied(let transition) = outcome else { throw Missing() }
            let stored = StoredRestoration(
                instance: state.instance,
                number: number,
                statement: statement,
                envelope: Array(text.utf8),
                importedAt: Fixture.now
            )
            return .restoration(stored, transition, replacing: version ?? state.version)
        }
        let (first, other) = (try change(1, "a", on: state), try change(1, "b", on: state))
        let stale = try change(2, "c", on: state, version: state.version + 7)
        let outcomes = try await store.commit([stale, first, first, other], sealer: key.sealer).outcomes
        #expect(outcomes == [.stale, .committed(at: 1), .known, .conflict(.restoration)])
        #expect(try await store.ledgerHead().size == 2)
        let restored = try #require(try await store.snapshot(of: state.instance, release: nil)?.state)
        #expect(restored.restored?.number == 1 && restored.version == state.version + 1)
        #expect(try await store.restoration(1, of: state.instance)?.envelope == Array("a".utf8))
        #expect(try await store.restoration(2, of: state.instance) == nil)
        let second = try change(2, "c", on: restored)
        #expect(try await store.commit([second], sealer: key.sealer).outcomes == [.committed(at: 2)])
        #expect(try await store.restoration(2, of: state.instance)?.number == 2)
    }

    private static func gaps(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        #expect(try await store.sequences() == [])
        for number in [3, 4, 7, 12, BundleList.maximumNumber] {
            _ = try await store.commit([try bundle("line-1", number)], sealer: key.sealer)
        }
        _ = try await store.commit([try bundle("line-2", 1), try bundle("line-2", 2)], sealer: key.sealer)
        let sequences = try await store.sequences()
        #expect(sequences[0].latest == BundleList.maximumNumber)
        #expect(
            sequences[0].missing == [
                NumberRange(first: 1, last: 2), NumberRange(first: 5, last: 6), NumberRange(first: 8, last: 11),
                NumberRange(first: 13, last: BundleList.maximumNumber - 1),
            ]
        )
        #expect(sequences[1].missing == [])
        _ = try await store.commit([try bundle("line-1", 2), try bundle("line-1", 1)], sealer: key.sealer)
        #expect(try await store.sequences()[0].missing.first == NumberRange(first: 5, last: 6))
    }
}
