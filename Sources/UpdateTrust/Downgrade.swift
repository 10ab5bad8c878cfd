public import Messages

/// A release below the security floor that an operator allows one instance: for one install, for a while.
public struct AllowedDowngrade: Hashable, Sendable, Codable {
    /// The release: SHA-256 of its signed payload.
    public internal(set) var release: ContentDigest
    /// Who allows it.
    public internal(set) var by: Label
    /// The first second at which it is over.
    public internal(set) var until: Int64
    /// The act on the ledger: SHA-256 of its entry.
    public internal(set) var act: ContentDigest
}

/// An operator allowed one release below an instance's security floor.
public struct DowngradeEntry: Hashable, Sendable, Codable {
    /// SHA-256 of the signed payload.
    public var release: ContentDigest
    /// The release's security version.
    public var securityVersion: UInt64
    /// The floor that it is below; it stays where it is.
    public var floor: UInt64
    /// The first second at which it is over.
    public var until: Int64
    /// Why.
    public var reason: Remark
}

/// An operator's act: one release, below the floor, for one instance.
///
/// Neither floor goes down by it, the record's as little as the TPM's, whose counter only rises: so whatever is installed below them
/// afterwards needs an act of its own, the same release again among it.
public struct DowngradeAllowance: Hashable, Sendable {
    /// The release.
    public var known: KnownRelease
    /// For how long, in seconds.
    public var seconds: Int64
    /// By whom.
    public var by: Label
    /// Why.
    public var reason: Remark
    /// What he has signed for it: SHA-256 of the envelope; `nil` when that is nothing.
    public var statement: ContentDigest?

    /// Names an act.
    public init(
        _ known: KnownRelease,
        seconds: Int64,
        by: Label,
        reason: Remark,
        statement: ContentDigest? = nil
    ) {
        self.known = known
        self.seconds = seconds
        self.by = by
        self.reason = reason
        self.statement = statement
    }

    /// What came of it.
    public enum Outcome: Hashable, Sendable {
        /// The change, to be stored whole.
        case applied(Transition)
        /// Nothing changes, because of this.
        case refused(String)
    }

    /// Applies the act.
    ///
    /// Below the security version that an instance was born with nothing is allowed: that is the floor which its birth profile set.
    /// - Throws: `MessageError` when the ledger entry cannot be written; then nothing has happened.
    public func apply(
        to state: InstanceState,
        bornFrom record: BirthRecord,
        at now: Int64
    ) throws(MessageError) -> Outcome {
        let release = known.release
        let floor = state.floor(bornFrom: record, reading: state.counters?.securityFloor)
        let (until, overflow) = now.addingReportingOverflow(seconds)
        guard (1...PolicyRule.maximumGrant).contains(seconds), !overflow else {
            return .refused("It can be allowed for 1 to \(PolicyRule.maximumGrant) seconds.")
        }
        guard state.lifecycle != .retired else { return .refused("The instance is retired.") }
        guard known.standing == .registered else { return .refused("The release was withdrawn.") }
        guard release.misfits(record.facts).isEmpty, release.role == nil else {
            return .refused("The release is not one that this instance could be granted.")
        }
        guard release.securityVersion >= record.bornWith.securityVersion else {
            return .refused(
                "The instance was born with security version \(record.bornWith.securityVersion): nothing below that is allowed."
            )
        }
        guard release.securityVersion < floor else {
            return .refused("The release is not below the instance's security floor \(floor): the policy decides.")
        }
        var draft = TransitionDraft(of: state, at: now, actor: Actor(.operator, by), statement: statement)
        let act = try draft.record(
            .downgrade(
                DowngradeEntry(
                    release: known.manifest,
                    securityVersion: release.securityVersion,
                    floor: floor,
                    until: until,
                    reason: reason
                )
            )
        )
        draft.state.downgrade = AllowedDowngrade(release: known.manifest, by: by, until: until, act: act)
        return .applied(draft.finished)
    }
}

extension InstanceState {
    /// The higher of the record's floor and the TPM's: the device's gate holds to its own.
    /// - Parameter reading: the value of the TPM's counter; `nil` while it was not seen.
    func floor(bornFrom record: BirthRecord, reading: UInt64?) -> UInt64 {
        guard let reading else { return securityFloor }
        let raised = reading.subtractingReportingOverflow(counters(bornFrom: record).securityFloor.base)
        return max(securityFloor, raised.overflow ? UInt64.max : raised.partialValue)
    }
}
