import AttestationResults
public import Messages

/// What an instance without a TPM has shown with its farewell: that it had the key which was committed last.
///
/// It proves that the key was there and was asked to say so. A copy of it can be anywhere: what is told from it is that it signs again.
public struct CompensatedFarewell: Hashable, Sendable, Codable {
    /// SHA-256 of the evidence.
    public var evidence: ContentDigest
    /// SHA-256 of the last key that is ever committed.
    public var key: ContentDigest
    /// Its position.
    public var position: Int64
    /// The hardware claims of the birth that were not repeated; absent when all were.
    public var differing: [Label]?
}

/// Judges the farewell of an instance without a TPM.
///
/// As of any (``takeLeave(_:)``): taken once, and only of an instance that an operator has retired. The ratchet takes its last step with
/// it, so that a copy which says it too is one that was left behind.
public func takeLeave(_ input: CompensatedInput) -> FarewellDecision {
    do throws(MessageError) {
        guard input.request.request.purpose == .farewell else { return .undecided("no farewell") }
        if input.isOver { return .notAuthentic }
        switch input.verdict {
        case .notAuthentic: return .notAuthentic
        case .forked:
            let isRetired = input.state.lifecycle == .retired
            return .refused(Refused(reasons: [isRetired ? .forked : .notRetired], evidence: []))
        case .accepted(let shown):
            if let contradiction = input.contradiction(of: shown) { return .undecided(contradiction) }
            return try input.takeLeave(shown)
        }
    } catch {
        return .undecided(error.detail)
    }
}

extension CompensatedInput {
    fileprivate func takeLeave(_ shown: CompensatedState) throws(MessageError) -> FarewellDecision {
        guard state.lifecycle == .retired else { return .refused(Refused(reasons: [.notRetired], evidence: [])) }
        if let farewell = state.farewell { return .known(farewell) }
        var draft = draft
        draft.state.ratchet = shown.ratchet
        try draft.record(
            .farewell(
                FarewellEntry(
                    request: request.digest,
                    reasons: [],
                    software: CompensatedFarewell(
                        evidence: evidence,
                        key: shown.ratchet.key.thumbprint,
                        position: shown.ratchet.position,
                        differing: shown.differingClaims.isEmpty ? nil : shown.differingClaims
                    ),
                    basis: basis
                )
            )
        )
        let farewell = Farewell(at: now, quote: evidence)
        draft.state.farewell = farewell
        return .taken(draft.finished, farewell)
    }
}
