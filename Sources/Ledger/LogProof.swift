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
        let newline = UInt8(ascii: "\n")
        var rest = bytes[...]
        func nextLine() throws(LedgerFormatError) -> ArraySlice<UInt8> {
            guard let end = rest.firstIndex(of: newline) else { throw LedgerFormatError(.proof, "cut short") }
            defer { rest = rest[(end + 1)...] }
            return rest[..<end]
        }
        guard try nextLine().elementsEqual(Self.header.utf8) else {
            throw LedgerFormatError(.proof, "the first line is not \(Self.header)")
        }
        let indexLine = try nextLine()
        guard indexLine.starts(with: Self.indexLabel.utf8),
            let index = Decimal.parse(indexLine.dropFirst(Self.indexLabel.utf8.count), max: MerkleTree.maxSize)
        else { throw LedgerFormatError(.proof, "the second line is not an index") }
        var path: [TreeHash] = []
        while true {
            let line = try nextLine()
            if line.isEmpty { break }
            guard let hash = Base64.decode(line).flatMap({ TreeHash($0) }) else {
                throw LedgerFormatError(.proof, "a line of the path is not 32 bytes in base64")
            }
            guard path.count < maxPathLength else { throw LedgerFormatError(.proof, "the path is too long") }
            path.append(hash)
        }
        self.init(index: index, path: path, checkpoint: try SignedCheckpoint(parsing: Array(rest)))
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
