import DurableFiles
import Glibc
public import Messages

/// A device with a TPM that does not serve any more, and its software key for a time.
extension StateDirectory {
    /// What an operator has let the key speak for; no secret, and beside the identity so that it is known without unsealing that.
    var loweredPath: String { path + "/lowered.json" }
    /// Says that the key was made in the directory of a TPM's agent.
    private var besideTPMPath: String { path + "/beside-tpm" }

    /// Whether a software key speaks for this device: by its birth, or because an operator has lowered its tier and the time is not over.
    ///
    /// A key that was made beside a TPM speaks for nobody until then.
    public func speaksWithoutTPM(at now: Int64) throws(AgentError) -> Bool {
        guard isCompensated else { return false }
        if let file = try loweredTier() { return now < file.lowered.until }
        return unsafe access(besideTPMPath, F_OK) != 0
    }

    /// Whether the software key was made beside a TPM, which the device has still.
    public func isBesideTPM() throws(AgentError) -> Bool {
        try unsafe loweredTier() != nil || access(besideTPMPath, F_OK) == 0
    }

    func loweredTier() throws(AgentError) -> LoweredTierFile? {
        guard let bytes = try read(loweredPath, limit: LoweredTierFile.maximumSize) else { return nil }
        do {
            return try LoweredTierFile(parsing: bytes)
        } catch {
            throw AgentError(loweredPath, error)
        }
    }

    /// The security version below which a software key has nothing installed.
    ///
    /// Nobody signs what a lowered tier's file says of it: that holds while the file does, and never reaches the TPM's counter, which rises
    /// for good.
    func softwareFloor(_ bornWith: BornWith, _ journal: Journal?) throws(AgentError) -> UInt64 {
        let told = try loweredTier()?.securityFloor ?? 0
        return max(bornWith.securityVersion, journal?.floorTarget ?? 0, told)
    }

    /// Before a first key is made: whether the directory is that of a TPM's agent.
    func noteTPM() throws(AgentError) {
        if try journal() != nil { try write([], to: besideTPMPath) }
    }

    /// Takes over for whom the key speaks, that was made here.
    /// - Parameter sealing: how the identity is sealed from here on; nil leaves it as it lies.
    public func accept(
        _ file: LoweredTierFile,
        sealedBy sealing: Sealing? = nil,
        _ lock: borrowing AgentLock
    ) async throws(AgentError) {
        guard var kept = try await durableIdentity() else {
            throw AgentError(
                .refused,
                "no key was made here",
                hint: "begin with birthmark-device enrol --out FILE",
                reasons: ["no-key"]
            )
        }
        let isNew = kept.identity.instance != file.instance
        if isNew {
            guard kept.identity.bornWith == nil, kept.identity.isAt(file.key) else {
                throw AgentError(
                    .refused,
                    "the file is for another key than this device's",
                    hint: "give this device the file that came of its own request",
                    reasons: ["other-key"]
                )
            }
            try take(over: file)
            kept.identity.speak(for: file)
        }
        if let sealing { kept.sealing = sealing }
        if isNew || sealing != nil { try await write(kept) }
        // Last: until it is there the TPM's agent goes on, and afterwards everything that the key needs is there too.
        try write(file, as: "the lowered tier", to: loweredPath)
    }

    private func take(over file: LoweredTierFile) throws(AgentError) {
        var journal = try journal() ?? Journal(instance: file.instance)
        guard journal.instance == file.instance else {
            throw AgentError(
                .refused,
                "\(path) is of instance \(journal.instance), and the file of instance \(file.instance)",
                hint: "name this device's own directory with --state",
                reasons: ["other-instance"]
            )
        }
        // A disk that is new knows nothing of what was installed; its verifier does.
        if journal.running == nil, file.running.manifest != nil { journal.running = file.running }
        journal.lease = nil
        try write(journal)
    }

    /// Forgets a software key that spoke for a time in place of the TPM.
    /// - Parameter now: forgets it only when that time is over then; `nil` when an operator has ended it.
    /// - Returns: for whom it spoke; `nil` when none did, or its time goes on.
    @discardableResult
    public func forgetLoweredIdentity(at now: Int64?, _ lock: borrowing AgentLock) throws(AgentError) -> InstanceID? {
        guard let file = try loweredTier(), now.map({ $0 >= file.lowered.until }) ?? true else {
            guard now == nil else { return nil }
            throw AgentError(
                .refused,
                "no software key speaks here in place of a TPM",
                hint: "there is nothing to forget",
                reasons: ["not-lowered"]
            )
        }
        do {
            // What says for whom it spoke goes last, so that a run that was cut off is finished by the same command.
            for path in [identityPath, sealedIdentityPath] { try AtomicFile.erase(path) }
            for path in [besideTPMPath, loweredPath] { try AtomicFile.remove(path) }
        } catch {
            throw AgentError(error)
        }
        return file.instance
    }
}
