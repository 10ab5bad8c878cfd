/// The proof that an entry is in a log, in one file a stranger can check (C2SP tlog-proof): index, path, checkpoint.
public struct LogProof: Hashable, Sendable {
    private static let header = "c2sp.org/tlog-proof@v1"
    private static let indexLabel = "index "

    /// The entry's place in the log, from 0.
    public let index: Int
    /// The sibling hashes, nearest the entry first.
    public let path: [TreeHash]
    public let checkpoint: SignedCheckpoint

    public init(index: Int, path: [TreeHash], checkpoint: SignedCheckpoint) {
        self.index = index
        self.path = path
        self.checkpoint = checkpoint
    }

    /// Parses the text form; throws when it is not one to the last byte.
    public init(parsing bytes: [UInt8]) throws(LedgerFormatError) {
        var lines = ProofLines(bytes, of: .proof)
        guard try lines.next().elementsEqual(Self.header.utf8) else {
            throw LedgerFormatError(.proof, "the first line is not \(Self.header)")
        }
        guard let index = try lines.number(after: Self.indexLabel) else {
            throw LedgerFormatError(.proof, "the second line is not an index")
        }
        let path = try lines.path(atMost: maxPathLength)
        self.init(index: index, path: path, checkpoint: try lines.checkpoint())
    }

    /// The text form.
    public var bytes: [UInt8] {
        let hashes = path.map { $0.base64 + "\n" }.joined()
        return Array("\(Self.header)\n\(Self.indexLabel)\(index)\n\(hashes)\n".utf8) + checkpoint.bytes
    }

    /// Judges the whole proof: the signatures, and that the log they stand for has this entry at `index`.
    ///
    /// Parameters as for `SignedCheckpoint.verify`.
    public func verify(
        entry: LogEntry,
        logKey: VerifierKey,
        witnesses: [VerifierKey] = [],
        quorum: Int = 0
    ) -> Result<VerifiedCheckpoint, LedgerRefusal> {
        verify(entry: entry, logKeys: [logKey], witnesses: witnesses, quorum: quorum)
    }

    /// The same where one key of the log follows another.
    public func verify(
        entry: LogEntry,
        logKeys: [VerifierKey],
        witnesses: [VerifierKey] = [],
        quorum: Int = 0
    ) -> Result<VerifiedCheckpoint, LedgerRefusal> {
        checkpoint.verify(logKeys: logKeys, witnesses: witnesses, quorum: quorum).flatMap { verified in
            let tree = verified.checkpoint
            let proof = InclusionProof(index: index, size: tree.size, path: path)
            return proof.verifies(leaf: entry.leafHash, root: tree.root)
                ? .success(verified) : .failure(.notIncluded(index: index, size: tree.size))
        }
    }
}
