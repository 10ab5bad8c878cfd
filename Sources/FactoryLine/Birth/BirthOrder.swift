public import Messages

/// What the line was told to make of one board: everything about an instance that no TPM knows.
public struct BirthOrder: Codable, Hashable, Sendable {
    /// The serial number; one TPM has one, for ever.
    public var serial: Label
    /// The model.
    public var model: Label
    /// The hardware revision.
    public var hardwareRevision: Label
    /// Where it may run.
    public var environment: Label
    /// Hardware or virtual TPM, as the line knows its boards.
    public var tier: Tier
    /// The package it leaves the line with.
    public var bornWith: BornWith
    /// The retired instance that its TPM was before, by whose hand it lives again, and why; absent in a TPM's first life.
    public var follows: Replacement?
    /// The former owner's instance, whose keys it keeps; absent when there was none, and beside `follows`.
    public var takesOver: Takeover?

    /// Joins the parts.
    public init(
        serial: Label,
        model: Label,
        hardwareRevision: Label,
        environment: Label,
        tier: Tier,
        bornWith: BornWith,
        follows: Replacement? = nil,
        takesOver: Takeover? = nil
    ) {
        self.serial = serial
        self.model = model
        self.hardwareRevision = hardwareRevision
        self.environment = environment
        self.tier = tier
        self.bornWith = bornWith
        self.follows = follows
        self.takesOver = takesOver
    }

    /// The names of the parts in which two orders differ.
    func differences(from other: BirthOrder) -> [String] {
        var names: [String] = []
        if serial != other.serial { names.append("serial") }
        if model != other.model { names.append("model") }
        if hardwareRevision != other.hardwareRevision { names.append("hardware revision") }
        if environment != other.environment { names.append("environment") }
        if tier != other.tier { names.append("tier") }
        if bornWith != other.bornWith { names.append("package") }
        if follows != other.follows { names.append("former life") }
        if takesOver != other.takesOver { names.append("former owner") }
        return names
    }

    /// Under what the files of a station know this life of a TPM.
    func life(of endorsementKey: ContentDigest) -> ContentDigest {
        TPMLife.digest(endorsementKey, following: formerInstance)
    }

    /// The life before the one that its keys are of.
    var formerInstance: InstanceID? { follows?.instance ?? takesOver?.follows }

    /// What stands in the templates of its keys, so that they are others than those of the former life.
    var formerLife: [UInt8] { formerInstance?.bytes ?? [] }
}
