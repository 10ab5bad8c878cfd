/// The answer to `GET /v1/policy`: the policy in force.
public struct PolicyReport: Hashable, Sendable, Codable {
    /// SHA-256 of the file's bytes, as decisions name it.
    public var digest: ContentDigest
    /// The file's exact bytes.
    public var policy: Blob

    /// The most bytes accepted: a policy in base64.
    public static let maximumSize = 3 << 20

    /// Joins both.
    public init(digest: ContentDigest, policy: Blob) {
        self.digest = digest
        self.policy = policy
    }
}

/// `POST /v1/policy`: this policy is to be in force from now on.
public struct PolicyOrder: Hashable, Sendable, Codable {
    /// The file's exact bytes.
    public var policy: Blob
    /// Why, for the ledger.
    public var reason: Remark

    /// The most bytes of the message: a policy in base64, and the reason.
    public static let maximumSize = 3 << 20

    /// Joins both; `nil` when the reason is no `Remark`.
    public init?(_ policy: [UInt8], reason: String) {
        guard let reason = Remark(reason) else { return nil }
        self.policy = Blob(policy)
        self.reason = reason
    }

    /// Reads the message; whether it holds a policy is not judged here.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(PolicyOrder.self, from: bytes, limit: Self.maximumSize)
    }
}

/// The answer: what is in force now.
public struct PolicyPutReport: Hashable, Sendable, Codable {
    /// SHA-256 of the policy's bytes.
    public var digest: ContentDigest
    /// The policy that was in force until then; absent when it was this one already.
    public var replaces: ContentDigest?
    /// The number of the ledger's entry; absent when nothing was changed.
    public var entry: Int?

    /// The most bytes accepted.
    public static let maximumSize = 1024

    /// Joins the parts.
    public init(digest: ContentDigest, replaces: ContentDigest? = nil, entry: Int? = nil) {
        self.digest = digest
        self.replaces = replaces
        self.entry = entry
    }
}

/// `POST /v1/policy/explain`: what would be decided, were this instance to ask now with evidence that is accepted.
public struct PolicyQuestion: Hashable, Sendable, Codable {
    /// The instance.
    public var instance: InstanceID
    /// The release it would ask for; absent to ask about its lease only.
    public var manifest: ContentDigest?

    /// The most bytes accepted.
    public static let maximumSize = 1024

    /// Asks.
    public init(instance: InstanceID, manifest: ContentDigest? = nil) {
        self.instance = instance
        self.manifest = manifest
    }
}

/// The answer: the rule that decides, why each rule does or does not, and what stands against it.
public struct PolicyExplanation: Hashable, Sendable, Codable {
    /// The rule that decides; absent when none matches.
    public var rule: String?
    /// Every rule in order.
    public var rules: [RuleExplanation]
    /// Reason codes that would refuse; empty when it would be granted.
    public var refusals: [String]
    /// What there is to know beside the codes, for people: until when a window is open, what has to run first.
    public var details: [String]

    /// The most bytes accepted.
    public static let maximumSize = 1 << 20

    /// Joins the parts.
    public init(rule: String?, rules: [RuleExplanation], refusals: [String], details: [String] = []) {
        self.rule = rule
        self.rules = rules
        self.refusals = refusals
        self.details = details
    }
}

/// Why one rule matches an instance or does not.
public struct RuleExplanation: Hashable, Sendable, Codable {
    /// The rule's id.
    public var rule: String
    /// Whether it matches.
    public var matches: Bool
    /// Why, for people.
    public var because: String

    /// Joins the parts.
    public init(rule: String, matches: Bool, because: String) {
        self.rule = rule
        self.matches = matches
        self.because = because
    }
}
