import AttestationResults
public import Messages
import Wording

/// One rule of a policy: whom it is for, and what they may.
public struct PolicyRule: Hashable, Sendable, Codable {
    /// The rule's name in decisions and grants.
    public var id: Label
    /// Whom it is for.
    public var match: Match
    /// Which moves between releases it allows.
    public var moves: Moves
    /// What a boot must show beyond the measurements that are expected.
    public var boot: BootRule
    /// How long accepted evidence is good for.
    public var lease: Span
    /// How long accepted evidence of a rescue image, or of the release before the current one, is good for; absent: as long
    /// as any, and at most ``defaultRescueLease``.
    public var rescue: Span?
    /// How long evidence of a known release is good for that was never granted to the instance; absent: no lease at all.
    public var drift: Span?
    /// How long a grant is good for.
    public var grant: Span
    /// When grants may be given and carried out; absent: at any time.
    public var window: MaintenanceWindow?
    /// How often one release may be installed on one device without coming to stay, before nothing of it is granted to that device any more;
    /// absent: ``FailedInstalls/defaultMaximum`` times.
    public var attempts: Int?
    /// Who has to have approved a release as a whole; absent: nobody.
    public var releaseApprovals: ReleaseApprovals?
    /// How many different witnesses of the ledger must have signed for a grant before it counts; absent: as many as verifier and device
    /// want of any.
    public var witnesses: Int?
    /// What devices are allowed that are off line; absent: nothing.
    public var delayed: DelayedRule?
    /// What instances without a TPM are held to; absent: the rule serves none of them.
    public var controls: ControlRule?
    /// Whether instances under this rule may vouch for instances without a TPM that are assigned to them; absent: they may not.
    public var gateway: Bool?

    /// Whom a rule is for: every part must fit.
    public struct Match: Hashable, Sendable, Codable {
        /// Models.
        public var models: Selector<Label>
        /// Hardware revisions.
        public var hardwareRevisions: Selector<Label>
        /// Environments.
        public var environments: Selector<Label>
        /// Tiers.
        public var tiers: Selector<Tier>
        /// Packages.
        public var packages: Selector<Label>
    }

    /// Moves between releases, told apart by security version, never by version strings.
    public struct Moves: Hashable, Sendable, Codable {
        /// To another release of the same or a higher security version.
        public var upgrade: Bool
        /// To the release that runs already.
        public var reinstall: Bool
        /// To a lower security version, as far as the instance's security floor allows it, or an operator's act below it.
        public var downgrade: Bool
    }

    /// What a boot must show.
    public struct BootRule: Hashable, Sendable, Codable {
        /// Whether an event log must have been replayed to the quoted values.
        public var requireLog: Bool
        /// Whether that log must say that Secure Boot is on.
        public var secureBoot: SecureBoot
        /// The platform firmware versions that the log may say; absent: any.
        public var firmwareVersions: [String]?
        /// The rules for what Linux measures, by their id; absent: this rule is for instances that do not quote that.
        public var ima: Label?

        /// Whether Secure Boot must be on.
        public enum SecureBoot: String, Hashable, Sendable, Codable, CaseIterable {
            case required
            case any
        }
    }

    /// A length of time.
    public struct Span: Hashable, Sendable, Codable {
        /// Seconds, at least 1.
        public var seconds: Int64
    }

    /// The longest lease: a device that nobody heard of for a month is not trusted.
    public static let maximumLease: Int64 = 31 * 86_400
    /// The longest grant: long enough for a slow link, short enough that a quote still says something of the device.
    static let maximumGrant: Int64 = 7 * 86_400

    /// Seconds, unless the rule says otherwise: an hour is enough for an update.
    static let defaultRescueLease: Int64 = 3600

    /// The seconds of a lease for the way back to health.
    var rescueSeconds: Int64 { rescue?.seconds ?? min(lease.seconds, Self.defaultRescueLease) }

    /// The seconds of a lease for evidence of a boot; `nil` when there is none for it.
    func leaseSeconds(for boot: BootName) -> Int64? {
        switch boot {
        case .current, .granted: lease.seconds
        case .previous, .rescue: rescueSeconds
        case .drifted: drift?.seconds
        }
    }

