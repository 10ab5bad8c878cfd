public import Messages

/// What a line is told of a device without a TPM.
public struct CompensatedOrder: Hashable, Sendable {
    /// The serial number.
    public var serial: Label
    /// The model.
    public var model: Label
    /// The hardware revision.
    public var hardwareRevision: Label
    /// Where it may run.
    public var environment: Label
    /// What the product is called by that it is born by.
    public var profile: Label
    /// The package it leaves the line with.
    public var bornWith: BornWith
    /// The names of the claims that a device of this product has to make.
    public var requiredClaims: [Label]

    /// Joins the parts.
    public init(
        serial: Label,
        model: Label,
        hardwareRevision: Label,
        environment: Label,
        profile: Label,
        bornWith: BornWith,
        requiredClaims: [Label]
    ) {
        self.serial = serial
        self.model = model
        self.hardwareRevision = hardwareRevision
        self.environment = environment
        self.profile = profile
        self.bornWith = bornWith
        self.requiredClaims = requiredClaims
    }
}

/// What came of one.
public enum CompensatedOutcome: Hashable, Sendable {
    /// It is born.
    case born(CompensatedBirthRecord)
    /// It was born before, just so.
    case alreadyBorn(CompensatedBirthRecord)
    /// Another device has the serial number, or the same one was born otherwise.
    case serialTaken
    /// The device with this key was taken out under this serial number.
    case retired
    /// The order differs from the birth that was signed, in these parts.
    case orderDiffers([String])
    /// The device does not say this of its hardware.
    case claimsMissing([Label])
}
