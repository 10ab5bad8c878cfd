public import AttestationResults
public import Messages

/// A request of an instance without a TPM, read from its exact bytes.
public struct ReceivedCompensatedRequest: Hashable, Sendable {
    /// What was asked.
    public let request: CompensatedRequest
    /// SHA-256 of the exact bytes.
    public let digest: ContentDigest

    /// Reads the bytes.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        request = try CompensatedRequest(parsing: bytes)
        digest = ContentDigest(of: bytes)
    }
}

/// All that a decision about an instance without a TPM depends on.
public struct CompensatedInput: Sendable {
    /// What its evidence came to.
    public var verdict: CompensatedVerdict
    /// What it asked.
    public var request: ReceivedCompensatedRequest
    /// SHA-256 of the evidence.
    public var evidence: ContentDigest
    /// Its birth.
    public var record: CompensatedSubject
    /// What is known of it; the verdict was reached on this state's ratchet.
    public var state: InstanceState
    /// The release that the request names by its manifest; `nil` when it is not registered, or none is asked for.
    public var release: KnownRelease?
    /// How the releases stand that the state names.
    public var standings: ReleaseStandings
    /// The approvals on record for that release.
    public var approvals: [RecordedApproval]
    /// The emergencies that were declared for that release.
    public var emergencies: [RecordedEmergency]
    /// The gateway that vouches for this contact; `nil` when the instance came on its own.
    public var vouch: Vouch?
    /// Whether the gateway on whose word the lease rests that there is now is trusted still; `true` when it rests on nobody's.
    public var gatewayHolds: Bool
    /// The policy in force.
    public var policy: Policy
    /// The verifier's clock, in seconds since 1970.
    public var now: Int64
    /// Names for a grant and a lease.
    public var identifiers: FreshIdentifiers
    /// The verifier's own name: `iss` of grants, and the actor of entries.
    public var verifier: Label
    /// SHA-256 of all that is in here, as it will be archived: the entry names it; `nil` when it will not be.
    public var basis: ContentDigest?

    /// Joins the parts.
    public init(
        verdict: CompensatedVerdict,
        request: ReceivedCompensatedRequest,
        evidence: ContentDigest,
        record: CompensatedSubject,
        state: InstanceState,
        release: KnownRelease?,
        standings: ReleaseStandings,
        approvals: [RecordedApproval],
        emergencies: [RecordedEmergency] = [],
        vouch: Vouch? = nil,
        gatewayHolds: Bool = true,
        policy: Policy,
        now: Int64,
        identifiers: FreshIdentifiers,
        verifier: Label
    ) {
        self.verdict = verdict
        self.request = request
        self.evidence = evidence
        self.record = record
        self.state = state
        self.release = release
        self.standings = standings
        self.approvals = approvals
        self.emergencies = emergencies
        self.vouch = vouch
        self.gatewayHolds = gatewayHolds
        self.policy = policy
        self.now = now
        self.identifiers = identifiers
        self.verifier = verifier
    }
}

/// What follows from what an instance without a TPM has shown.
public struct CompensatedDecision: Hashable, Sendable {
    /// The answer.
    public let outcome: Outcome
    /// What is stored before the answer is given; `nil` when nothing changes and nothing is recorded.
    public let transition: Transition?
    /// For the operator's log; never for the asker.
    public let explanation: [String]

    /// The kinds of answer.
    public enum Outcome: Hashable, Sendable {
        /// What was asked is given, and needs no grant.
        case accepted(CompensatedAcceptance)
        /// A grant is to be signed and passed to `issuing(_:)`; until then there is nothing to store or to answer.
        case granting(GrantTerms<CompensatedGrantClaims>, CompensatedAcceptance)
        /// The grant is signed and recorded.
        case granted(SignedGrant<CompensatedGrantClaims>, CompensatedAcceptance)
        /// What was asked is not given; the instance may know why.
        case refused(Refused)
        /// Nothing shows who asked; the answer is uniform and says nothing.
        case notAuthentic(String)
        /// Nothing could be concluded; nothing is renewed and nothing ends.
        case undecided(String)
    }

    static func unchanged(_ outcome: Outcome, _ explanation: [String] = []) -> CompensatedDecision {
        CompensatedDecision(outcome: outcome, transition: nil, explanation: explanation)
    }
}

/// What an instance without a TPM is told whose request is accepted.
public struct CompensatedAcceptance: Hashable, Sendable {
    /// Where its ratchet stands now.
    public let ratchet: Ratchet
    /// Its lease as it now is.
    public let lease: LeaseStatement
    /// The policy's rule that decided.
    public let rule: Label
    /// What was required beyond the signature, and what met it.
    public let controls: [ControlReport]
    /// By whose word an instance with a TPM speaks without it; `nil` for one that was born so.
    public let lowered: LoweredMark?

    /// The message, with the grant and its proof when one was given, and with the result when one was asked for.
    /// - Parameter commitment: the verifier's signature over it (``Commitment``).
    public func answer(
        delivering grant: GrantDelivery? = nil,
        result: AttestationResult? = nil,
        commitment: String
    ) -> CompensatedAnswer {
        CompensatedAnswer(
            key: ratchet.key,
            position: ratchet.position,
            lease: lease,
            grant: grant,
            ear: result?.compact,
            rule: rule.text,
            controls: controls,
            lowered: lowered,
            commitment: commitment
        )
    }
}
