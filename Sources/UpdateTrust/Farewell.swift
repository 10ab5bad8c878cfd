public import AttestationResults
public import Messages

/// The device's own last word: that it is about to destroy what made it this instance.
public struct Farewell: Hashable, Sendable, Codable {
    /// When it was taken, in seconds since 1970.
    public internal(set) var at: Int64
    /// SHA-256 of the TPMS_ATTEST bytes of its quote; of an instance without a TPM, of its evidence.
    public internal(set) var quote: ContentDigest
}

/// A retired instance's key signed a farewell: all that the device's part of a retirement leaves behind.
///
/// It proves that the key was there and was asked to say so. Whether it is gone since, nobody can prove from afar.
public struct FarewellEntry: Hashable, Sendable, Codable {
    /// SHA-256 of the request.
    public var request: ContentDigest
    /// SHA-256 of the TPMS_ATTEST bytes; absent for an instance without a TPM.
    public var quote: ContentDigest?
    /// The boot that was running; absent when it is none that was expected, and for an instance without a TPM.
    public var boot: BootName?
    /// What the appraisal has against the evidence; a farewell is taken nevertheless.
    public var reasons: [String]
    /// The TPM's clock and firmware; absent for an instance without a TPM.
    public var seen: LastSeen?
    /// What an instance without a TPM has shown instead.
    public var software: CompensatedFarewell?
    /// SHA-256 of all that it rests on, as the archive keeps it; absent in entries that were written before there was one.
    public var basis: ContentDigest?
}

/// What follows from a farewell.
public enum FarewellDecision: Hashable, Sendable {
    /// It is taken: the change to store before the device is told.
    case taken(Transition, Farewell)
    /// One was taken before.
    case known(Farewell)
    /// The device is to destroy nothing.
    case refused(Refused)
    /// Nothing shows who said it.
    case notAuthentic
    /// Nothing could be concluded.
    case undecided(String)
}

/// Judges a device's farewell.
///
/// Whatever the device has booted: it ends nothing and gives nothing, because the operator's retirement has ended everything. It is
/// taken once, and only of an instance that is retired, so that no program on a living device can talk its keys away.
public func takeLeave(_ input: DecisionInput) -> FarewellDecision {
    do throws(MessageError) {
        guard input.request.request.purpose == .farewell, input.carried == nil else { return .undecided("no farewell") }
        guard input.record.instance == input.state.instance,
            input.request.request.instance == input.state.instance
        else { return .undecided("request, record and state are of different instances") }
        switch input.verdict {
        case .undecided(let cause): return .undecided(cause)
        case .refused(let refusal):
            guard let observation = refusal.authentic else { return .notAuthentic }
            return try input.takeLeave(observation, boot: nil, reasons: refusal.reasons.map(\.code))
        case .accepted(let attested):
            if let contradiction = input.contradiction(of: attested) { return .undecided(contradiction) }
            return try input.takeLeave(attested.observation, boot: attested.boot, reasons: [])
        }
    } catch {
        return .undecided(error.detail)
    }
}

extension DecisionInput {
    fileprivate func takeLeave(
        _ observation: Observation,
        boot: BootName?,
        reasons: [ReasonCode]
    ) throws(MessageError) -> FarewellDecision {
        guard state.lifecycle == .retired else { return .refused(Refused(reasons: [.notRetired], evidence: [])) }
        if let farewell = state.farewell { return .known(farewell) }
        var draft = draft
        try draft.record(
            .farewell(
                FarewellEntry(
                    request: request.digest,
                    quote: quote,
                    boot: boot,
                    reasons: reasons.map(\.rawValue),
                    seen: LastSeen(observation),
                    basis: basis
                )
            )
        )
        let farewell = Farewell(at: now, quote: quote)
        draft.state.farewell = farewell
        return .taken(draft.finished, farewell)
    }
}
