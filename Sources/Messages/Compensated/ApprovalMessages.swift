/// `POST /v1/approvals`: a named person approves a release as a whole, or lets it go to one instance or cohort that has no TPM.
public struct ApprovalOrder: Hashable, Sendable, Codable {
    /// The release: SHA-256 of its signed payload.
    public var release: ContentDigest
    /// The instance without a TPM, by id or serial number, when it is for one.
    public var device: Label?
    /// The cohort without a TPM, when it is for one: all that were born for this environment.
    public var environment: Label?
    /// Present, and true, when it is of the release as a whole: said and not left out, because it is the widest.
    public var allDevices: Bool?
    /// The role in which it is approved: one of the approver's own.
    public var role: OperatorRole
    /// For how many hours it counts: 1 to 744.
    public var hours: Int
    /// Why, for the ledger.
    public var reason: Remark

    /// The most bytes of the message.
    public static let maximumSize = 4096
    /// A month: what was right then is looked at again.
    public static let maximumHours = 31 * 24

    /// Joins the parts; `nil` when they do not belong together, or the reason is no `Remark`.
    public init?(
        release: ContentDigest,
        device: Label?,
        environment: Label?,
        allDevices: Bool? = nil,
        role: OperatorRole,
        hours: Int,
        reason: String
    ) {
        guard let reason = Remark(reason) else { return nil }
        self.release = release
        self.device = device
        self.environment = environment
        self.allDevices = allDevices
        self.role = role
        self.hours = hours
        self.reason = reason
        guard isSound else { return nil }
    }

    private var isSound: Bool {
        let subjects = [device != nil, environment != nil, allDevices == true].filter { $0 }.count
        return subjects == 1 && allDevices != false && (1...Self.maximumHours).contains(hours)
    }

    /// Reads the message.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(ApprovalOrder.self, from: bytes, limit: Self.maximumSize)
        guard isSound else {
            throw MessageError(
                .outOfRange,
                "an approval is for one device, one environment or all devices, for 1 to \(Self.maximumHours) hours"
            )
        }
    }
}

/// An approval on record.
public struct ApprovalReport: Hashable, Sendable, Codable {
    /// SHA-256 of its ledger entry.
    public var entry: ContentDigest
    /// The release.
    public var release: ContentDigest
    /// The instance, or absent; absent with `environment` when it is of the release as a whole.
    public var instance: InstanceID?
    /// The cohort, or absent.
    public var environment: Label?
    /// Who approved.
    public var by: Label
    /// In which role.
    public var role: OperatorRole
    /// Why.
    public var reason: String
    /// The first second, since 1970, at which it counts no more.
    public var until: Int64

    /// Joins the parts.
    public init(
        entry: ContentDigest,
        release: ContentDigest,
        instance: InstanceID?,
        environment: Label?,
        by: Label,
        role: OperatorRole,
        reason: String,
        until: Int64
    ) {
        self.entry = entry
        self.release = release
        self.instance = instance
        self.environment = environment
        self.by = by
        self.role = role
        self.reason = reason
        self.until = until
    }
}

/// `GET /v1/releases/{manifest}/approvals`: those that count still.
public struct ApprovalList: Hashable, Sendable, Codable {
    /// In the order in which they were given.
    public var approvals: [ApprovalReport]

    /// The most bytes accepted.
    public static let maximumSize = 1 << 20

    /// Joins the reports.
    public init(approvals: [ApprovalReport]) { self.approvals = approvals }
}
