import Ledger
import VerifierStore

extension AwaitedTree {
    /// The stored tree as it was at some size.
    init(_ store: any VerifierStore, size: Int) throws {
        try self.init(size: size) { level, index in
            guard let hash = try await store.ledgerNode(level: level, index: index) else {
                throw MissingNode(level: level, index: index)
            }
            return hash
        }
    }
}
