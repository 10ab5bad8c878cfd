/// What a log says of itself: its name, how many entries it has, and the root over them (C2SP tlog-checkpoint).
public struct Checkpoint: Hashable, Sendable {
    /// The log's name, also the name of its key.
    public let origin: String
    /// The number of entries.
    public let size: Int
    public let root: TreeHash

    /// A statement about a tree; throws when the origin could not be a key's name, or the size has no such root.
    public init(origin: String, size: Int, root: TreeHash) throws(LedgerFormatError) {
        if let problem = VerifierKey.problem(withName: origin) { throw LedgerFormatError(.checkpoint, problem) }
        guard (0...MerkleTree.maxSize).contains(size) else {
            throw LedgerFormatError(.checkpoint, "\(size) is not a number of entries")
        }
        guard size > 0 || root == .ofEmptyTree else {
            throw LedgerFormatError(.checkpoint, "an empty log has but one root")
        }
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// Parses exactly three lines; extension lines, which the form allows and nobody here writes, are refused.
    public init(parsing text: [UInt8]) throws(LedgerFormatError) {
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count == 4, lines[3].isEmpty else {
            throw LedgerFormatError(.checkpoint, "expected the lines origin, size and root")
        }
        guard let origin = String(validating: lines[0], as: UTF8.self) else {
            throw LedgerFormatError(.checkpoint, "the origin is not UTF-8")
        }
        guard let size = Decimal.parse(lines[1], max: MerkleTree.maxSize) else {
            throw LedgerFormatError(.checkpoint, "the size is not a plain decimal number")
        }
        guard let root = Base64.decode(lines[2]).flatMap({ TreeHash($0) }) else {
            throw LedgerFormatError(.checkpoint, "the root is not 32 bytes in base64")
        }
        try self.init(origin: origin, size: size, root: root)
    }

    /// The three lines, each with its newline: what is signed.
    public var text: [UInt8] { Array("\(origin)\n\(size)\n\(root.base64)\n".utf8) }

    /// Whether this log continues the one seen before: nothing taken away, nothing changed.
    ///
    /// - Parameter path: the consistency path from the earlier size to this one.
    /// - Returns: the refusal, or nil when the earlier log is the beginning of this one.
    public func refusal(toContinue seen: Checkpoint, path: [TreeHash]) -> LedgerRefusal? {
        guard origin == seen.origin else { return .wrongOrigin(expected: seen.origin, found: origin) }
        guard size >= seen.size else { return .truncated(seen: seen.size, offered: size) }
        let proof = ConsistencyProof(oldSize: seen.size, newSize: size, path: path)
        return proof.verifies(oldRoot: seen.root, newRoot: root) ? nil : .forked(seen: seen.size, offered: size)
    }
}
