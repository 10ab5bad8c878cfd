/// What a log asks a witness: to cosign a checkpoint that continues the one which the witness saw last (C2SP tlog-witness).
public struct AddCheckpoint: Hashable, Sendable {
    /// The most bytes that are read: 63 hashes, and a checkpoint with more signatures than anybody uses.
    public static let maxByteCount = 64 * 1024
    /// The most lines of the proof, by the protocol.
    public static let maxProofLines = 63

    private static let oldLabel = "old "

    /// The size of the tree that the witness saw last, as the log believes; 0 when it saw none.
    public let oldSize: Int
    /// The consistency path from there (RFC 9162 section 2.1.4).
    public let path: [TreeHash]
    /// The checkpoint, which nobody has judged yet.
    public let checkpoint: SignedCheckpoint

    public init(oldSize: Int, path: [TreeHash], checkpoint: SignedCheckpoint) {
        self.oldSize = oldSize
        self.path = path
        self.checkpoint = checkpoint
    }

    /// Parses the body of a request; throws when it is not one to the last byte.
    public init(parsing bytes: [UInt8]) throws(LedgerFormatError) {
        guard bytes.count <= Self.maxByteCount else {
            throw LedgerFormatError(.addCheckpoint, "\(bytes.count) bytes, at most \(Self.maxByteCount) are read")
        }
        var lines = ProofLines(bytes, of: .addCheckpoint)
        guard let oldSize = try lines.number(after: Self.oldLabel) else {
            throw LedgerFormatError(.addCheckpoint, "the first line is not \"old\" and a size")
        }
        let path = try lines.path(atMost: Self.maxProofLines)
        self.init(oldSize: oldSize, path: path, checkpoint: try lines.checkpoint())
    }

    /// The body of the request.
    public var bytes: [UInt8] {
        let hashes = path.map { $0.base64 + "\n" }.joined()
        return Array("\(Self.oldLabel)\(oldSize)\n\(hashes)\n".utf8) + checkpoint.bytes
    }
}

extension SignedCheckpoint {
    /// Takes over the lines that a witness answered with, as far as they are cosignatures of known keys.
    ///
    /// Lines of unknown keys are ignored, as the protocol demands; one of a known key that does not verify refuses the answer.
    /// - Parameter lines: signature lines, each ended by a newline.
    /// - Returns: the witnesses whose lines were taken over; a witness that is there already gets no second line.
    public mutating func add(
        lines: [UInt8],
        of witnesses: [VerifierKey]
    ) throws(LedgerFormatError) -> Result<[VerifierKey], LedgerRefusal> {
        let answer = try SignedNote(parsing: note.text + [UInt8(ascii: "\n")] + lines)
        // An empty line among them would end a longer text, which a witness may well have signed: under this one its line verifies for
        // nobody, and would have everybody refuse the note with all that others have signed.
        guard answer.text == note.text else {
            throw LedgerFormatError(.signedNote, "more text where there are to be signature lines")
        }
        let found: SignedNote.Signers
        switch answer.signers(among: witnesses) {
        case .success(let signers): found = signers
        case .failure(let refusal): return .failure(refusal)
        }
        var taken: [VerifierKey] = []
        for line in answer.signatures {
            guard let key = found.cosignatures.keys.first(where: { $0.name == line.name && $0.id == line.keyID }),
                !note.signatures.contains(where: { $0.name == line.name && $0.keyID == line.keyID })
            else { continue }
            try add(line)
            taken.append(key)
        }
        return .success(taken)
    }
}
