public import AttestationResults
public import Messages

/// A birth record was taken over.
public struct BirthEntry: Hashable, Sendable, Codable {
    /// SHA-256 of the record's payload.
    public var record: ContentDigest
    /// The tier.
    public var tier: Tier
    /// The station that signed.
    public var station: Label
    /// The instance whose board it replaces; that one's chain has the rework.
    public var replaces: InstanceID?
    /// The retired instance that the same TPM was before; that one's chain has the succession.
    public var follows: InstanceID?
    /// Whose keys it has, why and by whom, by the station's word; absent when the TPM had no owner before.
    public var takesOver: Takeover?
    /// The package it was born with; its security version is the first floor.
    public var bornWith: BornWith

    /// States a birth.
    public init(_ birth: BirthFacts, payload: ContentDigest) {
        record = payload
        tier = birth.tier
        station = birth.station
        replaces = birth.replaces
        follows = birth.follows
        takesOver = birth.takesOver
        bornWith = birth.bornWith
    }
}

/// A release was registered.
public struct ReleaseEntry: Hashable, Sendable, Codable {
    /// SHA-256 of the signed payload.
    public var manifest: ContentDigest
    /// The package's name.
    public var name: Label
    /// The version, for people.
    public var version: Label
    /// The security version.
    public var securityVersion: UInt64
    /// SHA-256 of the artifact.
    public var artifact: ContentDigest

    /// States a registration.
    public init(manifest: ContentDigest, release: Release) {
        self.manifest = manifest
        name = release.name
        version = release.version
        securityVersion = release.securityVersion
        artifact = release.artifact.sha256
    }
}

/// A release was withdrawn: nothing more is granted for it, and when it was recalled, nobody is trusted who runs it.
public struct WithdrawalEntry: Hashable, Sendable, Codable {
    /// SHA-256 of the signed payload.
    public var manifest: ContentDigest
    /// Present, and true, when it was recalled.
    public var recalled: Bool?
    /// Why.
    public var reason: Remark

    /// States a withdrawal.
    public init(manifest: ContentDigest, isRecall: Bool = false, reason: Remark) {
        self.manifest = manifest
        recalled = isRecall ? true : nil
        self.reason = reason
    }
}

/// A policy came into force, by an operator's act or by the verifier's file.
public struct PolicyEntry: Hashable, Sendable, Codable {
    /// SHA-256 of the file.
    public var policy: ContentDigest
    /// The policy that was in force until then; absent for the first one, and in entries that were written before operators put policies.
    public var replaces: ContentDigest?
    /// Why; absent when the verifier's file brought it, for which nobody gives a reason.
    public var reason: Remark?

    /// States a policy.
    public init(policy: ContentDigest, replaces: ContentDigest? = nil, reason: Remark? = nil) {
        self.policy = policy
        self.replaces = replaces
        self.reason = reason
    }
}

/// An instance asked, and was judged.
public struct DecisionEntry: Hashable, Sendable, Codable {
    /// What for.
    public var purpose: Purpose
    /// SHA-256 of the decision request.
    public var request: ContentDigest
    /// SHA-256 of the TPMS_ATTEST bytes.
    public var quote: ContentDigest
    /// Whether what was asked was given.
    public var accepted: Bool
    /// The codes of the reasons when it was not.
    public var reasons: [String]
    /// SHA-256 of the policy's file.
    public var policy: ContentDigest
    /// The rule that decided; absent when none was reached.
    public var rule: Label?
    /// The boot that was seen; absent when the evidence was refused.
    public var boot: BootName?
    /// The release whose boot it is, when that was found among all that are known, or belongs to another open grant than
    /// the one that was to be confirmed.
    public var release: ContentDigest?
    /// Clock and firmware of the quote.
    public var seen: LastSeen
    /// SHA-256 of the installation key, when it is the first or not the one on record; a reinstatement accepts it.
    public var installation: ContentDigest?
    /// Where the instance stands from now on.
    public var lifecycle: Lifecycle
    /// True when accepted evidence came as a file: then it moved nothing that is known of the instance, and `seen` is not what was seen last.
    public var carried: Bool?
    /// SHA-256 of what a gateway vouches for; present exactly when the purpose is `vouch`.
    public var vouches: ContentDigest?
    /// The entries of the approvals of the release as a whole that counted; absent when the rule wants none.
    public var approvals: [ContentDigest]?
    /// The entries of the emergencies without which it would have been refused; absent when it needed none.
    public var emergencies: [ContentDigest]?
    /// SHA-256 of all that it rests on, as the archive keeps it; absent in entries that were written before there was one.
    public var basis: ContentDigest?
}

/// A lease began, went on or ended.
public struct LeaseEntry: Hashable, Sendable, Codable {
    /// Which of the three.
    public enum Event: String, Hashable, Sendable, Codable, CaseIterable {
        case issued
        case renewed
        case ended
    }

    /// The lease.
    public var id: Label
    /// What happened to it.
    public var event: Event
    /// Why.
    public var cause: LeaseCause
    /// When it ends, or ended, in seconds since 1970.
    public var expires: Int64
    /// The gateway on whose word it rests.
    public var under: InstanceID?
}

/// A grant was given.
public struct GrantEntry: Hashable, Sendable, Codable {
    /// SHA-256 of the JWS in compact form.
    public var grant: ContentDigest
    /// Its `jti`.
    public var jti: String
    /// The decision request that it answers.
    public var request: ContentDigest
    /// The lease above it.
    public var lease: Label
    /// The package.
    public var package: PackageReference
    /// The operator's act that lets it below the security floor: SHA-256 of that entry; absent when it is not below.
    public var downgrade: ContentDigest?
    /// The first second at which it is no longer good.
    public var expires: Int64
    /// For a grant that travels as a file: where and when the TPM may use it; the lease is the grant's own.
    public var bounds: GrantBounds?
}

/// The boot that followed a grant was quoted.
public struct ReceiptEntry: Hashable, Sendable, Codable {
    /// SHA-256 of the grant's compact form.
    public var grant: ContentDigest
    /// Its `jti`.
    public var jti: String
    /// The package that runs now.
    public var package: PackageReference
    /// The security floor from now on.
    public var securityFloor: UInt64
    /// SHA-256 of the TPMS_ATTEST bytes of the confirming quote; of the evidence of an instance without a TPM, whose word it is.
    public var quote: ContentDigest
    /// True when a later grant's boot was seen before: what runs is what that one brought.
    public var late: Bool?
}

/// An operator acted on an instance.
public struct OperatorEntry: Hashable, Sendable, Codable {
    /// What was done.
    public var act: OperatorAct.Kind
    /// Which copy of a forked instance goes on; present when that is what reinstates it.
    public var line: ForkCopy?
    /// Why.
    public var reason: Remark
}

/// The factory swapped the instance's board: another instance has its serial number from now on.
public struct ReworkEntry: Hashable, Sendable, Codable {
    /// The instance that replaces it.
    public var replacedBy: InstanceID
    /// SHA-256 of that instance's birth record.
    public var record: ContentDigest
    /// Who swapped the board, by the station's word.
    public var by: Label
    /// Why.
    public var reason: Remark

    init(replacedBy instance: InstanceID, payload: ContentDigest, _ replacement: Replacement) {
        replacedBy = instance
        record = payload
        by = replacement.by
        reason = replacement.reason
    }
}
