public import Messages

/// A key by what it is for and what it is called (``Messages/KeyKind``).
public struct NamedKey: Hashable, Sendable {
    /// What it is for.
    public var kind: KeyKind
    /// Its whole name.
    public var name: String

    /// Joins both.
    public init(_ kind: KeyKind, _ name: String) {
        self.kind = kind
        self.name = name
    }
}

/// A named person says that a key is in hands that it should not be in.
public struct KeyCompromise: Hashable, Sendable {
    /// Which key.
    public var key: NamedKey
    /// Who says so.
    public var by: Label
    /// What is known of it.
    public var reason: Remark
    /// What he has signed for it: SHA-256 of the envelope; `nil` when that is nothing.
    public var statement: ContentDigest?
    /// When, in seconds since 1970 by the verifier's clock.
    public var at: Int64
    /// Whose word makes a release at that time; `nil` when nobody's does.
    public var releaseKeys: SigningKeys?

    /// Joins the parts.
    public init(
        _ key: NamedKey,
        by: Label,
        reason: Remark,
        statement: ContentDigest? = nil,
        at: Int64,
        releaseKeys: SigningKeys? = nil
    ) {
        self.key = key
        self.by = by
        self.reason = reason
        self.statement = statement
        self.at = at
        self.releaseKeys = releaseKeys
    }

    /// Whether a release is signed by too few when this key's signature does not count.
    /// - Parameter reported: keys of makers that were reported before, whose signatures do not count either.
    public func hangs(_ release: SignedEnvelope, besides reported: Set<String> = []) -> Bool {
        guard key.kind == .release else { return false }
        // Where nobody's word makes a release any more, nobody else's is left of one that this key has signed.
        guard let releaseKeys else { return release.signatures.contains { $0.keyid == key.name } }
        return release.rests(on: reported.union([key.name]), among: releaseKeys)
    }

    /// What it ends of an instance whose birth this key has signed; `nil` when nothing is left to be ended.
    /// - Throws: `MessageError` when a ledger entry cannot be written.
    public func suspension(of state: InstanceState) throws(MessageError) -> Transition? {
        guard key.kind == .station else { return nil }
        let act = OperatorAct(.suspend, by: by, reason: reason, statement: statement)
        guard case .applied(let transition) = try act.apply(to: state, at: at) else { return nil }
        return transition
    }

    /// What it ends of an instance that holds grants which this key has signed; `nil` when none of them can still be carried out.
    /// - Parameter grants: the `jti` of all grants that the key has signed for the instance.
    /// - Throws: `MessageError` when a ledger entry cannot be written.
    public func endOfGrants(
        _ grants: Set<String>,
        of state: InstanceState
    ) throws(MessageError) -> (transition: Transition, count: Int)? {
        guard key.kind == .grant, state.lifecycle != .retired else { return nil }
        var draft = TransitionDraft(of: state, at: at, actor: Actor(.operator, by), statement: statement)
        let count = try draft.endGrants(grants)
        return count == 0 ? nil : (transition: draft.finished, count: count)
    }

    /// The entry of a release that it withdraws.
    public func withdrawal(of release: ContentDigest) throws(MessageError) -> WrittenEntry {
        try WrittenEntry(
            LedgerEntry(
                at: at,
                actor: Actor(.operator, by),
                statement: statement,
                body: .withdrawal(WithdrawalEntry(manifest: release, reason: reason))
            )
        )
    }

    /// The entry that speaks for all that was ended.
    public func entry(_ extent: CompromiseExtent) throws(MessageError) -> WrittenEntry {
        try WrittenEntry(
            LedgerEntry(
                at: at,
                actor: Actor(.operator, by),
                statement: statement,
                body: .compromise(
                    CompromiseEntry(
                        kind: key.kind,
                        key: key.name,
                        grants: extent.grants,
                        instances: extent.instances,
                        releases: extent.releases,
                        reason: reason
                    )
                )
            )
        )
    }
}

/// How much hangs on a key.
public struct CompromiseExtent: Hashable, Sendable {
    /// Grants that can still be carried out.
    public var grants = 0
    /// Instances that are neither suspended nor retired.
    public var instances = 0
    /// Releases that are registered.
    public var releases = 0

    /// Nothing.
    public init() {}
}

/// A key was reported compromised; the entries behind this one end what hangs on it.
public struct CompromiseEntry: Hashable, Sendable, Codable {
    /// What the key is for.
    public var kind: KeyKind
    /// Which it is.
    public var key: String
    /// How many grants it ends.
    public var grants: Int
    /// How many instances it suspends.
    public var instances: Int
    /// How many releases it withdraws.
    public var releases: Int
    /// What is known of it.
    public var reason: Remark
}

extension TransitionDraft {
    /// Ends those of some grants that can still be carried out; the leases of those who hold them go on.
    /// - Returns: how many they were.
    fileprivate mutating func endGrants(_ grants: Set<String>) throws(MessageError) -> Int {
        var count = 0
        if let pending = state.pending, grants.contains(pending.jti), pending.status == .issued,
            pending.stage == .granted
        {
            // It can no longer be carried out, but it may have been: its boot stays expected, as when a release is withdrawn.
            state.pending?.status = .ended
            try reach(.withdrawn)
            count += 1
        }
        for held in state.delayed ?? [] where grants.contains(held.grant.jti) && held.grant.status == .issued {
            try endDelayedGrant(held.grant.jti, because: .keyCompromised)
            count += 1
        }
        return count
    }
}
