/// The boot that a release is expected to show: exact PCR values where every unit is equal, facts of the log where units differ.
public struct BootProfile: Hashable, Sendable, Codable {
    /// PCRs whose value is exact for every unit that runs this release.
    public var exact: PCRValues
    /// What the authenticated event log must say, for PCRs that vary between units.
    public var facts: BootFactRequirements
    /// SHA-256 of the event log that both were taken from; nothing is required of it, but a refused boot is compared with it.
    public var log: ContentDigest?

    /// Joins the parts.
    public init(exact: PCRValues, facts: BootFactRequirements, log: ContentDigest? = nil) {
        self.exact = exact
        self.facts = facts
        self.log = log
    }
}

/// Requirements on the facts of an authenticated event log.
///
/// What is absent is not required.
public struct BootFactRequirements: Hashable, Sendable, Codable {
    /// Whether Secure Boot must be on.
    public var secureBoot: Bool?
    /// The firmware version string that S-CRTM measured.
    public var firmwareVersion: String?
    /// Digests (in the profile's bank) of the boot applications, in the order of loading.
    public var bootApplications: [HexBytes]?
    /// The kernel command line, exactly.
    public var kernelCommandLine: String?

    /// Joins requirements.
    public init(
        secureBoot: Bool? = nil,
        firmwareVersion: String? = nil,
        bootApplications: [HexBytes]? = nil,
        kernelCommandLine: String? = nil
    ) {
        self.secureBoot = secureBoot
        self.firmwareVersion = firmwareVersion
        self.bootApplications = bootApplications
        self.kernelCommandLine = kernelCommandLine
    }
}
