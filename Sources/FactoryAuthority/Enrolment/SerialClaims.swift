import DurableFiles
public import Messages

/// Which TPM has which serial number: for each number a symbolic link whose text is the TPM's digest, and no file.
///
/// What binds for ever is what is written about the TPM; a claim alone goes back when nobody holds its TPM's lock. So it
/// needs no durability of its own: that other file brings it, being written durably into the same directory.
public struct SerialClaims: Sendable {
    private let lock: String
    private let path: @Sendable (Label) -> String
    private let tpmLock: @Sendable (ContentDigest) -> String
    private let damaged: @Sendable (_ path: String, _ detail: String) -> any Error

    /// - Parameters:
    ///   - lock: held for moments, while a claim is made.
    ///   - path: where the claim of a serial number is.
    ///   - tpmLock: held while somebody works on a TPM.
    ///   - damaged: makes the error about a claim that cannot be read.
    public init(
        lock: String,
        path: @escaping @Sendable (Label) -> String,
        tpmLock: @escaping @Sendable (ContentDigest) -> String,
        damaged: @escaping @Sendable (_ path: String, _ detail: String) -> any Error
    ) {
        self.lock = lock
        self.path = path
        self.tpmLock = tpmLock
        self.damaged = damaged
    }

    /// Makes a TPM the one with a serial number.
    ///
    /// The lock makes two boards that were given one number come here one after the other.
    /// - Parameters:
    ///   - known: what is written of the TPM, with which nothing is claimed; is told who has the number.
    ///   - release: refuses when the TPM that has the number keeps it.
    /// - Returns: what is written of the TPM; nil when it was not known.
    public func claim<Known>(
        _ serial: Label,
        for tpm: ContentDigest,
        known: (_ holder: ContentDigest?) throws -> Known?,
        release: (_ holder: ContentDigest) throws -> Void
    ) throws -> Known? {
        let lock = try FileLock.waiting(for: lock)
        defer { lock.release() }
        let holder = try holder(of: serial)
        if let known = try known(holder) { return known }
        guard holder != tpm else { return nil }
        if let holder {
            try release(holder)
            try SymbolicLink.remove(path(serial))
        }
        try SymbolicLink.make(path(serial), to: "\(tpm)")
        return nil
    }

    /// The TPM that a serial number was claimed for.
    public func holder(of serial: Label) throws -> ContentDigest? {
        let path = path(serial)
        // A disk that fails does not say that nobody has the number.
        guard let text = try SymbolicLink.text(of: path) else { return nil }
        guard let digest = ContentDigest(text) else { throw damaged(path, "not the digest of an endorsement key") }
        return digest
    }

    /// Whether somebody works on a TPM now.
    public func isBusy(_ tpm: ContentDigest) throws -> Bool {
        guard let lock = try FileLock.trying(tpmLock(tpm)) else { return true }
        lock.release()
        return false
    }
}
