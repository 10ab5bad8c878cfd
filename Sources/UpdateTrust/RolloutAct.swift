public import Messages

/// Something was done to a rollout: by an operator, or by the verifier that halted it.
public struct RolloutEntry: Hashable, Sendable, Codable {
    /// SHA-256 of the release's signed payload.
    public var release: ContentDigest
    /// What was done.
    public var act: RolloutVerb
    /// The plan from now on.
    public var plan: RolloutPlan
    /// Updates that were confirmed until then.
    public var confirmed: Int64
    /// Updates that had failed until then.
    public var failed: Int64
    /// Why.
    public var reason: Remark
}

/// A change of a rollout and the entry that explains it: stored together or not at all.
public struct RolloutChange: Hashable, Sendable {
    /// The rollout as it is to be stored.
    public let rollout: Rollout
    /// The revision that it replaces; `nil` when there was none.
    public let replacing: Int64?
    /// Whether counting begins anew, with the grants that are given from now on.
    public let restartsCounting: Bool
    /// The entry.
    public let entry: WrittenEntry
}

/// An operator's act on the rollout of a release.
public struct RolloutAct: Hashable, Sendable {
    /// What is done.
    public var order: RolloutOrder
    /// By whom.
    public var by: Label
    /// What he has signed for it: SHA-256 of the envelope; `nil` when that is nothing.
    public var statement: ContentDigest?

    /// Names an act.
    public init(_ order: RolloutOrder, by: Label, statement: ContentDigest? = nil) {
        self.order = order
        self.by = by
        self.statement = statement
    }

    /// What came of it.
    public enum Outcome: Hashable, Sendable {
        /// The change, to be stored whole.
        case applied(RolloutChange)
        /// Nothing changes, because of this.
        case refused(String)
    }

    /// Applies the act.
    /// - Parameter staged: the release's rollout; `nil` while it has none.
    /// - Throws: `MessageError` when the ledger entry cannot be written; then nothing has happened.
    public func apply(
        to staged: StagedRollout?,
        of release: ContentDigest,
        at now: Int64
    ) throws(MessageError) -> Outcome {
        let actor = Actor(.operator, by)
        var next: Rollout
        switch (order.verb, staged?.rollout.status) {
        case (.set, .halted): return .refused("The rollout is halted: resume it, with this plan or as it was.")
        case (.set, _):
            guard let plan = order.plan else { throw MessageError(.outOfRange, "a rollout without a plan") }
            next = staged?.rollout ?? Rollout(release, plan, at: now, by: actor, order.reason)
        case (.pause, .rolling), (.resume, .paused), (.resume, .halted):
            guard let staged else { return .refused("The release has no rollout.") }
            next = staged.rollout
            next.status = order.verb == .pause ? .paused : .rolling
        case (_, nil): return .refused("The release has no rollout.")
        case (_, let status?): return .refused("The rollout is \(status.rawValue).")
        }
        if let plan = order.plan {
            if let staged, staged.rollout.status != .halted, staged.isFailing(by: plan) {
                return .refused("By this plan it would be halted by now: \(staged.tally).")
            }
            next.plan = plan
        }
        return .applied(
            try RolloutChange(
                order.verb,
                next,
                of: staged,
                // What halted it was looked at.
                restarts: staged?.rollout.status == .halted,
                at: now,
                by: actor,
                signed: statement,
                because: order.reason
            )
        )
    }
}

extension StagedRollout {
    /// What the verifier does by itself when too many updates failed; `nil` while nothing is to be done.
    ///
    /// A store asks it inside the transaction that has moved the counts, so that no decision is taken between the two. A rollout that is
    /// paused is halted as well: then it does not go on without a look at why.
    /// - Parameter actor: whose entry has moved them.
    /// - Throws: `MessageError` when the ledger entry cannot be written.
    public func halted(at now: Int64, by actor: Actor) throws(MessageError) -> RolloutChange? {
        guard rollout.status != .halted, isFailing(by: rollout.plan), let most = rollout.plan.haltAbove,
            let reason = Remark("\(tally), more than \(most) %")
        else { return nil }
        var next = rollout
        next.status = .halted
        return try RolloutChange(.halt, next, of: self, restarts: false, at: now, by: actor, because: reason)
    }

    fileprivate var tally: String { "\(failed) of \(concluded) updates failed" }
}

extension RolloutChange {
    fileprivate init(
        _ verb: RolloutVerb,
        _ next: Rollout,
        of staged: StagedRollout?,
        restarts: Bool,
        at now: Int64,
        by actor: Actor,
        signed statement: ContentDigest? = nil,
        because reason: Remark
    ) throws(MessageError) {
        var next = next
        next.revision = next.revision &+ 1
        next.changedAt = now
        next.changedBy = actor
        next.reason = reason
        rollout = next
        replacing = staged?.rollout.revision
        restartsCounting = restarts
        let body = RolloutEntry(
            release: next.release,
            act: verb,
            plan: next.plan,
            confirmed: staged?.confirmed ?? 0,
            failed: staged?.failed ?? 0,
            reason: reason
        )
        entry = try WrittenEntry(LedgerEntry(at: now, actor: actor, statement: statement, body: .rollout(body)))
    }
}
