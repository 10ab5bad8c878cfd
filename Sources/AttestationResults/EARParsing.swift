public import Messages

extension EARClaims {
    /// Reads claims: any order of members, extensions passed over, everything that is known held to its type.
    /// - Throws: `MessageError` for another profile, a missing mandatory claim, a number with a fraction, a value out of its range, or
    ///   a status that is better than the claims under it.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        guard bytes.count <= Self.maximumSize else {
            throw MessageError(.tooLarge, "\(bytes.count) bytes, an EAR's claims have at most \(Self.maximumSize)")
        }
        let claims = ClaimMembers(try JSONTree(parsing: bytes), "the claims")
        let named = try claims.required("eat_profile").text()
        guard let profile = EARProfile(rawValue: named) else {
            throw MessageError(.outOfRange, "the profile \(named.prefix(80).debugDescription) is not known here")
        }
        let verifier = ClaimMembers(try claims.required(profile.verifierID).tree, profile.verifierID)
        var appraisals: [String: EARAppraisal] = [:]
        let submods = try ClaimMembers(try claims.required("submods").tree, "submods").all().members
        guard (1...Self.maximumAppraisals).contains(submods.count) else {
            throw MessageError(.outOfRange, "\(submods.count) submods, there are 1 to \(Self.maximumAppraisals)")
        }
        for submod in submods {
            appraisals[submod.key] = try EARAppraisal(ClaimMembers(submod.value, "an appraisal"), profile)
        }
        self.init(
            profile: profile,
            issuedAt: try claims.required("iat").integer(),
            expires: try claims.optional("exp")?.integer(),
            developer: try verifier.required("developer").text(),
            build: try verifier.required("build").text(),
            nonces: try claims.optional("eat_nonce")?.texts() ?? [],
            appraisals: appraisals,
            statusList: try StatusListReference(in: claims)
        )
        guard expires.map({ $0 > issuedAt }) ?? true else {
            throw MessageError(.outOfRange, "\"exp\" is not after \"iat\"")
        }
    }
}

extension EARAppraisal {
    fileprivate init(_ claims: ClaimMembers, _ profile: EARProfile) throws(MessageError) {
        let named = try claims.required(profile.status).text()
        guard let status = TrustworthinessTier(rawValue: named) else {
            throw MessageError(.outOfRange, "the status \(named.prefix(40).debugDescription) is none of the four tiers")
        }
        var vector: TrustworthinessVector?
        if let member = try claims.optional(profile.vector) {
            var read = TrustworthinessVector()
            for claim in try ClaimMembers(member.tree, profile.vector).all().members {
                guard let category = TrustworthinessVector.Category(rawValue: claim.key),
                    let number = Int8(exactly: try ClaimValue(tree: claim.value, name: claim.key).integer())
                else {
                    throw MessageError(
                        .outOfRange,
                        "\(claim.key.prefix(40).debugDescription) is no trustworthiness claim"
                    )
                }
                read[category] = TrustworthinessClaim(rawValue: number)
            }
            vector = read
        }
        let policies: [String]
        switch profile {
        case .veraison2023:
            policies =
                try claims.optional(profile.policies).map { value throws(MessageError) in [try value.text()] } ?? []
        case .draft04: policies = try claims.optional(profile.policies)?.texts() ?? []
        }
        self.init(status: status, vector: vector, policies: policies)
        // Other verifiers' words of this kind are passed over, whatever they are.
        if let name = profile.policyClaims, case .object(let said)? = try claims.optional(name)?.tree {
            if case .string(let text)? = said[Self.tierClaim] { tier = Tier(rawValue: text) }
            if case .string(let text)? = said[Self.loweredClaim] { lowered = text }
        }
        // Section 3.1: no higher trust than the worst claim of the vector.
        guard status >= (vector?.tier ?? .none) else {
            throw MessageError(.outOfRange, "the status \(status.rawValue) is better than the claims under it")
        }
    }
}
