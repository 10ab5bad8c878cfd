public import AttestationResults
public import Messages

/// What follows from evidence: the change to store, and the answer to give once it is stored.
public struct Decision: Hashable, Sendable {
    /// The answer.
    public let outcome: Outcome
    /// What is stored before the answer is given; `nil` when nothing changes and nothing is recorded.
    public let transition: Transition?
    /// For the operator's log: which rule decided and what was seen; never for the asker.
    public let explanation: [String]

    /// The kinds of answer.
    public enum Outcome: Hashable, Sendable {
        /// What was asked is given, and needs no grant: `attest` and `confirm`.
        case accepted(Acceptance)
        /// A grant is to be signed and passed to `issuing(_:)`; until then there is nothing to store or to answer.
        case granting(GrantTerms<GrantClaims>, Acceptance)
        /// The grant is signed and recorded.
        case granted(SignedGrant<GrantClaims>, Acceptance)
        /// What was asked is not given; the instance may know why.
        case refused(Refused)
        /// Nothing shows who asked; the answer is uniform and says nothing.
        case notAuthentic
        /// Nothing could be concluded; nothing is renewed and nothing ends.
        case undecided(String)
    }

    /// Stores the signed grant in the instance's state and its entry on the ledger.
    /// - Throws: `MessageError` when the grant is not the one that was decided on, or its entry cannot be written.
    public func issuing(_ grant: SignedGrant<GrantClaims>) throws(MessageError) -> Decision {
        guard case .granting(let terms, let acceptance) = outcome, terms == grant.terms, let transition else {
            throw MessageError(.outOfRange, "this grant was not decided on")
        }
        return Decision(
            outcome: .granted(grant, acceptance),
            transition: try transition.issuing(grant),
            explanation: explanation
        )
    }
}

/// What an instance is told whose evidence and request are accepted.
public struct Acceptance: Hashable, Sendable {
    /// Its lease as it now is.
    public let lease: LeaseStatement
    /// The boot that was seen.
    public let boot: BootName
    /// The policy's rule that decided.
    public let rule: Label
    /// How far its IMA list was judged, when it has one.
    let ima: IMAProgress?

    /// The message, with the grant and its proof when one was given, and with the result when one was asked for.
    public func answer(
        delivering grant: GrantDelivery? = nil,
        result: AttestationResult? = nil
    ) -> DecisionAnswer {
        DecisionAnswer(
            lease: lease,
            grant: grant,
            ear: result?.compact,
            ima: ima.map { IMAListPosition(resetCount: $0.resetCount, offset: $0.offset) },
            bootState: boot.rawValue,
            rule: rule.text
        )
    }
}

/// Why an authentic request is refused.
public struct Refused: Hashable, Sendable {
    /// The reasons of the decision; never empty.
    public let reasons: [DecisionReason]
    /// The reasons of the appraisal, when they are why.
    public let evidence: [ReasonCode]

    /// All codes, as a problem document carries them.
    public var codes: [String] { reasons.map(\.rawValue) + evidence.map(\.rawValue) }
}
