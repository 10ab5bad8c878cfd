public import Messages

extension [WrittenEntry] {
    /// Of the entries that were written with a decision the one that states it: under its digest the archive keeps what that rests on.
    ///
    /// `nil` when none of them rests on evidence.
    public var decided: WrittenEntry? {
        first(where: \.entry.body.isDecision) ?? first(where: \.entry.body.restsOnEvidence)
    }
}

extension LedgerEntry.Body {
    /// Whether it says what was decided on what an instance asked.
    var isDecision: Bool {
        switch self {
        case .decision, .compensated: true
        default: false
        }
    }

    /// Whether it states what evidence has shown; a receipt does with the decision before it.
    public var restsOnEvidence: Bool {
        switch self {
        case .decision, .compensated, .farewell, .reappearance: true
        default: false
        }
    }
}

extension LedgerEntry.Body {
    /// SHA-256 of all that it rests on, as the archive keeps it.
    public var basis: ContentDigest? {
        switch self {
        case .decision(let body): body.basis
        case .compensated(let body): body.basis
        case .farewell(let body): body.basis
        case .reappearance(let body): body.basis
        default: nil
        }
    }
}

extension Decision {
    /// The entries that stand for it on the ledger.
    /// - Parameter grant: SHA-256 of the grant's compact form, which no two signatures have in common.
    public func entries(ofGrant grant: ContentDigest) -> [LedgerEntry] {
        let entries = transition?.entries.map(\.entry) ?? []
        guard case .granting(let terms, _) = outcome, let state = transition?.state else { return entries }
        let claims = terms.claims
        return entries + [LedgerEntry.grant(GrantEntry(grant, claims), after: state, by: claims.iss, at: claims.iat)]
    }
}

extension CompensatedDecision {
    /// The entries that stand for it on the ledger.
    /// - Parameter grant: SHA-256 of the grant's compact form, which no two signatures have in common.
    public func entries(ofGrant grant: ContentDigest) -> [LedgerEntry] {
        let entries = transition?.entries.map(\.entry) ?? []
        guard case .granting(let terms, _) = outcome, let state = transition?.state else { return entries }
        let claims = terms.claims
        return entries + [LedgerEntry.grant(GrantEntry(grant, claims), after: state, by: claims.iss, at: claims.iat)]
    }
}

extension LedgerEntry {
    /// The entry of a grant as the next one of its instance.
    static func grant(
        _ body: GrantEntry,
        after state: InstanceState,
        by verifier: Label,
        at now: Int64
    ) -> LedgerEntry {
        LedgerEntry(
            at: now,
            instance: state.instance,
            prev: state.lastEntry,
            actor: Actor(.verifier, verifier),
            body: .grant(body)
        )
    }
}

extension GrantEntry {
    /// States a grant.
    /// - Parameter grant: SHA-256 of its compact form.
    init(_ grant: ContentDigest, _ claims: GrantClaims) {
        self.init(
            grant: grant,
            jti: claims.jti,
            request: claims.request,
            lease: claims.lease.id,
            package: claims.package.reference,
            downgrade: claims.downgrade?.act,
            expires: claims.exp,
            bounds: claims.bounds.resets == nil ? nil : claims.bounds
        )
    }

    /// States a grant to an instance without a TPM.
    init(_ grant: ContentDigest, _ claims: CompensatedGrantClaims) {
        self.init(
            grant: grant,
            jti: claims.jti,
            request: claims.request,
            lease: claims.lease.id,
            package: claims.package.reference,
            expires: claims.exp
        )
    }
}
