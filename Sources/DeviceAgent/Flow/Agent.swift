public import Messages
public import VerifierClient

/// One device's agent: asks, judges what it is told, installs, and remembers how far it came.
public struct Agent: Sendable {
    let state: StateDirectory
    let held: HeldTrust
    let tcti: String?
    let eventLog: EventLogFile
    let imaList: String
    let limits: VerifierClient.Limits
    /// The operating system's clock, in seconds since 1970; it can only shut the gate.
    let wallClock: @Sendable () -> Int64

    /// Joins the parts.
    /// - Parameters:
    ///   - trust: which verifier, ledger and release keys count.
    ///   - tcti: as tpm2-tools spell it; nil for their search.
    ///   - imaList: the path of the list of what Linux measured; read when the verifier asks for it.
    ///   - wallClock: seconds since 1970.
    public init(
        state: StateDirectory,
        trust: TrustBundle,
        tcti: String?,
        eventLog: EventLogFile,
        imaList: String = AgentConfiguration.defaultIMAList,
        limits: VerifierClient.Limits = .init(),
        wallClock: @escaping @Sendable () -> Int64
    ) {
        self.state = state
        held = HeldTrust(trust)
        self.tcti = tcti
        self.eventLog = eventLog
        self.imaList = imaList
        self.limits = limits
        self.wallClock = wallClock
    }

    /// Which verifier, ledger and release keys count now.
    public var trust: TrustBundle { held.now }

    /// Runs `body` with the TPM open, and with this device's journal.
    ///
    /// What an interrupted confirmation left undone is done first, so that no install passes a floor that was confirmed.
    func withDevice<Result: Sendable>(
        _ body: (DeviceTPM, BornInstance, JournalKeeper) async throws(AgentError) -> Result
    ) async throws(AgentError) -> Result {
        try await DeviceTPM.with(tcti: tcti) { tpm throws(AgentError) in
            let born = try await tpm.bornInstance()
            let journal = try JournalKeeper(state, of: born.tag)
            try await settleFloor(tpm, born, journal)
            return try await body(tpm, born, journal)
        }
    }
}

/// The journal of this run; each change is on the disk before it is in effect.
final class JournalKeeper {
    private let state: StateDirectory
    private(set) var journal: Journal

    /// Opens the journal of the TPM with this tag, or begins it.
    init(_ state: StateDirectory, of tag: BirthTag) throws(AgentError) {
        self.state = state
        journal = try state.journal() ?? Journal(instance: tag.instance, takenOver: tag.takenOver)
        guard journal.instance == tag.instance else {
            throw AgentError(
                .refused,
                "\(state.path) belongs to instance \(journal.instance), and this TPM is instance \(tag.instance)",
                hint: "the disk was moved or copied here: give this device a state directory of its own with --state",
                reasons: ["other-instance"]
            )
        }
        guard journal.isOf(tag) else {
            throw AgentError(
                .refused,
                "\(state.path) is what the agent of this device's former owner has left",
                hint: "give the agent an empty directory with --state, and the owner's trust.json with --trust",
                reasons: ["former-owner"]
            )
        }
    }

    /// Opens the journal of an instance without a TPM, or begins it.
    init(_ state: StateDirectory, of instance: InstanceID) throws(AgentError) {
        self.state = state
        journal = try state.journal() ?? Journal(instance: instance)
        guard journal.instance == instance else {
            throw AgentError(
                .refused,
                "\(state.path) has the journal of instance \(journal.instance), and the identity of \(instance)",
                hint: "move journal.json away if the device was born anew; otherwise restore both from one backup",
                reasons: ["other-instance"]
            )
        }
    }

    /// Takes up a journal that this run has opened before.
    init(_ state: StateDirectory, again journal: Journal) {
        self.state = state
        self.journal = journal
    }

    var update: UpdateRecord? { journal.update }

    /// Changes the journal, on the disk first.
    func change(_ body: (inout Journal) -> Void) throws(AgentError) {
        var changed = journal
        body(&changed)
        guard changed != journal else { return }
        try state.write(changed)
        journal = changed
    }

    /// Notes how far the update has come.
    func reach(_ step: UpdateRecord.Step, _ body: (inout UpdateRecord) -> Void = { _ in }) throws(AgentError) {
        try change { journal in
            journal.update?.step = step
            if var update = journal.update {
                body(&update)
                journal.update = update
            }
        }
    }

    /// Notes that the update came to nothing.
    func fail(_ because: String) throws(AgentError) {
        try change { journal in
            guard let step = journal.update?.step else { return }
            // A second trouble after an install is still a trouble after an install.
            let after = step == .failed ? journal.update?.failure?.after ?? step : step
            journal.update?.failure = UpdateRecord.Failure(after: after, because: because)
            journal.update?.step = .failed
        }
    }
}
