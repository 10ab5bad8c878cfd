import AttestationResults
public import Messages

/// What was seen of the key of a retired instance.
public struct Reappearance: Hashable, Sendable, Codable {
    /// When it was noticed first, in seconds since 1970.
    public internal(set) var first: Int64
    /// When it was noticed last.
    public internal(set) var last: Int64
    /// How often it was noticed.
    public internal(set) var times: Int

    /// Seconds in which it is noticed once.
    ///
    /// Not once a life: the first is most often an agent that has not heard yet, and would hide the device that is sold years later. Not
    /// each time: whoever has the key could fill the ledger with it.
    static let interval: Int64 = 86_400
}

/// The key of a retired instance signed evidence: the TPM is still, or again, in use.
public struct ReappearanceEntry: Hashable, Sendable, Codable {
    /// What it asked for.
    public var purpose: Purpose
    /// SHA-256 of the request.
    public var request: ContentDigest
    /// SHA-256 of the TPMS_ATTEST bytes.
    public var quote: ContentDigest
    /// The TPM's clock and firmware.
    public var seen: LastSeen
    /// Present, and true, when the device had said farewell.
    public var afterFarewell: Bool?
    /// SHA-256 of all that it rests on, as the archive keeps it; absent in entries that were written before there was one.
    public var basis: ContentDigest?
}

extension DecisionInput {
    /// The answer to a retired instance: no; and that it asked is put down, once a day.
    ///
    /// Evidence that came as a file may have been made before the retirement, and shows nothing.
    func refuseRetired(_ observation: Observation) throws(MessageError) -> Decision {
        let refused = Decision.Outcome.refused(Refused(reasons: [.retired], evidence: []))
        let explanation = ["the instance is retired"]
        let (next, overflow) = (state.reappeared?.last ?? 0).addingReportingOverflow(Reappearance.interval)
        let isNoticed = state.reappeared != nil && (overflow || now < next)
        guard carried == nil, !isNoticed, record.instance == state.instance,
            request.request.instance == state.instance
        else { return .unchanged(refused, explanation) }
        var draft = draft
        try draft.record(
            .reappearance(
                ReappearanceEntry(
                    purpose: request.request.purpose,
                    request: request.digest,
                    quote: quote,
                    seen: LastSeen(observation),
                    afterFarewell: state.farewell.map { _ in true },
                    basis: basis
                )
            )
        )
        let earlier = state.reappeared
        draft.state.reappeared = Reappearance(
            first: earlier?.first ?? now,
            last: now,
            times: (earlier?.times ?? 0) &+ 1
        )
        return Decision(
            outcome: refused,
            transition: draft.finished,
            explanation: explanation + ["its key is in use: that is on the ledger now"]
        )
    }
}
