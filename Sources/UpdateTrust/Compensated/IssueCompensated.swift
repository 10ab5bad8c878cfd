public import AttestationResults
public import Messages

extension CompensatedDecision {
    /// Stores the signed grant in the instance's state and its entry on the ledger.
    /// - Throws: `MessageError` when the grant is not the one that was decided on, or its entry cannot be written.
    public func issuing(_ grant: SignedGrant<CompensatedGrantClaims>) throws(MessageError) -> CompensatedDecision {
        guard case .granting(let terms, let acceptance) = outcome, terms == grant.terms, let transition else {
            throw MessageError(.outOfRange, "this grant was not decided on")
        }
        let claims = terms.claims
        let digest = grant.digest
        let pending = PendingGrant(
            jti: claims.jti,
            grant: digest,
            package: claims.package.reference,
            securityVersion: claims.package.securityVersion,
            boot: terms.boot,
            expires: claims.exp,
            lease: claims.lease.id,
            status: .issued
        )
        let entry = GrantEntry(digest, claims)
        return CompensatedDecision(
            outcome: .granted(grant, acceptance),
            transition: try transition.issuing(pending, entry, by: claims.iss, at: claims.iat),
            explanation: explanation
        )
    }
}

extension CompensatedInput {
    /// What a relying party may be told of an instance without a TPM, until its lease ends: that its name was kept so far.
    ///
    /// No aspect is affirmed: nobody has measured anything, and no vendor vouches for anything.
    public func resultClaims(for acceptance: CompensatedAcceptance) -> EARClaims {
        EARClaims(
            of: state.instance,
            appraisal: EARAppraisal(
                of: TrustworthinessVector(),
                policies: ["\(EARClaims.policyPrefix)\(policy.digest):\(acceptance.rule)"],
                tier: .compensated,
                lowered: acceptance.lowered?.sentence
            ),
            challenge: request.request.challenge,
            issuedAt: now,
            expires: acceptance.lease.expires
        )
    }
}
