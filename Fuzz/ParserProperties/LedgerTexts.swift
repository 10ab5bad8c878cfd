public import Ledger

extension ParserTarget {
    static let ledgerTexts = [
        ParserTarget("checkpoint", longestInput: 4096) { (input) throws(BrokenProperty) in
            guard let checkpoint = try? SignedCheckpoint(parsing: input) else { return false }
            try hold(checkpoint.bytes == input, "a checkpoint is written back byte for byte")
            try hold(checkpoint.note.text == checkpoint.claimed.text, "what is claimed is what is signed")
            for tail in [[0x00], [0x0A], Array("x\n".utf8)] as [[UInt8]] {
                try hold((try? SignedCheckpoint(parsing: input + tail)) == nil, "nothing may follow a checkpoint")
            }
            if let key = FixedLog.key, case .success(let verified) = checkpoint.verify(logKey: key) {
                try hold(verified.checkpoint.text == FixedLog.checkpoint?.text, "only what was signed verifies")
            }
            return true
        },
        ParserTarget("ledger-proof", longestInput: 8192) { (input) throws(BrokenProperty) in
            guard let proof = try? LogProof(parsing: input) else { return false }
            try hold(proof.bytes == input, "a proof is written back byte for byte")
            try hold((try? LogProof(parsing: input + [0x0A])) == nil, "nothing may follow a proof")
            if let key = FixedLog.key, let entry = FixedLog.entries.last,
                case .success = proof.verify(entry: entry, logKey: key)
            {
                try hold(proof.index == FixedLog.entries.count - 1, "an entry is proven at its own place only")
                try hold(proof.path == FixedLog.path, "an entry has one path")
            }
            return true
        },
        ParserTarget("add-checkpoint", longestInput: 8192) { (input) throws(BrokenProperty) in
            guard let request = try? AddCheckpoint(parsing: input) else { return false }
            try hold(request.bytes == input, "a request to a witness is written back byte for byte")
            try hold(request.path.count <= AddCheckpoint.maxProofLines, "a proof is short")
            try hold((try? AddCheckpoint(parsing: input + [0x0A])) == nil, "nothing may follow a request")
            if let key = FixedLog.key, let witness = FixedLog.witness,
                let log = try? WitnessedLog(keys: [key], cosigned: nil, by: witness.verifierKey),
                let fresh = try? Witness(witness, logs: [log]),
                case .success(let cosigned)? = try? fresh.judge(input, at: 1)
            {
                try hold(cosigned.size == FixedLog.checkpoint?.size, "only what the log has signed is cosigned")
                try hold(request.oldSize == 0 && request.path.isEmpty, "of a log that was not seen nothing is proven")
            }
            return true
        },
        // The first byte is the width that the tile's address promises, as an auditor takes it from a copy of the ledger.
        ParserTarget("ledger-tile", longestInput: 8192) { (input) throws(BrokenProperty) in
            guard let first = input.first else { return false }
            let width = Int(first) + 1
            let tile = Array(input.dropFirst())
            var accepted = false
            if let hashes = try? HashTile.parse(tile, width: width) {
                accepted = true
                try hold(hashes.count == width && HashTile.encode(hashes) == tile, "a tile is written back as it was")
            }
            if let entries = try? EntryBundle.parse(tile, width: width) {
                accepted = true
                try hold(entries.count == width && EntryBundle.encode(entries) == tile, "so is a bundle of entries")
                try hold((try? EntryBundle.parse(tile + [0], width: width)) == nil, "nothing may follow a bundle")
            }
            return accepted
        },
        ParserTarget("ledger-address", longestInput: 1024) { (input) throws(BrokenProperty) in
            let text = String(decoding: input, as: UTF8.self)
            if let path = try? TilePath(parsing: text) {
                try hold(path.text == text, "a tile has one address")
                return true
            }
            guard let key = try? VerifierKey(parsing: text) else { return false }
            try hold(key.text == text, "a key has one text")
            return true
        },
    ]
}

/// The one log that was ever signed with the fixed key: five entries.
public enum FixedLog {
    /// The entries, "entry 0" to "entry 4".
    public static let entries = (0..<5).compactMap { try? LogEntry(Array("entry \($0)".utf8)) }

    /// The log's key.
    public static let key = signer?.verifierKey
    /// The signer.
    public static let signer = try? CheckpointSigner(origin: "ledger.example/fixed", privateKey: FixedKeys.log)
    /// A witness of it.
    public static let witness = try? WitnessSigner(name: "witness.example/fixed", privateKey: FixedKeys.log)
    /// What was signed.
    public static let checkpoint: Checkpoint? = {
        guard let signer, let tree else { return nil }
        return try? Checkpoint(origin: signer.verifierKey.name, size: tree.size, root: tree.root(node: node))
    }()
    /// The path of the last entry.
    public static let path = tree?.inclusionPath(of: entries.count - 1, node: node)

    /// The path that shows the log to continue its first three entries.
    public static let continuation = tree?.consistencyPath(from: 3, node: node)

    private static let tree = try? MerkleTree(size: entries.count)

    private static func node(_ level: Int, _ index: Int) -> TreeHash {
        level == 0 ? entries[index].leafHash : .node(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))
    }
}
