import AttestationResults
public import Messages

extension InstanceState {
    /// The first second, since 1970, at which time alone changes something; `nil` while there is nothing to wait for.
    ///
    /// Then the lease is over, or the time of a grant that was not seen to boot, or that in which it speaks without its TPM.
    public var due: Int64? {
        guard lifecycle != .retired else { return nil }
        let grant = pending.flatMap { $0.stage.isOpen ? $0.expires : nil }
        return [lease?.expires, grant, lowered?.mark.until].compactMap { $0 }.min()
    }
}

extension Transition {
    /// What time and withdrawn releases have done to an instance that did not ask; without entries when that is nothing.
    /// - Parameters:
    ///   - standings: how the releases stand that `InstanceState.manifests` names.
    ///   - gatewayHolds: whether the gateway on whose word the lease rests (`Lease.under`) is trusted still; `true` when it rests on nobody's.
    /// - Throws: `MessageError` when a ledger entry cannot be written.
    public static func lapse(
        of state: InstanceState,
        standings: ReleaseStandings,
        gatewayHolds: Bool = true,
        at now: Int64,
        by verifier: Label
    ) throws(MessageError) -> Transition {
        var draft = TransitionDraft(of: state, at: now, actor: Actor(.verifier, verifier))
        if state.lifecycle != .retired { try draft.settle(standings, gatewayHolds: gatewayHolds) }
        return draft.finished
    }
}

extension TransitionDraft {
    /// Brings the state up to date with the clock and with what became of its releases.
    mutating func settle(_ standings: ReleaseStandings, gatewayHolds: Bool = true) throws(MessageError) {
        try endWithdrawnGrant(standings)
        try noteUnconfirmedGrant()
        try endLeaseOfRecalledRelease(standings)
        if let lease = state.lease, lease.expires <= now { try endLease(because: .expired) }
        try endLoweredTier()
        if state.lease?.under != nil, !gatewayHolds { try endLease(because: .gatewayEnded) }
    }

    private mutating func endWithdrawnGrant(_ standings: ReleaseStandings) throws(MessageError) {
        guard let pending = state.pending, pending.status == .issued, pending.stage == .granted,
            standings[pending.package.manifest] ?? .registered != .registered
        else { return }
        state.pending?.status = .ended
        try reach(.withdrawn)
    }

    private mutating func noteUnconfirmedGrant() throws(MessageError) {
        guard let pending = state.pending, pending.stage.isOpen, pending.expires <= now else { return }
        try reach(.unconfirmed)
    }

    /// What evidence shows that was recalled: a lease that was given for health does not go on beside it.
    mutating func noteRecall(
        of boot: BootName,
        after earlier: Lifecycle,
        _ standings: ReleaseStandings
    ) throws(MessageError) {
        var seen = state
        if boot == .granted { seen.pending?.reached = .booted }
        state.remark = seen.recallRemark(standings)
        if earlier != state.lifecycle { try endLease(because: .recalled) }
    }

    private mutating func endLeaseOfRecalledRelease(_ standings: ReleaseStandings) throws(MessageError) {
        guard state.lifecycle == .trusted, state.lease != nil, let remark = state.recallRemark(standings),
            let next = state.lifecycle.after(.recalled)
        else { return }
        state.lifecycle = next
        state.remark = remark
        try endLease(because: .recalled)
    }
}

extension InstanceState {
    /// What is to be said when the release was recalled that it was seen to run last, confirmed or not; `nil` when it was not.
    func recallRemark(_ standings: ReleaseStandings) -> String? {
        if let pending, pending.stage == .booted {
            let package = pending.package
            return standings[package.manifest] == .recalled ? Self.recalled(package.name, package.version) : nil
        }
        guard let manifest = running.manifest, standings[manifest] == .recalled else { return nil }
        return Self.recalled(running.name, running.version)
    }

    private static func recalled(_ name: Label, _ version: Label) -> String {
        "it runs \(name) \(version), which was recalled"
    }
}
