import StoreSQLite
import TemporaryDirectories
import Testing
import VerifierStore

/// A store that is held to the contract.
struct StoreUnderTest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Makes an empty one in a directory that nobody else uses.
    let make: @Sendable (TemporaryDirectory) throws -> any VerifierStore

    /// Every store that there is: another one is a line more.
    static let all = [
        StoreUnderTest(testDescription: "SQLite") { try SQLiteStore.create(at: $0.database) }
    ]
}

@Suite struct ConformanceTests {
    @Test(arguments: StoreUnderTest.all, StoreConformance.cases)
    func conforms(_ kind: StoreUnderTest, to conformance: StoreConformance) async throws {
        let directory = try TemporaryDirectory()
        let store = try kind.make(directory)
        try await conformance.run(store, try LedgerKey())
        try store.close()
        withExtendedLifetime(directory) {}
    }
}
