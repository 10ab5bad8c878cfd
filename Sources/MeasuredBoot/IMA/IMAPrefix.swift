import Crypto
public import TPMWire

/// How far a list was followed to a quoted value: enough to go on from there with only what is new.
public struct IMACheckpoint: Hashable, Sendable {
    /// Entries of the prefix.
    public var entries: Int
    /// Its bytes.
    public var offset: UInt64
    /// Violations in it.
    public var violations: Int
    public var bank: AlgorithmID
    public var pcr: Int
    /// The value of the PCR, which the prefix reaches.
    public var value: [UInt8]
    /// By which extension.
    public var mode: IMAExtension
    /// SHA-256 over the digest of the checkpoint before, 32 zeros before the first, and the bytes since.
    ///
    /// Says which bytes were judged, also where the PCR itself has no more than SHA-1 digests.
    public var digest: [UInt8]

    public init(
        entries: Int,
        offset: UInt64,
        violations: Int,
        bank: AlgorithmID,
        pcr: Int,
        value: [UInt8],
        mode: IMAExtension,
        digest: [UInt8]
    ) {
        self.entries = entries
        self.offset = offset
        self.violations = violations
        self.bank = bank
        self.pcr = pcr
        self.value = value
        self.mode = mode
        self.digest = digest
    }
}

/// Follows a list until it reaches a quoted value, and no further.
///
/// What stands behind that point was not in the TPM when it quoted: the kernel may have measured it since, or anybody
/// may have written it. It is not even parsed.
public struct IMAPrefix: Sendable {
    private var reader: IMAListReader
    private var follower: Follower
    private let quoted: [UInt8]
    /// Where the quoted value was reached; nil as long as it was not.
    public private(set) var reached: IMACheckpoint?

    private struct Follower {
        var replay: IMAReplay
        var violations: Int
        var digest = SHA256()

        init(_ replay: IMAReplay, violations: Int, digest: [UInt8]) {
            self.replay = replay
            self.violations = violations
            self.digest.update(data: digest)
        }

        mutating func step(_ entry: IMAEntry, _ record: ArraySlice<UInt8>) throws(IMAListError) {
            try replay.extend(entry)
            digest.update(data: record)
            violations += entry.isViolation ? 1 : 0
        }
    }

    /// Follows a list from its beginning.
    /// - Parameters:
    ///   - quoted: the PCR's value in the bank, out of a quote that was verified.
    ///   - extensions: those that the kernel may use.
    /// - Throws: `ReplayError` when the bank cannot be computed here, `IMAListError` when the list's digests cannot.
    public init(
        _ form: IMAListForm,
        to quoted: [UInt8],
        bank: AlgorithmID,
        pcr: Int = IMABounds.usualPCR,
        extensions: [IMAExtension] = IMAExtension.allCases
    ) throws {
        reader = try IMAListReader(form)
        follower = Follower(
            try IMAReplay(bank: bank, pcr: pcr, extensions: extensions),
            violations: 0,
            digest: [UInt8](repeating: 0, count: SHA256.byteCount)
        )
        self.quoted = quoted
        note()
    }

    /// Follows a list on from where it was followed to before, in the same boot.
    /// - Returns: nil when the checkpoint contradicts itself, or the list's digests cannot be computed here.
    public init?(_ form: IMAListForm, to quoted: [UInt8], from checkpoint: IMACheckpoint) {
        guard checkpoint.entries >= 0, checkpoint.violations >= 0, checkpoint.digest.count == SHA256.byteCount,
            let reader = try? IMAListReader(form, entry: checkpoint.entries, offset: checkpoint.offset),
            let replay = IMAReplay(
                checkpoint.value,
                bank: checkpoint.bank,
                pcr: checkpoint.pcr,
                mode: checkpoint.mode
            )
        else { return nil }
        self.reader = reader
        follower = Follower(replay, violations: checkpoint.violations, digest: checkpoint.digest)
        self.quoted = quoted
        note()
    }

    /// Entries read so far, counted from the beginning of the list.
    public var entries: Int { reader.entries }

    /// Reads a piece.
    /// - Parameter judge: is given every entry up to the quoted value. Nothing of them is proven until it is reached.
    /// - Returns: whether more is needed.
    @discardableResult
    public mutating func read(
        _ piece: ArraySlice<UInt8>,
        _ judge: (IMAEntry) -> Void = { _ in }
    ) throws(IMAListError) -> Bool {
        guard reached == nil else { return false }
        var follower = follower
        let quoted = quoted
        let goesOn = try reader.read(piece) { entry, record throws(IMAListError) in
            try follower.step(entry, record)
            judge(entry)
            return follower.replay.reached(quoted) == nil
        }
        self.follower = follower
        if !goesOn { note() }
        return goesOn
    }

    /// Says that no piece follows.
    /// - Throws: when an entry has begun and not ended, unless the quoted value was reached before it.
    public func finish() throws(IMAListError) {
        if reached == nil { try reader.finish() }
    }

    private mutating func note() {
        guard let mode = follower.replay.reached(quoted) else { return }
        reached = IMACheckpoint(
            entries: reader.entries,
            offset: reader.offset,
            violations: follower.violations,
            bank: follower.replay.bank,
            pcr: follower.replay.pcr,
            value: quoted,
            mode: mode,
            digest: Array(follower.digest.finalize())
        )
    }
}
