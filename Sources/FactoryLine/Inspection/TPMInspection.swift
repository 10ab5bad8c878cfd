import Endorsement
import TPMCrypto
import TPMWire

/// A TPM held against a profile: what is there, what the profile wants, what differs, what outlives a clear, and what
/// would stand in the way of a birth.
///
/// Nothing is changed.
public struct TPMInspection: Encodable, Sendable {
    /// TPM_PT_MANUFACTURER as text.
    public var manufacturer: String
    /// TPM_PT_VENDOR_STRING_1 to 4.
    public var vendor: String
    /// TPM_PT_FIRMWARE_VERSION_1 and 2 in hexadecimal.
    public var firmwareVersion: String
    /// What the list of known-bad firmware says of it; nil when no list was given.
    public var advisories: [Advisory]?
    /// What has been published against its keys themselves, seen in their public halves.
    public var weakKeys: [Advisory]
    /// The profile's endorsement key.
    public var endorsementKey: Key
    /// The attestation key, when it is kept.
    public var iak: Key?
    /// The identity key, when it is kept.
    public var idevid: Key?
    /// The profile's NV indices.
    public var indices: [Index]
    /// Who owns the TPM, and how it defends itself.
    public var ownership: Ownership
    /// What the birth tag says, when there is one.
    public var born: Born?
    /// Keys and indices at places that other products use, or where nothing of the profile belongs.
    public var elsewhere: [Place]
    /// What is otherwise than the profile says, and no obstacle.
    public var differences: [String]
    /// Why a birth by this profile would be refused; empty when it may begin, or is done.
    public var problems: [String]

    /// What one advisory says.
    public struct Advisory: Encodable, Sendable {
        /// Its number.
        public var id: String
        /// `refused`, `waived`, or `remark`.
        public var verdict: String
        /// One sentence.
        public var detail: String
        /// Where it is published.
        public var origin: String
    }

    /// One key.
    public struct Key: Encodable, Sendable {
        /// The persistent handle; nil when the key can be made and is not kept.
        public var handle: String?
        /// Its Name in hexadecimal.
        public var name: String
        /// SHA-256 of its public area: what ek-allowed.txt lists of an endorsement key.
        public var publicAreaSHA256: String
        /// Whose certificate NV holds: the issuer's name; nil when there is none.
        public var issuer: String?
        /// Which template made it, such as `H-2 attestation key, unique.y empty`; nil when none that is known.
        public var template: String?
        /// What becomes of it when the TPM is cleared.
        public var afterClear: String
    }

    /// One NV index of the profile.
    public struct Index: Encodable, Sendable {
        /// Where it is.
        public var handle: String
        /// What the profile keeps there.
        public var purpose: String
        /// Whether it is defined.
        public var isThere: Bool
        /// Whether nobody can write it any more.
        public var isLocked: Bool
        /// The counter's value, for a counter that was counted.
        public var count: UInt64?
        /// `owner` or `platform`: who defined it; nil when nobody did.
        public var definedBy: String?
        /// Whether it outlives TPM2_Clear.
        public var survivesClear: Bool
    }

    /// Authorization values and the defence against guessing.
    public struct Ownership: Encodable, Sendable {
        /// The hierarchies that have an authorization value: `owner`, `endorsement`, `lockout`.
        public var set: [String]
        /// Whether TPM2_Clear by the lockout authorization is forbidden.
        public var isClearForbidden: Bool
        /// Whether the TPM refuses protected keys now.
        public var isLockedOut: Bool
        /// Failures and power cuts that are not forgotten yet.
        public var failures: UInt32
        /// How many of them begin the lockout.
        public var maxTries: UInt32
        /// Seconds, with power, after which one is forgotten.
        public var recoveryTime: UInt32
        /// Seconds, with power, for which the lockout authorization is refused after a wrong one.
        public var lockoutRecovery: UInt32
    }

    /// A birth.
    public struct Born: Encodable, Sendable {
        /// The instance.
        public var instance: String
        /// The serial number.
        public var serial: String
        /// Whether tag and keys belong together, and the tag can no longer be changed.
        public var complete: Bool
    }

    /// Something at another place.
    public struct Place: Encodable, Sendable {
        /// The handle.
        public var handle: String
        /// What it is.
        public var what: String
    }
}

extension TPMInspection.Advisory {
    init(_ finding: TPMAdvisoryFinding) {
        id = finding.advisory.id
        verdict =
            switch finding.consequence {
            case .refused: "refused"
            case .waived: "waived"
            case .otherKeysOnly, .remarked, .firmwareUnstated: "remark"
            }
        detail = finding.description
        origin = finding.advisory.origin
    }
}

extension TPMInspection.Key {
    /// What becomes of a key of the endorsement hierarchy: TPM2_Clear takes persistent objects, and not the seed
    /// (Part 3, 24.6).
    private static let afterClear = "gone from its handle; the same key is made again from its template"

    init(_ area: TPMTPublic, handle: String?, issuer: String?, template: String?) throws {
        self.handle = handle
        name = try Name(of: area).contents.hexadecimal
        publicAreaSHA256 = EKAllowList.digest(of: area).hexadecimal
        self.issuer = issuer
        self.template = template
        afterClear = Self.afterClear
    }
}
