import DurableFiles
import Glibc
public import Messages

/// `retirement.json`: what is being destroyed, written before the first of it is, and itself the last that goes; of a device without a
/// TPM it stays, and says that it was done.
public struct RetirementRecord: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion = 1
    /// The instance that ends.
    public var instance: InstanceID
    /// Its serial number.
    public var serial: Label
    /// When the verifier took its farewell, in seconds since 1970; absent when it was not asked.
    public var farewell: Int64?
    /// The TPM, as tpm2-tools spell it; absent for their search.
    ///
    /// Another one would have nothing to remove.
    public var tcti: String?
    /// What was in the TPM.
    public var remnants: [Remnant]
    /// True when what is destroyed is on the disk alone, because the device has no TPM or leaves it out; absent otherwise.
    public var withoutTPM: Bool?
    /// True when there is a TPM that is left out, with what it holds; absent otherwise.
    public var leavesTPM: Bool?
    /// True once all of it is destroyed: without a TPM an empty directory could not say that something was.
    public var isDone: Bool?

    /// The most bytes of the file; a real one has about 1 KB.
    static let maximumSize = 16 << 10
}

extension StateDirectory {
    static let retirementName = "retirement.json"
    private var retirementPath: String { path + "/" + Self.retirementName }

    /// The retirement that has begun; nil when none has.
    func retirement() throws(AgentError) -> RetirementRecord? {
        guard let bytes = try read(retirementPath, limit: RetirementRecord.maximumSize) else { return nil }
        do throws(MessageError) {
            let record = try CanonicalJSON.decode(
                RetirementRecord.self,
                from: bytes,
                limit: RetirementRecord.maximumSize
            )
            guard record.formatVersion == 1 else {
                throw MessageError(.outOfRange, "retirement format \(record.formatVersion) is not known here")
            }
            return record
        } catch {
            throw AgentError(
                .environment,
                "\(retirementPath) is damaged: \(error.detail)",
                hint: "move it away and run the same command again: it looks into the TPM for what is left"
            )
        }
    }

    func write(_ record: RetirementRecord) throws(AgentError) {
        try write(record, as: "the retirement", to: retirementPath)
    }

    /// The files of the agent, keys first and the retirement's own last; the lock, which says nothing, is not one of them.
    /// - Throws: `AgentError` when that cannot be seen: nothing is said to be destroyed that was only not found.
    func remains() throws(AgentError) -> [String] {
        let all = try names(in: path).filter { !Self.frame.contains($0) }
        let own = all.filter { $0 != Self.retirementName }.sorted()
        var held: [String] = []
        for directory in ["spool", "grants"] {
            held += try names(in: path + "/" + directory).map { directory + "/" + $0 }
        }
        // Also what a killed run has left of a key beside its place.
        let keys = own.filter { $0.hasPrefix("identity.") }
        let others = own.filter { !$0.hasPrefix("identity.") }
        return keys + held.sorted() + others + all.filter { $0 == Self.retirementName }
    }

    private func names(in directory: String) throws(AgentError) -> [String] {
        do { return try DirectoryEntries.names(in: directory) } catch { throw AgentError(error) }
    }

    /// The retirement that was done here, unless another agent has begun since.
    public func doneRetirement() throws(AgentError) -> RetirementRecord? {
        guard let record = try retirement(), record.isDone == true, !isCompensated,
            unsafe access(trustPath, F_OK) != 0
        else { return nil }
        return record
    }

    /// The retirement that has begun and is not done.
    public func begunRetirement() throws(AgentError) -> RetirementRecord? {
        try retirement().flatMap { $0.isDone == true ? nil : $0 }
    }

    /// Refuses to make something anew where the old is being destroyed.
    func checkNotRetiring() throws(AgentError) {
        guard try begunRetirement() != nil else { return }
        throw AgentError(
            .refused,
            "what was here is being destroyed, and the run that did so was cut off",
            hint: "finish it first: birthmark-device retire",
            reasons: ["retiring"]
        )
    }

    /// What stays of the directory until its owner removes it.
    private static let frame: Set<String> = ["lock", "spool", "grants"]

    /// Overwrites a file and removes its name.
    ///
    /// The retirement's own has no secrets and is not overwritten: cut off in between, the next run could not read what it is to finish.
    /// - Returns: false for what is no file: the agent did not make it, and it stays.
    func shred(_ name: String) throws(AgentError) -> Bool {
        do {
            if name == Self.retirementName {
                try AtomicFile.remove(path + "/" + name)
                return true
            }
            return try AtomicFile.shred(path + "/" + name)
        } catch {
            throw AgentError(error)
        }
    }
}
