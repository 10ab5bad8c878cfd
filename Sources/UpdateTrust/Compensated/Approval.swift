public import Messages

/// A named person approves a release: as a whole, or for one instance or cohort without a TPM.
public struct Approval: Hashable, Sendable, Codable {
    /// The release: SHA-256 of its signed payload.
    public var release: ContentDigest
    /// The instance, when it is for one; absent with `environment`: it is of the release as a whole.
    public var instance: InstanceID?
    /// The cohort, when it is for one: all that were born for this environment.
    public var environment: Label?
    /// Who.
    public var by: Label
    /// In which role.
    public var role: OperatorRole
    /// Why.
    public var reason: Remark
    /// The first second, since 1970, at which it counts no more.
    public var until: Int64

    /// The most bytes of the JSON form.
    public static let maximumSize = 4096

    /// Joins the parts; `nil` when both instance and environment are given.
    public init?(
        release: ContentDigest,
        instance: InstanceID?,
        environment: Label?,
        by: Label,
        role: OperatorRole,
        reason: Remark,
        until: Int64
    ) {
        guard instance == nil || environment == nil else { return nil }
        self.release = release
        self.instance = instance
        self.environment = environment
        self.by = by
        self.role = role
        self.reason = reason
        self.until = until
    }

    /// Whether it is of the release, and says nothing of any instance.
    public var isOfTheRelease: Bool { instance == nil && environment == nil }

    /// Whether it speaks of this instance; one of the release as a whole speaks of none.
    public func covers(_ instance: BirthFacts) -> Bool {
        self.instance == instance.instance || environment == instance.environment
    }
}

/// An approval, and where the ledger has it.
public struct RecordedApproval: Hashable, Sendable, Codable {
    /// The approval.
    public var approval: Approval
    /// SHA-256 of its entry.
    public var entry: ContentDigest

    /// Joins both.
    public init(_ approval: Approval, entry: ContentDigest) {
        self.approval = approval
        self.entry = entry
    }
}

extension [RecordedApproval] {
    /// Those that count now, one for each person: the one that counts longest.
    func counting(_ roles: [OperatorRole]?, at now: Int64) -> [RecordedApproval] {
        var people: [Label: RecordedApproval] = [:]
        for recorded in self {
            let approval = recorded.approval
            guard now < approval.until, roles?.contains(approval.role) ?? true,
                approval.until > people[approval.by]?.approval.until ?? now
            else { continue }
            people[approval.by] = recorded
        }
        return people.values.sorted { $0.approval.by < $1.approval.by }
    }
}
