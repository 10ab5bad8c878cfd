import Messages

extension TransitionDraft {
    /// Renews the lease that holds, or begins another.
    ///
    /// A renewal never shortens: what was granted under the lease stays within it.
    mutating func renewLease(
        id: Label,
        seconds: Int64,
        because cause: LeaseCause,
        reboot: Bool,
        under vouch: Vouch? = nil
    ) throws(MessageError) -> Lease {
        let (full, overflow) = now.addingReportingOverflow(seconds)
        guard !overflow else { throw MessageError(.outOfRange, "the verifier's clock is beyond any lease") }
        let expires = min(full, vouch?.until ?? full)
        if let held = state.lease, held.holds(at: now), !reboot {
            var lease = held
            lease.renewedAt = max(held.renewedAt, now)
            if expires >= held.expires {
                lease.expires = expires
                lease.under = vouch?.gateway
            }
            try record(lease, .renewed, because: cause)
            return lease
        }
        try recordEndOfEarlierLease(reboot: reboot)
        let lease = Lease(id: id, issuedAt: now, renewedAt: now, expires: expires, under: vouch?.gateway)
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
        try record(
            .lease(LeaseEntry(id: lease.id, event: event, cause: cause, expires: lease.expires, under: lease.under))
        )
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
        try record(
            .lease(
                LeaseEntry(
                    id: lease.id,
                    event: .ended,
                    cause: cause,
                    expires: min(lease.expires, now),
                    under: lease.under
                )
            )
        )
    }
}
