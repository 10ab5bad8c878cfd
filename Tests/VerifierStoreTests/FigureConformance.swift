import AttestationResults
import Messages
import Testing
import UpdateTrust
import VerifierStore

/// What a fleet is counted by is what its records say.
extension StoreConformance {
    static let figureCases = [
        StoreConformance("an empty fleet is counted", nobody),
        StoreConformance("identities are counted by where they stand and how they prove themselves", identities),
        StoreConformance("a birth that is retired is an identity, and no device", retired),
    ]

    private static func nobody(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let figures = try await store.figures(at: Fixture.now)
        #expect(figures.identities.isEmpty && figures.trusted.isEmpty && figures.updates.isEmpty)
        #expect(figures.attested.values.allSatisfy { $0 == 0 })
    }

    private static func identities(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let births = try (1...5).map { try Fixture.birth(try Fixture.record($0)) }
        _ = try await store.commit(births.map { .birth($0) }, sealer: key.sealer)
        let tier = births[0].tier
        let state = births[0].transition.state
        let act = try Fixture.act(.suspend, on: state)
        _ = try await store.commit([.act(act, replacing: state.version)], sealer: key.sealer)
        let figures = try await store.figures(at: Fixture.now)
        #expect(
            figures.identities == [
                .init(lifecycle: .born, tier: tier): 4, .init(lifecycle: .suspended, tier: tier): 1,
            ]
        )
        #expect(figures.running == [nil: 5] && figures.attested[.never] == 5)
    }

    private static func retired(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let birth = try Fixture.birth(try Fixture.record(1))
        let state = birth.transition.state
        _ = try await store.commit([.birth(birth)], sealer: key.sealer)
        let act = try Fixture.act(.retire, on: state)
        _ = try await store.commit([.act(act, replacing: state.version)], sealer: key.sealer)
        let figures = try await store.figures(at: Fixture.now)
        #expect(figures.identities == [.init(lifecycle: .retired, tier: birth.tier): 1])
        #expect(figures.running.isEmpty && figures.attested[.never] == 0)
    }
}
