public import Messages

/// Whose lease it is: the agent of a device with a TPM, or of one without.
public enum LeaseHolder: Sendable {
    case measured(Agent)
    case compensated(CompensatedAgent)

    var state: StateDirectory {
        switch self {
        case .measured(let agent): agent.state
        case .compensated(let agent): agent.state
        }
    }

    /// Whether it speaks by a key in software.
    var isCompensated: Bool {
        switch self {
        case .measured: false
        case .compensated: true
        }
    }

    var wallClock: @Sendable () -> Int64 {
        switch self {
        case .measured(let agent): agent.wallClock
        case .compensated(let agent): agent.wallClock
        }
    }

    /// Reason codes of decisions after which no lease holds.
    var endsLease: Set<String> {
        switch self {
        case .measured: Agent.endsLease
        case .compensated: CompensatedAgent.endsLease
        }
    }
}

extension LeaseHolder {
    /// The whole update up to the reboot; a run that was cut off anywhere is continued, when it was for the same release.
    public func update(
        _ order: UpdateOrder,
        _ lock: borrowing AgentLock,
        progress: (UInt64, UInt64) -> Void
    ) async throws(AgentError) -> UpdateOutcome {
        switch self {
        case .measured(let agent): try await agent.update(order, lock, progress: progress)
        case .compensated(let agent): try await agent.update(order, lock, progress: progress)
        }
    }

    /// Continues the update that an earlier run began, with the package and the command of that run.
    public func resume(
        _ lock: borrowing AgentLock,
        progress: (UInt64, UInt64) -> Void
    ) async throws(AgentError) -> UpdateOutcome {
        switch self {
        case .measured(let agent): try await agent.resume(lock, progress: progress)
        case .compensated(let agent): try await agent.resume(lock, progress: progress)
        }
    }

    /// Tells the verifier that what was granted runs: the receipt.
    public func confirm(_ lock: borrowing AgentLock) async throws(AgentError) -> ConfirmOutcome {
        switch self {
        case .measured(let agent): try await agent.confirm(lock)
        case .compensated(let agent): try await agent.confirm(lock)
        }
    }

    /// Says farewell, while the key is still there.
    public func takeLeave(_ lock: borrowing AgentLock) async throws(AgentError) -> FarewellAnswer {
        switch self {
        case .measured(let agent): try await agent.takeLeave(lock)
        case .compensated(let agent): try await agent.takeLeave(lock)
        }
    }

    /// Attests once, for the lease alone.
    func attest(_ lock: borrowing AgentLock) async throws(AgentError) -> LeaseStatement {
        switch self {
        case .measured(let agent): try await agent.attest(lock).lease
        case .compensated(let agent): try await agent.attest(lock).lease
        }
    }
}
