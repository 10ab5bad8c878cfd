public import Messages
import UpdateTrust

/// What an attestation of a device without a TPM brought.
public struct CompensatedOutcome: Hashable, Sendable, Encodable {
    /// The instance.
    public var instance: InstanceID
    /// Always `compensated`.
    public var tier = Tier.compensated
    /// The lease as it now is.
    public var lease: LeaseStatement
    /// The policy rule that decided.
    public var rule: String
    /// How many keys were committed before the current one.
    public var position: Int64
    /// What was required beyond the signature, and what met it.
    public var controls: [ControlReport]
    /// By whose word this device speaks without its TPM; absent for one that was born without.
    public var lowered: LoweredMark?
    /// The attestation result for relying parties (an EAR as a JWT), when it was asked for.
    public var ear: String?
}

extension CompensatedAgent {
    /// Asks once: the lease is renewed, or the refusal says why not.
    /// - Parameter wantsResult: whether an attestation result for relying parties is to be brought along.
    public func attest(
        _ lock: borrowing AgentLock,
        wantsResult: Bool = false
    ) async throws(AgentError) -> CompensatedOutcome {
        try await withNewestTrust { () async throws(AgentError) in try await attest(wantsResult: wantsResult) }
    }

    private func attest(wantsResult: Bool) async throws(AgentError) -> CompensatedOutcome {
        if wantsResult { try trust.checkNamesResultKeys() }
        let (identity, journal) = try await opened()
        let answer = try await ask(.attest, wantsResult: wantsResult, identity, journal)
        return CompensatedOutcome(
            instance: identity.instance,
            lease: answer.lease,
            rule: answer.rule,
            position: answer.position,
            controls: answer.controls,
            lowered: answer.lowered,
            ear: wantsResult ? try trust.checked(answer.ear, of: identity.instance) : nil
        )
    }

    /// Tells the verifier that what was granted runs.
    func confirm(_ lock: borrowing AgentLock) async throws(AgentError) -> ConfirmOutcome {
        try await withNewestTrust { () async throws(AgentError) in try await confirm() }
    }

    private func confirm() async throws(AgentError) -> ConfirmOutcome {
        let (identity, journal) = try await opened()
        let (record, jti) = try journal.confirmable { record throws(AgentError) in
            try !record.isBooted(in: bootID.current)
        }
        if record.step == .confirmed { return ConfirmOutcome(running: record.package, grant: jti, lease: nil) }
        let release = try VerifiedRelease(installedBy: record)
        let answer = try await ask(.confirm, grant: jti, identity, journal) { _ throws(AgentError) in
        } keep: { _ throws(AgentError) in
            try journal.change { journal in
                journal.confirm(record, of: release.release)
                journal.floorTarget = max(journal.floorTarget ?? 0, release.release.securityVersion)
            }
        }
        Spool(directory: state.spoolPath).clear()
        return ConfirmOutcome(running: record.package, grant: jti, lease: answer.lease)
    }
}
