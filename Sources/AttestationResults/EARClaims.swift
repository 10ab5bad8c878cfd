public import Messages

/// Which spelling of the claims a result has: an EAR says it in `eat_profile`, and readers accept no other than they know.
public enum EARProfile: String, Hashable, Sendable, Codable, CaseIterable {
    /// The profile that public implementations have read since 2023, with points in its names and one policy an appraisal.
    case veraison2023 = "tag:github.com,2023:veraison/ear"
    /// The profile of draft-ietf-rats-ear-04, with underscores and a list of policies; its tag changes with each draft.
    case draft04 = "tag:ietf.org,2026:rats/ear#04"

    /// The one that our verifier writes, because relying parties of today can read it.
    public static let written = EARProfile.veraison2023

    var verifierID: String { self == .veraison2023 ? "ear.verifier-id" : "ear_verifier_id" }
    var status: String { self == .veraison2023 ? "ear.status" : "ear_status" }
    var vector: String { self == .veraison2023 ? "ear.trustworthiness-vector" : "ear_trustworthiness_vector" }
    /// What an appraisal policy adds in its own words; `nil` where the profile has no place for it.
    var policyClaims: String? { self == .veraison2023 ? "ear.veraison.policy-claims" : nil }
    var policies: String { self == .veraison2023 ? "ear.appraisal-policy-id" : "ear_appraisal_policy_ids" }
}

/// The claims of an EAT Attestation Result (draft-ietf-rats-ear section 3): a verdict for relying parties.
///
/// Extensions that a result carries are not kept: nothing here may depend on them.
public struct EARClaims: Hashable, Sendable {
    /// How the claims are spelled.
    public var profile: EARProfile
    /// When it was issued, in seconds since 1970.
    public var issuedAt: Int64
    /// The first second at which it must not be accepted any more; `nil` when it does not say.
    public var expires: Int64?
    /// Who made the verifier's software.
    public var developer: String
    /// Which software it is.
    public var build: String
    /// Echoed for freshness: what the asker was challenged with.
    public var nonces: [String]
    /// One appraisal an attester, by label; never empty.
    public var appraisals: [String: EARAppraisal]
    /// Where relying parties look up how the attester stands now; `nil` when it does not say.
    public var statusList: StatusListReference?

    /// The most bytes of the claims.
    public static let maximumSize = 48 << 10
    /// More attesters than a composite device has.
    public static let maximumAppraisals = 64

    /// Joins the claims.
    public init(
        profile: EARProfile,
        issuedAt: Int64,
        expires: Int64?,
        developer: String,
        build: String,
        nonces: [String],
        appraisals: [String: EARAppraisal],
        statusList: StatusListReference? = nil
    ) {
        self.profile = profile
        self.issuedAt = issuedAt
        self.expires = expires
        self.developer = developer
        self.build = build
        self.nonces = nonces
        self.appraisals = appraisals
        self.statusList = statusList
    }

    /// The worst of the appraisals.
    public var status: TrustworthinessTier { appraisals.values.map(\.status).max() ?? .none }
}

/// The appraisal of one attester (draft-ietf-rats-ear section 3.1).
public struct EARAppraisal: Hashable, Sendable {
    /// The whole in one word.
    public var status: TrustworthinessTier
    /// The breakdown; `nil` when the result has none.
    public var vector: TrustworthinessVector?
    /// The policies that were applied, in order.
    public var policies: [String]
    /// How our verifier's instance proved itself; `nil` when the result does not say.
    public var tier: Tier?
    /// By whose word, until when and why an instance with a TPM spoke without it; `nil` when it did not.
    public var lowered: String?

    /// Joins the parts.
    public init(
        status: TrustworthinessTier,
        vector: TrustworthinessVector?,
        policies: [String],
        tier: Tier? = nil,
        lowered: String? = nil
    ) {
        self.status = status
        self.vector = vector
        self.policies = policies
        self.tier = tier
        self.lowered = lowered
    }

    /// The names that our own policy claims have.
    static let (tierClaim, loweredClaim) = ("birthmark-tier", "birthmark-lowered")

    /// An appraisal that is as good as its worst claim, and no better.
    public init(
        of vector: TrustworthinessVector,
        policies: [String],
        tier: Tier? = nil,
        lowered: String? = nil
    ) {
        self.init(status: vector.tier, vector: vector, policies: policies, tier: tier, lowered: lowered)
    }
}

// MARK: Writing

/// A member of a JSON object, under whatever name a profile gives it.
private struct Member: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}

extension EARClaims: Encodable {
    /// Writes the claims as their profile spells them.
    public func encode(to encoder: any Encoder) throws {
        var claims = encoder.container(keyedBy: Member.self)
        try claims.encode(profile, forKey: Member("eat_profile"))
        try claims.encode(issuedAt, forKey: Member("iat"))
        try claims.encodeIfPresent(expires, forKey: Member("exp"))
        // RFC 9711 section 4.1: one nonce is a text, several are an array.
        if nonces.count == 1 {
            try claims.encode(nonces[0], forKey: Member("eat_nonce"))
        } else if !nonces.isEmpty {
            try claims.encode(nonces, forKey: Member("eat_nonce"))
        }
        try claims.encode(["build": build, "developer": developer], forKey: Member(profile.verifierID))
        if let statusList { try claims.encode(["status_list": statusList], forKey: Member("status")) }
        var submods = claims.nestedContainer(keyedBy: Member.self, forKey: Member("submods"))
        for (label, appraisal) in appraisals {
            var claims = submods.nestedContainer(keyedBy: Member.self, forKey: Member(label))
            try claims.encode(appraisal.status, forKey: Member(profile.status))
            if let vector = appraisal.vector {
                let values = TrustworthinessVector.Category.allCases.map { ($0.rawValue, vector[$0].rawValue) }
                try claims.encode(Dictionary(uniqueKeysWithValues: values), forKey: Member(profile.vector))
            }
            if let name = profile.policyClaims, let tier = appraisal.tier {
                var said = claims.nestedContainer(keyedBy: Member.self, forKey: Member(name))
                try said.encode(tier, forKey: Member(EARAppraisal.tierClaim))
                try said.encodeIfPresent(appraisal.lowered, forKey: Member(EARAppraisal.loweredClaim))
            }
            switch profile {
            case .veraison2023: try claims.encodeIfPresent(appraisal.policies.first, forKey: Member(profile.policies))
            case .draft04:
                guard !appraisal.policies.isEmpty else { break }
                try claims.encode(appraisal.policies, forKey: Member(profile.policies))
            }
        }
    }
}
