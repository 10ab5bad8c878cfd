/// A package under management, as its makers sign it.
public struct Release: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The package's name.
    public var name: Label
    /// The version, for people.
    public var version: Label
    /// The security floor that this release sets: an integer that only rises, never a comparison of version strings.
    public var securityVersion: UInt64
    /// The models it fits.
    public var models: [Label]
    /// The hardware revisions it fits.
    public var hardwareRevisions: [Label]
    /// The lowest security version that may be running when this release is installed.
    public var minimumSecurityVersion: UInt64
    /// The artifact.
    public var artifact: Artifact
    /// What its boot looks like; absent when it is for devices that nobody can measure.
    public var boot: BootProfile?
    /// Seconds since 1970 before which it may not be granted.
    public var notBefore: Int64?
    /// Seconds since 1970 from which it may not be granted any more.
    public var expires: Int64?
    /// For people.
    public var notes: String?
    /// What it is for, when it is no ordinary release.
    public var role: Role?
    /// The releases of which one must be running when this one is installed; absent: any may.
    public var requires: [RequiredRelease]?

    /// What a release is for that is no ordinary one.
    public enum Role: String, Hashable, Sendable, Codable, CaseIterable {
        /// What a device boots to be mended: its boot is recognised, and it is never granted.
        case rescue
    }

    /// DSSE payload type.
    public static let payloadType = "application/vnd.birthmark.release.v1+json"
    /// The most bytes of a payload.
    public static let maximumSize = 256 << 10
    /// The most models or hardware revisions.
    static let maximumFits = 256
    /// The most releases of which one must be running.
    static let maximumRequired = 64

    /// Joins the parts of a release.
    public init(
        name: Label,
        version: Label,
        securityVersion: UInt64,
        models: [Label],
        hardwareRevisions: [Label],
        minimumSecurityVersion: UInt64 = 0,
        artifact: Artifact,
        boot: BootProfile?,
        notBefore: Int64? = nil,
        expires: Int64? = nil,
        notes: String? = nil,
        role: Role? = nil,
        requires: [RequiredRelease]? = nil
    ) {
        self.formatVersion = 1
        self.name = name
        self.version = version
        self.securityVersion = securityVersion
        self.models = models
        self.hardwareRevisions = hardwareRevisions
        self.minimumSecurityVersion = minimumSecurityVersion
        self.artifact = artifact
        self.boot = boot
        self.notBefore = notBefore
        self.expires = expires
        self.notes = notes
        self.role = role
        self.requires = requires
    }

    /// Reads a payload whose signatures were checked.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(Release.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "release format \(formatVersion) is not known here")
        }
        guard !models.isEmpty, !hardwareRevisions.isEmpty, models.count <= Self.maximumFits,
            hardwareRevisions.count <= Self.maximumFits
        else {
            throw MessageError(.outOfRange, "a release names 1 to \(Self.maximumFits) models and hardware revisions")
        }
        guard minimumSecurityVersion <= securityVersion else {
            throw MessageError(.outOfRange, "the minimum security version is above the release's own")
        }
        if let requires, !(1...Self.maximumRequired).contains(requires.count) {
            throw MessageError(.outOfRange, "a release requires one of 1 to \(Self.maximumRequired), or says nothing")
        }
        guard artifact.size > 0 else { throw MessageError(.outOfRange, "the package is empty") }
        if let notBefore, let expires, notBefore >= expires {
            throw MessageError(.outOfRange, "the release expires before it may be granted")
        }
        guard boot?.exact.values.isEmpty != true else {
            throw MessageError(.outOfRange, "a boot profile without an exact PCR expects nothing")
        }
        guard boot?.isWithinBounds != false else {
            throw MessageError(
                .outOfRange,
                "a boot profile has texts of at most \(BootProfile.maximumText) bytes and \(BootProfile.maximumApplications) "
                    + "boot applications, each by a digest of its bank"
            )
        }
    }
}

/// The bytes that get installed.
public struct Artifact: Hashable, Sendable, Codable {
    /// The file's name.
    public var name: Label
    /// Its size in bytes.
    public var size: UInt64
    /// Its SHA-256.
    public var sha256: ContentDigest

    /// Names an artifact.
    public init(name: Label, size: UInt64, sha256: ContentDigest) {
        self.name = name
        self.size = size
        self.sha256 = sha256
    }
}
