/// The boot that a release is expected to show: exact PCR values where every unit is equal, facts of the log where units differ.
public struct BootProfile: Hashable, Sendable, Codable {
    /// PCRs whose value is exact for every unit that runs this release.
    public var exact: PCRValues
    /// What the authenticated event log must say, for PCRs that vary between units.
    public var facts: BootFactRequirements
    /// SHA-256 of the event log that both were taken from; nothing is required of it, but a refused boot is compared with it.
    public var log: ContentDigest?

    // Linux cuts its command line at 2 or 4 KB (COMMAND_LINE_SIZE); some ten applications are loaded on the way to it.
    static let maximumText = 4096
    static let maximumApplications = 64

    /// Whether it is no longer than a boot's can be: an instance's state holds one for each grant that is open.
    var isWithinBounds: Bool {
        let texts = [facts.firmwareVersion, facts.kernelCommandLine].compactMap(\.self)
        let applications = facts.bootApplications ?? []
        return texts.allSatisfy { $0.utf8.count <= Self.maximumText } && applications.count <= Self.maximumApplications
            && applications.allSatisfy { $0.bytes.count == exact.bank.digestSize }
    }

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
