import AttestationResults
public import Messages

/// How far a granted update came, as the verifier knows it.
///
/// What a quote has shown goes before what time has; of what a device says of itself only its counters count, which the quote covers.
public enum UpdateStage: String, Hashable, Sendable, Codable, CaseIterable {
    /// It was asked for and judged, and the grant given: all in one transaction.
    case granted
    /// The grant is spent: the device's gate opened. Its boot was not seen yet.
    ///
    /// A device's journal calls that step `spent`, and another one `installed`; both names stand where they are kept for ever.
    case installed
    /// The granted boot was quoted, and is not confirmed yet.
    case booted
    /// The granted boot was confirmed; the update is over.
    case confirmed
    /// The grant's time is over, and no quote has said yet what became of it.
    case unconfirmed
    /// The grant was not spent, and cannot be any more.
    case lapsed
    /// Another grant took its place before it was spent.
    case superseded
    /// After the install, what the device ran before booted again.
    case rolledBack = "rolled-back"
    /// After the install, a rescue image booted.
    case rescued
    /// After the install, something booted that is none of these.
    case failed
    /// The release was withdrawn, or the key that signed the grant was compromised, before the grant was seen to be spent.
    case withdrawn

    /// Whether time alone says something about it: that it was not confirmed.
    var isOpen: Bool { self == .granted || self == .installed }
}

/// An update reached a stage.
public struct UpdateEntry: Hashable, Sendable, Codable {
    /// SHA-256 of the grant's compact form.
    public var grant: ContentDigest
    /// Its `jti`.
    public var jti: String
    /// The package.
    public var package: PackageReference
    /// How far it came.
    public var stage: UpdateStage
    /// SHA-256 of the TPMS_ATTEST bytes that showed it, or of the evidence that said it of an instance without a TPM; absent where time
    /// or an operator did.
    public var quote: ContentDigest?
}

extension TransitionDraft {
    /// Notes that the update under way has reached a stage, when that is new.
    mutating func reach(_ stage: UpdateStage, shownBy quote: ContentDigest? = nil) throws(MessageError) {
        guard let pending = state.pending, pending.stage != stage else { return }
        state.pending?.reached = stage
        // What fell back and was rescued then is one attempt.
        if stage.isSetback, !pending.stage.isSetback {
            state.failed = .adding(pending.package.manifest, to: state.failed)
        }
        try record(
            .update(
                UpdateEntry(
                    grant: pending.grant,
                    jti: pending.jti,
                    package: pending.package,
                    stage: stage,
                    quote: quote
                )
            )
        )
    }
}

extension PendingGrant {
    /// What accepted evidence shows of the update; `nil` when nothing new.
    /// - Parameters:
    ///   - running: what is on record as running: its boot says nothing when it is what was granted.
    ///   - counters: the counters that the quote covers.
    func stage(
        shownBy attested: AttestedState,
        counters: CounterReadings,
        running: ContentDigest?,
        at now: Int64
    ) -> UpdateStage? {
        guard let counter, let resetCount else { return nil }
        let isSpent = counters.grants > counter
        let hasRebooted = attested.observation.clock.resetCount != resetCount
        switch attested.boot {
        case .granted: return .booted
        case .rescue: return hasRebooted && isSpent ? .rescued : nil
        case .drifted: return hasRebooted && isSpent ? .failed : nil
        case .current, .previous:
            guard isSpent else {
                // The gate opens for it in the boot that asked, and until its time is over.
                let isOver = hasRebooted || status == .ended || now >= expires
                return isOver && stage != .withdrawn ? .lapsed : nil
            }
            guard hasRebooted else { return .installed }
            return attested.boot == .current && package.manifest == running ? .booted : .rolledBack
        }
    }

    /// Whether refused evidence comes after the install.
    func isOvertaken(by observation: Observation, counters: CounterReadings) -> Bool {
        guard let counter, let resetCount else { return false }
        return counters.grants > counter && observation.clock.resetCount != resetCount
    }
}
