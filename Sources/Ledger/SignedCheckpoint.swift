/// A checkpoint with the signatures under it, read strictly and not yet believed.
public struct SignedCheckpoint: Hashable, Sendable {
    /// What the note claims; use `VerifiedCheckpoint.checkpoint` for anything that matters.
    public let claimed: Checkpoint
    public private(set) var note: SignedNote

    init(checkpoint: Checkpoint, signatures: [SignedNote.Signature]) {
        claimed = checkpoint
        note = SignedNote(text: checkpoint.text, signatures: signatures)
    }

    /// Parses a signed note whose text is a checkpoint.
    public init(parsing bytes: [UInt8]) throws(LedgerFormatError) {
        note = try SignedNote(parsing: bytes)
        claimed = try Checkpoint(parsing: note.text)
    }

    /// The checkpoint as it is stored and served.
    public var bytes: [UInt8] { note.bytes }

    /// Adds a signature line, as a witness or a second log key makes it.
    public mutating func add(_ signature: SignedNote.Signature) throws(LedgerFormatError) {
        guard note.signatures.count < SignedNote.maxSignatures else {
            throw LedgerFormatError(.signedNote, "more than \(SignedNote.maxSignatures) signature lines")
        }
        note.signatures.append(signature)
    }

    /// Judges the signatures.
    ///
    /// Lines of keys not given here are ignored, as the form demands. A line that names a given key and does not
    /// verify refuses the whole note: somebody altered it.
    ///
    /// - Parameters:
    ///   - logKey: the log's key; its name must be the checkpoint's origin.
    ///   - witnesses: the witnesses known to the caller.
    ///   - quorum: how many different ones of them must have signed.
    public func verify(
        logKey: VerifierKey,
        witnesses: [VerifierKey] = [],
        quorum: Int = 0
    ) -> Result<VerifiedCheckpoint, LedgerRefusal> {
        verify(logKeys: [logKey], witnesses: witnesses, quorum: quorum)
    }

    /// The same where one key of the log follows another: the signature of any of them counts.
    /// - Parameter logKeys: keys of one log, whose name must be the checkpoint's origin.
    public func verify(
        logKeys: [VerifierKey],
        witnesses: [VerifierKey] = [],
        quorum: Int = 0
    ) -> Result<VerifiedCheckpoint, LedgerRefusal> {
        if let other = logKeys.first(where: { $0.name != claimed.origin }) {
            return .failure(.wrongOrigin(expected: other.name, found: claimed.origin))
        }
        let signers: SignedNote.Signers
        switch note.signers(among: logKeys + witnesses) {
        case .success(let found): signers = found
        case .failure(let refusal): return .failure(refusal)
        }
        guard !signers.keys.isDisjoint(with: logKeys) else {
            let names = logKeys.map(\.description).joined(separator: " or ")
            return .failure(.logSignatureMissing(key: names))
        }
        guard signers.cosignatures.count >= quorum else {
            return .failure(.witnessesMissing(required: quorum, found: signers.cosignatures.count))
        }
        return .success(VerifiedCheckpoint(checkpoint: claimed, cosignatures: signers.cosignatures))
    }
}

/// A checkpoint whose signatures were judged; only `SignedCheckpoint.verify` makes one.
public struct VerifiedCheckpoint: Hashable, Sendable {
    public let checkpoint: Checkpoint
    /// The witnesses that signed, each with the time it says it did, in seconds since 1970.
    public let cosignatures: [VerifierKey: Int]

    init(checkpoint: Checkpoint, cosignatures: [VerifierKey: Int]) {
        self.checkpoint = checkpoint
        self.cosignatures = cosignatures
    }
}
