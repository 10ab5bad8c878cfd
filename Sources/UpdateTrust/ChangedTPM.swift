import AttestationResults
import Messages

extension [ReasonCode] {
    /// Why a lease ends when authentic evidence is refused for these reasons: a TPM that changed is told from a bad boot.
    ///
    /// What says most about the TPM comes first: one that was cleared has another clock, too.
    var leaseCause: LeaseCause {
        if contains(.tpmClearedOrReplaced) { return .tpmClearedOrReplaced }
        if contains(.clockWentBack) { return .tpmClockWentBack }
        return contains(.firmwareChanged) ? .tpmFirmwareChanged : .evidenceRefused
    }
}

extension DecisionInput {
    /// For operators: what the refusal says, and both versions of a TPM's firmware that changed.
    ///
    /// Who reinstates the instance accepts the version that was seen.
    func remark(on codes: [ReasonCode], _ observation: Observation) -> String {
        let refused = "its own evidence was refused: \(codes.map(\.rawValue).joined(separator: ", "))"
        guard codes.contains(.firmwareChanged) else { return refused }
        let before = state.lastSeen?.firmwareVersion ?? record.tpm.firmwareVersion
        return refused + " (TPM firmware \(hexadecimal(observation.firmwareVersion)), before \(hexadecimal(before)))"
    }

    private func hexadecimal(_ version: UInt64) -> String {
        let digits = String(version, radix: 16)
        return String(repeating: "0", count: max(0, 16 - digits.count)) + digits
    }
}