    func check() throws(MessageError) {
        try check(lease, atMost: Self.maximumLease, "lease")
        // What is wrong with a device is no reason to trust it for longer.
        if let rescue { try check(rescue, atMost: lease.seconds, "rescue") }
        if let drift { try check(drift, atMost: lease.seconds, "drift") }
        try check(grant, atMost: Self.maximumGrant, "grant")
        guard grant.seconds <= lease.seconds else {
            throw fault("a grant of \(Counted.of(grant.seconds, "second")) would outlive a lease of \(lease.seconds)")
        }
        guard boot.requireLog || (boot.secureBoot == .any && boot.firmwareVersions == nil) else {
            throw fault("\"secureBoot\" and \"firmwareVersions\" are read from the log, so \"requireLog\" must be true")
        }
        guard boot.firmwareVersions?.isEmpty != true else {
            throw fault("an empty \"firmwareVersions\" would refuse every device; leave the key out to allow any")
        }
        if let attempts, !(1...FailedInstalls.maximum).contains(attempts) {
            throw fault("\"attempts\" is \(attempts), it must be 1 to \(FailedInstalls.maximum)")
        }
        if let problem = window?.problem { throw fault(problem) }
        if let problem = releaseApprovals?.problem { throw fault(problem) }
        if let problem = problemOfWitnesses { throw fault(problem) }
        if let problem = delayed?.problem { throw fault(problem) }
        if let problem = controls?.problem { throw fault(problem) }
        guard controls == nil || match.tiers.contains(.compensated) else {
            throw fault("\"controls\" are for instances without a TPM, which the rule is not for")
        }
        guard gateway != true || match.tiers.contains(.tpm) || match.tiers.contains(.vtpm) else {
            throw fault("\"gateway\" is for instances with a TPM, which the rule is not for")
        }
        guard window == nil || delayed == nil else {
            throw fault(
                "\"window\" and \"delayed\" exclude one another: off line, nobody but the device's clock knows the time"
            )
        }
    }

    private func check(_ span: Span, atMost most: Int64, _ key: String) throws(MessageError) {
        guard span.seconds >= 1, span.seconds <= most else {
            throw fault("\"\(key).seconds\" is \(span.seconds), it must be 1 to \(most)")
        }
    }

    private func fault(_ what: String) -> MessageError { MessageError(.outOfRange, "rule \"\(id)\": \(what)") }

    /// A sentence for each part of the match that does not fit; none means that the rule fits.
    func mismatches(_ subject: PolicySubject) -> [String] {
        var sentences: [String] = []
        func hold<Value>(_ value: Value, against selector: Selector<Value>, _ what: String) {
            if !selector.contains(value) { sentences.append("the \(what) is \(value)") }
        }
        hold(subject.model, against: match.models, "model")
        hold(subject.hardwareRevision, against: match.hardwareRevisions, "hardware revision")
        hold(subject.environment, against: match.environments, "environment")
        hold(subject.tier, against: match.tiers, "tier")
        hold(subject.package, against: match.packages, "package")
        return sentences
    }
}

/// Some values, or any: in JSON a list, or the text `"*"`.
public enum Selector<Value: Hashable & Sendable & Codable>: Hashable, Sendable, Codable {
    /// Every value.
    case any
    /// These values; at least one.
    case only([Value])

    /// Whether a value is meant.
    func contains(_ value: Value) -> Bool {
        switch self {
        case .any: true
        case .only(let values): values.contains(value)
        }
    }

    private static var anyText: String { "*" }

    /// Reads the text or the list.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            guard text == Self.anyText else {
                throw DecodingError.dataCorruptedError(
                    in: container,
                    debugDescription: "neither \"*\" nor a list in brackets"
                )
            }
            self = .any
            return
        }
        let values = try container.decode([Value].self)
        guard !values.isEmpty else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "an empty list fits nothing; \"*\" fits anything"
            )
        }
        self = .only(values)
    }

    /// Writes the text or the list.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .any: try container.encode(Self.anyText)
        case .only(let values): try container.encode(values)
        }
    }
}
