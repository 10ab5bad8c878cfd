import ArgumentParser
import Ledger
import Messages

/// How an entry of the ledger is named: by its place, or by what answers and other entries call it.
enum EntryName: Hashable, Sendable, ExpressibleByArgument, CustomStringConvertible {
    case number(Int)
    /// SHA-256 of its bytes.
    case digest(ContentDigest)

    init?(argument: String) {
        // A digest may well have decimal digits alone.
        if let digest = ContentDigest(argument: argument) {
            self = .digest(digest)
        } else if let number = Int(argument), number >= 0 {
            self = .number(number)
        } else {
            return nil
        }
    }

    var description: String {
        switch self {
        case .number(let number): "\(number)"
        case .digest(let digest): "\(digest)"
        }
    }
}

extension OpenedLedger {
    /// Where an entry stands; `nil` when the ledger has no such entry.
    ///
    /// Looked for from the ledger's end on, since whoever asks was mostly told of it just now.
    func number(of digest: ContentDigest) async throws -> Int? {
        for bundle in log.bundles().reversed() {
            let entries = try await log.entries(bundle)
            guard let offset = entries.lastIndex(where: { ContentDigest(of: $0.bytes) == digest }) else { continue }
            return bundle.nodes.indices.lowerBound + offset
        }
        return nil
    }

    /// An entry's bytes; `nil` when they are not what the checkpoint was signed over.
    func entry(_ number: Int) async throws -> [UInt8]? {
        for bundle in log.bundles(from: number) {
            let offset = number - bundle.nodes.indices.lowerBound
            guard let entry = try await log.entries(bundle).dropFirst(offset).first,
                let path = try await log.tree(size: checkpoint.size).inclusionPath(of: number),
                InclusionProof(index: number, size: checkpoint.size, path: path)
                    .verifies(leaf: entry.leafHash, root: checkpoint.root)
            else { break }
            return entry.bytes
        }
        return nil
    }
}
