import Ledger
import VerifierStore

extension AwaitedTree {
    /// The stored tree as it was at some size.
    init(_ store: any VerifierStore, size: Int) throws {
        try self.init(size: size) { places in try await store.ledgerNodes(places) }
    }
}
