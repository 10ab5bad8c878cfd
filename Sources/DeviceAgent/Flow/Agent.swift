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
