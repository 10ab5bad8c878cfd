import AttestationResults
public import Messages

/// The authentic evidence for which an instance was suspended, kept until its next boot is accepted.
public struct RefusedBoot: Hashable, Sendable, Codable {
    /// When, in seconds since 1970.
    public internal(set) var at: Int64
    /// SHA-256 of the TPMS_ATTEST bytes.
    public internal(set) var quote: ContentDigest
    /// The codes of the reasons.
    public internal(set) var reasons: [String]
    /// The quoted values; absent when the values supplied were not the quoted ones.
    public internal(set) var pcrs: PCRValues?
    /// The event log that came with it, when it was kept.
    public internal(set) var log: ContentDigest?
    /// What was found in the IMA list, in words: the list itself is not kept.
    public internal(set) var ima: [String]?
}

/// One PCR value that an operator put in the place of another one, for one instance.
public struct AllowedMove: Hashable, Sendable, Codable {
    /// The PCR.
    public internal(set) var pcr: Int
    /// The value that profiles state: no longer good.
    public internal(set) var from: HexBytes
    /// The value that is good in its place.
    public internal(set) var to: HexBytes
}

/// An addition to the boot profile was allowed.
public struct BootAdditionEntry: Hashable, Sendable, Codable {
    /// The evidence that was reviewed: SHA-256 of its TPMS_ATTEST bytes.
    public var quote: ContentDigest
    /// The event log that was reviewed.
    public var log: ContentDigest?
    /// What replaces what.
    public var moves: [AllowedMove]
    /// Why.
    public var reason: Remark
}

extension BootProfile {
    /// The profile with values replaced where it states exactly the old ones; what it states otherwise stays exact.
    func applying(_ moves: [AllowedMove]) -> BootProfile {
        guard !moves.isEmpty else { return self }
        var values = exact.values
        for move in moves where values[move.pcr] == move.from.bytes { values[move.pcr] = move.to.bytes }
        guard let exact = PCRValues(bank: exact.bank, values: values) else { return self }
        return BootProfile(exact: exact, facts: facts, log: log)
    }
}

/// An operator allows what he has seen to move, and nothing else: the way through for firmware and `dbx` updates.
public struct BootAllowance: Hashable, Sendable {
    /// What is allowed, on which evidence.
    public var addition: BootAddition
    /// By whom.
    public var by: Label
    /// What he has signed for it: SHA-256 of the envelope; `nil` when that is nothing.
    public var statement: ContentDigest?
    /// More moves than this are a profile of another machine.
    static let maximumMoves = 64

    /// Names an allowance.
    public init(_ addition: BootAddition, by: Label, statement: ContentDigest? = nil) {
        self.addition = addition
        self.by = by
        self.statement = statement
    }

    /// What came of it.
    public enum Outcome: Hashable, Sendable {
        /// The change, to be stored whole.
        case applied(Transition)
        /// Nothing changes, because of this.
        case refused(String)
    }

    /// Applies it: the instance stays suspended, and what it boots next is held to the profile with the addition.
    /// - Throws: `MessageError` when the ledger entry cannot be written; then nothing has happened.
    public func apply(to state: InstanceState, at now: Int64) throws(MessageError) -> Outcome {
        guard state.lifecycle == .suspended, let refused = state.refused else {
            return .refused("No boot of the instance was refused that could be allowed.")
        }
        guard refused.quote == addition.quote else {
            return .refused("The evidence that was reviewed is not the one that was refused last.")
        }
        guard let seen = refused.pcrs else {
            return .refused("The refused evidence has no PCR values that were quoted.")
        }
        var moves: [AllowedMove] = []
        for pcr in addition.pcrs {
            guard let value = seen[pcr] else { return .refused("PCR \(pcr) was not quoted.") }
            let stated = state.expectations(for: .attest).compactMap { expectation -> [UInt8]? in
                guard expectation.profile.exact.bank == seen.bank else { return nil }
                return expectation.profile.exact[pcr].map { [UInt8]($0) }
            }
            let from = Set(stated.filter { $0[...] != value })
            guard !from.isEmpty else { return .refused("PCR \(pcr) is not one that differs from an expected boot.") }
            for old in from.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                moves.append(AllowedMove(pcr: pcr, from: HexBytes(old), to: HexBytes(value)))
            }
        }
        var draft = TransitionDraft(of: state, at: now, actor: Actor(.operator, by), statement: statement)
        try draft.record(
            .allowance(BootAdditionEntry(quote: refused.quote, log: refused.log, moves: moves, reason: addition.reason))
        )
        draft.state.allowed = Self.joined(state.allowed ?? [], moves)
        guard (draft.state.allowed ?? []).count <= Self.maximumMoves else {
            return .refused("The instance has \(Self.maximumMoves) additions already: it needs a new birth.")
        }
        draft.state.remark =
            "boot allowed by \(by), PCR \(addition.pcrs.map(String.init).joined(separator: ", ")): \(addition.reason)"
        return .applied(draft.finished)
    }

    /// What was allowed before leads on to the new value: the value between is no longer good either.
    private static func joined(_ earlier: [AllowedMove], _ later: [AllowedMove]) -> [AllowedMove] {
        var all = earlier
        for move in later {
            for index in all.indices where all[index].pcr == move.pcr && all[index].to == move.from {
                all[index].to = move.to
            }
            all.removeAll { $0.pcr == move.pcr && $0.from == move.from }
            all.append(move)
        }
        return all.filter { $0.from != $0.to }
    }
}
