import HTTPService
import Ledger
import VerifierStore

/// Serves the ledger as auditors and strangers read it: checkpoint, entries, proofs, and C2SP tiles.
struct LedgerReader: Sendable {
    let store: any VerifierStore
    let cosignatures: Cosignatures

    func checkpoint() async throws -> Answer {
        guard let checkpoint = try await store.ledgerHead().checkpoint else { throw ServiceProblem.notFound }
        return .text(await cosignatures.withLines(checkpoint))
    }

    /// The newest checkpoint that enough witnesses have signed: a little behind, on a busy ledger.
    func witnessed() async throws -> Answer {
        guard let checkpoint = await cosignatures.witnessed else { throw ServiceProblem.notFound }
        return .text(checkpoint.bytes)
    }

    /// The newest one that so many have signed: for an auditor of grants whose rule wants them.
    func witnessed(by text: String) async throws -> Answer {
        let count = try Self.index(text)
        guard let checkpoint = await cosignatures.witnessed(by: count) else { throw ServiceProblem.notFound }
        return .text(checkpoint.bytes)
    }

    func entry(_ text: String) async throws -> Answer {
        let index = try Self.index(text)
        guard let entry = try await store.ledgerEntries(index..<index + 1).first else { throw ServiceProblem.notFound }
        return Answer(mediaType: "application/json", body: entry.bytes)
    }

    /// The proof that an entry stands in the ledger as the latest checkpoint signs it.
    func proof(_ text: String) async throws -> Answer {
        .text(try await proof(of: Self.index(text)).bytes)
    }

    /// The same, for whoever hands it on.
    func proof(of index: Int) async throws -> LogProof {
        let head = try await store.ledgerHead()
        guard let checkpoint = head.checkpoint, index < head.size else { throw ServiceProblem.notFound }
        let path = try await AwaitedTree(store, size: head.size).inclusionPath(of: index)
        return LogProof(index: index, path: path ?? [], checkpoint: try SignedCheckpoint(parsing: checkpoint))
    }

    /// A tile, by its path below `/ledger/`.
    func tile(_ path: String) async throws -> Answer {
        guard let tile = try? TilePath(parsing: path) else { throw ServiceProblem.notFound }
        guard tile.exists(inTreeOf: try await store.ledgerHead().size) else { throw ServiceProblem.notFound }
        let (level, indices) = tile.nodes
        switch tile.content {
        case .entries: return .bytes(EntryBundle.encode(try await store.ledgerEntries(indices)))
        case .hashes:
            let places = indices.map { NodePlace(level: level, index: $0) }
            return .bytes(HashTile.encode(try await store.ledgerNodes(places)))
        }
    }

    private static func index(_ text: String) throws -> Int {
        guard let index = Int(text), index >= 0, index < MerkleTree.maxSize, String(index) == text else {
            throw ServiceProblem.notFound
        }
        return index
    }
}
