public import AttestationResults
public import Messages

/// A grant that travels to its device as a file: where it may be used only the device's own TPM can tell.
public struct DelayedGrant: Hashable, Sendable, Codable {
    /// The grant.
    public internal(set) var grant: PendingGrant
    /// SHA-256 of the request that it answers.
    public internal(set) var request: ContentDigest
    /// Where and when the TPM may use it.
    public internal(set) var bounds: GrantBounds

    /// The most that are remembered of one instance: what it was given and has shown no boot of.
    static let maximumCount = BornCounters.grantsInARow

    /// Whether the TPM that showed this clock and this value of its grants counter may still come to use it.
    func isUsable(at clock: ClockReading, counter: UInt64) -> Bool {
        bounds.counter.value >= counter && bounds.allows(resetCount: clock.resetCount)
            && clock.clock <= bounds.clock.max
    }

    /// Whether its boot may still be shown first: a later grant's was not seen yet.
    var isAhead: Bool { grant.status != .passed }
}

extension GrantBounds {
    /// Whether no more resets lie between the quote and this reset count than the grant outlasts.
    ///
    /// The difference is that of counters that wrap: a count below the quote's, of a cleared or another TPM, is far beyond any.
    func allows(resetCount now: UInt32) -> Bool { now &- resetCount <= resets ?? 0 }
}

extension InstanceState {
    /// The grants whose boots were not confirmed yet, the one that was given over the network first.
    var openGrants: [PendingGrant] { [pending].compactMap { $0 } + (delayed ?? []).map(\.grant) }

    /// Those of them whose boots may still be shown first.
    var grantsAhead: [PendingGrant] { openGrants.filter { $0.status != .passed } }

    /// The grant of this name whose boot was not confirmed yet.
    func openGrant(_ jti: String) -> PendingGrant? {
        openGrants.first { $0.jti == jti }
    }

    /// The grant whose boot was seen.
    func openGrant(shownBy attested: AttestedState) -> PendingGrant? {
        openGrants.first {
            $0.boot?.applying(allowed ?? []).exact.differing(from: attested.pcrs).isEmpty ?? false
        }
    }

    /// The clock after which a receipt for a grant was made; `nil` when only its reset count is known.
    public func clockBeforeReceipt(of jti: String) -> ClockReading? {
        delayed?.first { $0.grant.jti == jti }.map {
            ClockReading(
                clock: $0.bounds.clock.min,
                resetCount: $0.bounds.resetCount,
                restartCount: 0,
                safe: true
            )
        }
    }

    /// The delayed grants that this TPM may still use, in the order of their counters.
    func usableDelayed(at clock: ClockReading, counter: UInt64) -> [DelayedGrant] {
        (delayed ?? []).filter { $0.isAhead && $0.isUsable(at: clock, counter: counter) }
            .sorted { $0.bounds.counter.value < $1.bounds.counter.value }
    }

    /// Makes room for one more: what was overtaken, and what the TPM can never use, goes first.
    mutating func makeRoomForDelayed(at clock: ClockReading, counter: UInt64) {
        guard let delayed, delayed.count >= DelayedGrant.maximumCount else { return }
        self.delayed = delayed.filter {
            $0.isAhead && ($0.bounds.counter.value < counter || $0.isUsable(at: clock, counter: counter))
        }
    }

    /// Takes note that the boot of an open grant was seen: it is what runs now, unless a later grant's was seen before.
    /// - Returns: whether it is what runs now.
    mutating func close(_ grant: PendingGrant) -> Bool {
        let others = (delayed ?? []).filter { $0.grant.jti != grant.jti }
        let earlier = others.filter { $0.isAhead && $0.grant.isBefore(grant) }
        if let pending, pending.jti == grant.jti || pending.isPassed(by: grant) { self.pending = nil }
        closed = (closed ?? []).suffix(DelayedGrant.maximumCount - 1) + [grant.jti]
        // The counter let none of the later ones in before these, and lets nobody in at a value that is spent.
        let passed = Set(others.filter { $0.grant.isPassed(by: grant) }.map(\.grant.jti))
        let rest = others.map { other in
            var other = other
            if passed.contains(other.grant.jti) { other.grant.status = .passed }
            return other
        }
        delayed = rest.isEmpty ? nil : rest
        guard grant.status != .passed else { return false }
        let before =
            earlier.max { $0.grant.isBefore($1.grant) }.map { RunningRelease(broughtBy: $0.grant) } ?? running
        if grant.package.manifest != before.manifest { previous = before }
        running = RunningRelease(broughtBy: grant)
        securityFloor = max(securityFloor, grant.securityVersion)
        // One install is what was allowed: the next one below the floor needs its own act.
        if downgrade?.release == grant.package.manifest { downgrade = nil }
        if failed?.release == grant.package.manifest { failed = nil }
        return true
    }
}

extension PendingGrant {
    /// Whether the TPM's counter lets it in before another; without a counter there is no such row.
    fileprivate func isBefore(_ other: PendingGrant) -> Bool {
        guard let counter, let others = other.counter else { return false }
        return counter < others
    }

    /// Whether it cannot be used any more once another was: the counter is behind its value, or was spent for that one.
    fileprivate func isPassed(by other: PendingGrant) -> Bool {
        guard let counter, let others = other.counter else { return false }
        return counter <= others
    }
}

extension LeaseCause {
    /// Whether it says something against the instance: then what travels to it is not to be used either.
    ///
    /// A lease that runs out, or does not outlast a reboot, is what happens to every device that is off line.
    var endsDelayedGrants: Bool {
        switch self {
        case .drifted, .evidenceRefused, .tpmClearedOrReplaced, .tpmClockWentBack, .tpmFirmwareChanged, .reimaged,
            .suspended, .cleared, .retired, .boardSwapped, .forked, .tierLowered,
            .readBackDiffers, .keyCompromised, .recordRecovered:
            true
        case .attested, .confirmed, .expired, .rebooted, .fellBack, .recalled, .clockWentBack, .delayed, .tierRaised,
            .gatewayEnded:
            false
        }
    }
}

extension TransitionDraft {
    /// Ends the leases of delayed grants: nothing more is handed out for them.
    ///
    /// What the device holds already it may still use.
    mutating func endDelayedGrants(because cause: LeaseCause) throws(MessageError) {
        guard cause.endsDelayedGrants, let delayed = state.delayed else { return }
        for held in delayed where held.grant.status == .issued {
            try endDelayedGrant(held.grant.jti, because: cause)
        }
    }

    /// Ends the lease of one delayed grant.
    mutating func endDelayedGrant(_ jti: String, because cause: LeaseCause) throws(MessageError) {
        guard let index = state.delayed?.firstIndex(where: { $0.grant.jti == jti }),
            let held = state.delayed?[index]
        else { return }
        state.delayed?[index].grant.status = .ended
        try record(
            .lease(
                LeaseEntry(
                    id: held.grant.lease,
                    event: .ended,
                    cause: cause,
                    expires: min(held.grant.expires, now)
                )
            )
        )
    }
}
