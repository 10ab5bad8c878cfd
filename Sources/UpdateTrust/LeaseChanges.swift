import Messages

extension TransitionDraft {
    /// Renews the lease that holds, or begins another.
    ///
    /// A renewal never shortens: what was granted under the lease stays within it.
    mutating func renewLease(
        id: Label,
        seconds: Int64,
        because cause: LeaseCause,
        reboot: Bool
    ) throws(MessageError) -> Lease {
        let (expires, overflow) = now.addingReportingOverflow(seconds)
        guard !overflow else { throw MessageError(.outOfRange, "the verifier's clock is beyond any lease") }
        if let held = state.lease, held.holds(at: now), !reboot {
            var lease = held
            lease.renewedAt = max(held.renewedAt, now)
            lease.expires = max(held.expires, expires)
            try record(lease, .renewed, because: cause)
            return lease
        }
        try recordEndOfEarlierLease(reboot: reboot)
        let lease = Lease(id: id, issuedAt: now, renewedAt: now, expires: expires)
        try record(lease, .issued, because: cause)
        return lease
    }

    /// Ends the lease whose boot or clock is over; one whose time is over has ended before.
    mutating func recordEndOfEarlierLease(reboot: Bool) throws(MessageError) {
        guard let over = state.lease else { return }
        try endLease(because: reboot && over.holds(at: now) ? .rebooted : .clockWentBack)
    }

    private mutating func record(
        _ lease: Lease,
        _ event: LeaseEntry.Event,
        because cause: LeaseCause
    ) throws(MessageError) {
        state.lease = lease
        try record(.lease(LeaseEntry(id: lease.id, event: event, cause: cause, expires: lease.expires)))
    }

    /// Ends the lease, if there is one, and the grant under it.
    ///
    /// The grant can no longer be carried out, but it may have been: the boot that it leads to stays expected, so that an install
    /// which the end of the lease overtook is not taken for tampering.
    mutating func endLease(because cause: LeaseCause) throws(MessageError) {
        try endDelayedGrants(because: cause)
        guard let lease = state.lease else { return }
        state.lease = nil
        state.pending?.status = .ended
        try record(.lease(LeaseEntry(id: lease.id, event: .ended, cause: cause, expires: min(lease.expires, now))))
    }
}
