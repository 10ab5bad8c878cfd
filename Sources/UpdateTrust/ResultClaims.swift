public import AttestationResults
public import Messages

extension DecisionInput {
    /// What a relying party may be told of an accepted instance, until its lease ends; `nil` when the evidence was not accepted.
    public func resultClaims(for acceptance: Acceptance) -> EARClaims? {
        guard case .accepted(let attested) = verdict else { return nil }
        var vector = TrustworthinessVector(of: attested, tier: record.tier)
        if isRecalled(attested), record.tier != .compensated { vector[.executables] = .unsafeExecutables }
        return EARClaims(
            of: attested.instance,
            appraisal: EARAppraisal(
                of: vector,
                policies: ["\(EARClaims.policyPrefix)\(policy.digest):\(acceptance.rule)"],
                tier: record.tier
            ),
            challenge: request.request.challenge,
            issuedAt: now,
            expires: acceptance.lease.expires
        )
    }

    /// What a relying party may be told of an instance whose own evidence was refused; `nil` when nothing shows that it was
    /// its own, or when it is refused for another reason than its evidence.
    public var resultClaimsOfRefusedEvidence: EARClaims? {
        guard case .refused(let refusal) = verdict, refusal.authentic != nil, state.lifecycle != .retired else {
            return nil
        }
        return EARClaims(
            of: record.instance,
            appraisal: EARAppraisal(
                of: TrustworthinessVector(of: refusal.reasons.map(\.code)),
                policies: ["\(EARClaims.policyPrefix)\(policy.digest)"],
                tier: record.tier
            ),
            challenge: request.request.challenge,
            issuedAt: now,
            expires: now + EARClaims.refusalLifetime
        )
    }
}

extension EARClaims {
    /// The maker of the software that signs.
    static let ownDeveloper = "Birthmark"
    /// The software that signs; the number rises when what its claims mean changes.
    static let ownBuild = "birthmark-verifier results 1"
    /// For how many seconds a refusal is told: it speaks of one quote, and the next may be better or worse.
    static let refusalLifetime: Int64 = 300
    /// What the label of an appraisal begins with: there is one, of the instance.
    private static let labelPrefix = GrantClaims.subjectPrefix
    /// What the name of a policy begins with; SHA-256 of its file, a colon and the rule that decided follow.
    static let policyPrefix = "urn:birthmark:policy:"

    /// The result of one instance.
    /// - Parameter challenge: as it was given; `eat_nonce` is its SHA-256 in base64url, because a nonce has 8 to 64 bytes
    ///   (RFC 9711 section 4.1).
    init(
        of instance: InstanceID,
        appraisal: EARAppraisal,
        challenge: String,
        issuedAt: Int64,
        expires: Int64
    ) {
        self.init(
            profile: .written,
            issuedAt: issuedAt,
            expires: expires,
            developer: Self.ownDeveloper,
            build: Self.ownBuild,
            nonces: [Self.nonce(for: challenge)],
            appraisals: [Self.label(of: instance): appraisal]
        )
    }

    /// The label of an instance's appraisal.
    public static func label(of instance: InstanceID) -> String { labelPrefix + instance.text }

    /// The `eat_nonce` of a result that answers a challenge.
    public static func nonce(for challenge: String) -> String {
        Base64URL.encode(ContentDigest(of: Array(challenge.utf8)).bytes)
    }
}
