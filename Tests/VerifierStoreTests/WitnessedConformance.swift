import Ledger
import Testing
import VerifierStore

/// What witnesses have signed of the ledger is kept apart from the ledger, and one at a time.
extension StoreConformance {
    static let witnessedCases = [
        StoreConformance("the newest witnessed checkpoint is kept, exactly", keptWitnessed)
    ]

    private static func keptWitnessed(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        #expect(try await store.witnessedCheckpoint() == nil)
        let receipt = try await store.commit([try Fixture.policy("p")], sealer: key.sealer)
        let head = try await store.ledgerHead()
        #expect(try await store.witnessedCheckpoint() == nil, "what the log has signed no witness has")

        let first = try receipt.ledger.found().checkpoint.bytes
        try await store.keep(witnessed: first)
        #expect(try await store.witnessedCheckpoint() == first)
        // The same checkpoint with one more line, and then a newer one: each in the place of the one before.
        for newer in [first + Array("a line\n".utf8), [0, 0xFF, 0x0A]] {
            try await store.keep(witnessed: newer)
            #expect(try await store.witnessedCheckpoint() == newer)
        }
        #expect(try await store.ledgerHead() == head)
        _ = try await store.commit([try Fixture.policy("q")], sealer: key.sealer)
        #expect(try await store.witnessedCheckpoint() == [0, 0xFF, 0x0A], "a commit takes nothing back")
    }
}
