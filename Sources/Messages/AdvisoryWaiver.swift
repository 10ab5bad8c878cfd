/// Somebody's word that devices may be born although an advisory about the firmware of their TPMs says no.
public struct AdvisoryWaiver: Hashable, Sendable, Codable {
    /// The advisory, as the list of known-bad firmware calls it, such as `CVE-2019-16863`.
    public var advisory: Label
    /// Why it does not matter here.
    public var reason: Remark

    /// More advisories than one TPM has.
    public static let maximumCount = 32

    /// Lets one advisory pass.
    public init(advisory: Label, reason: Remark) {
        self.advisory = advisory
        self.reason = reason
    }
}

extension [AdvisoryWaiver] {
    /// The advisories that are let pass.
    public var advisories: Set<String> { Set(map(\.advisory.text)) }
}
