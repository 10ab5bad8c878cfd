import DeviceAgent
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient

/// The whole ledger as anybody can fetch it, held to its signed checkpoint.
struct LedgerCopy {
    let entries: [LogEntry]
    private let key: VerifierKey

    init(_ trust: String) async throws {
        let bundle = try TrustBundle(parsing: contents(of: trust))
        let key = try VerifierKey(parsing: bundle.ledgerKey)
        let (checkpoint, fetched) = try await VerifierClient.with(bundle) { client in
            let signed = try SignedCheckpoint(parsing: try await client.ledgerFile("checkpoint"))
            let checkpoint = try signed.verify(logKey: key).get().checkpoint
            var entries: [LogEntry] = []
            while entries.count < checkpoint.size {
                let width = min(TilePath.fullWidth, checkpoint.size - entries.count)
                let path = try TilePath(.entries, index: entries.count / TilePath.fullWidth, width: width)
                entries += try EntryBundle.parse(try await client.ledgerFile(path.text), width: width)
            }
            return (checkpoint, entries)
        }
        self.key = key
        entries = fetched
        try #require(root(of: checkpoint.size) == checkpoint.root)
    }

    /// The root of the first `size` entries.
    func root(of size: Int) -> TreeHash {
        var tree = TreeFrontier()
        for entry in entries.prefix(size) { _ = tree.append(entry.leafHash) }
        return tree.root
    }

    func statements() throws -> [LedgerEntry] { try entries.map { try LedgerEntry(parsing: $0.bytes) } }

    /// A grant that a device holds stands in this ledger where its proof says, under a checkpoint of this very history.
    func expectHolds(grantAt path: String) throws {
        let grant = try GrantFile(parsing: contents(of: path))
        let proof = try LogProof(parsing: Array(grant.delivery.proof.utf8))
        let entry = try LogEntry(grant.delivery.entry.bytes)
        let checkpoint = try proof.verify(entry: entry, logKey: key).get().checkpoint
        try #require(checkpoint.size <= entries.count, "the ledger is shorter than a device was shown")
        #expect(entries[proof.index] == entry)
        #expect(root(of: checkpoint.size) == checkpoint.root)
        guard case .grant(let body) = try LedgerEntry(parsing: entry.bytes).body else {
            Issue.record("entry \(proof.index) is no grant")
            return
        }
        #expect(body.grant == ContentDigest(of: Array(grant.delivery.grant.utf8)))
    }
}
