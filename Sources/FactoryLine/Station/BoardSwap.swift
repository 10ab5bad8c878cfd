import DurableFiles
public import Messages

extension Station {
    /// What became of a rework.
    public enum ReworkOutcome: Sendable {
        /// The first board is retired now: the next birth under the serial number replaces it.
        case reworked(Rework)
        /// It was retired before; nothing was changed. `replacedBy` is the instance that was born since.
        case known(Rework, replacedBy: InstanceID?)
        /// No board has this serial number here.
        case unknown
    }

    /// Takes the board of a serial number out, so that another can be born under it.
    ///
    /// One signed file is all that it writes: killed at any moment it has happened or it has not. The same words again, after the new board
    /// was born, too, are the same rework, so that repeating a command never retires the board that it made room for; another swap has
    /// another reason.
    /// - Parameters:
    ///   - by: who swaps the board.
    ///   - now: seconds since 1970.
    /// - Throws: `BirthInterruption.busy` while a birth of that board is under way; what files do.
    public func rework(_ serial: Label, reason: Remark, by: Label, now: Int64) throws -> ReworkOutcome {
        let files = BirthFiles(self)
        let claims = try FileLock.waiting(for: directory.claimLock)
        defer { claims.release() }
        let reworks = try files.reworks(of: serial)
        if let last = reworks.last, last.reason == reason, last.by == by {
            return .known(last, replacedBy: try currentBirth(of: serial)?.facts.instance)
        }
        guard let root = try board(of: serial, files), !reworks.contains(where: { $0.endorsementKey == root }) else {
            return reworks.last.map { .known($0, replacedBy: nil) } ?? .unknown
        }
        guard let lock = try FileLock.trying(directory.lock(of: root)) else { throw BirthInterruption.busy }
        defer { lock.release() }
        // Only now nobody signs it meanwhile.
        let birth = try currentBirth(of: serial)
        let payload = try files.birth(of: serial)?.payload.bytes
        guard let instance = try birth?.facts.instance ?? files.begun(by: root, as: serial) else {
            // Its certificates were never issued, or its birth not signed: the serial number goes back by itself.
            return reworks.last.map { .known($0, replacedBy: nil) } ?? .unknown
        }
        let rework = Rework(
            station: name,
            serial: serial,
            instance: instance,
            endorsementKey: root,
            record: payload.map { ContentDigest(of: $0) },
            reason: reason,
            by: by,
            at: now
        )
        try files.keep(rework, before: files.current(serial).next, by: signer)
        return .reworked(rework)
    }

    /// The TPM of the board that has a serial number; of one without, its first key.
    private func board(of serial: Label, _ files: BirthFiles) throws -> ContentDigest? {
        switch try currentBirth(of: serial) {
        case .measured(let birth):
            let endorsementKey = ContentDigest(of: birth.ek.publicArea.bytes)
            return TPMLife.digest(endorsementKey, following: birth.formerLife)
        case .compensated(let birth): return birth.key.thumbprint
        case nil: return try files.holder(of: serial)
        }
    }
}

extension BirthFiles {
    /// The instance that a TPM is to be, when its certificates were issued for this serial number.
    fileprivate func begun(by tpm: ContentDigest, as serial: Label) throws -> InstanceID? {
        guard let journal = try journal(of: tpm), journal.order.serial == serial else { return nil }
        return InstanceID(iakName: journal.enrolled.iak.name.bytes)
    }
}
