/// What the birth of every instance says, whatever its tier.
public struct BirthFacts: Hashable, Sendable {
    /// The instance.
    public var instance: InstanceID
    /// The serial number.
    public var serial: Label
    /// The model.
    public var model: Label
    /// The hardware revision.
    public var hardwareRevision: Label
    /// Where it may run: from the record, never from a request.
    public var environment: Label
    /// How it proves itself.
    public var tier: Tier
    /// When it was born, in seconds since 1970.
    public var bornAt: Int64
    /// The station that signed.
    public var station: Label
    /// The instance that had the serial number before, when a board was swapped.
    public var replaces: InstanceID?
    /// The retired instance that the same TPM was before.
    public var follows: InstanceID?
    /// What a new owner took over, with the same keys.
    public var takesOver: Takeover?
    /// The package it was born with.
    public var bornWith: BornWith
    /// The PCRs that it quotes; `nil` for an instance that nobody can measure.
    public var selection: PCRSet?
}

extension BirthRecord {
    /// What it has in common with the births of other tiers.
    public var facts: BirthFacts {
        BirthFacts(
            instance: instance,
            serial: serial,
            model: model,
            hardwareRevision: hardwareRevision,
            environment: environment,
            tier: tier,
            bornAt: bornAt,
            station: station,
            replaces: replaces?.instance,
            follows: follows?.instance,
            takesOver: takesOver,
            bornWith: bornWith,
            selection: selection
        )
    }
}

extension CompensatedBirthRecord {
    /// What it has in common with the births of other tiers.
    public var facts: BirthFacts {
        BirthFacts(
            instance: instance,
            serial: serial,
            model: model,
            hardwareRevision: hardwareRevision,
            environment: environment,
            tier: tier,
            bornAt: bornAt,
            station: station,
            replaces: replaces?.instance,
            follows: nil,
            takesOver: nil,
            bornWith: bornWith,
            selection: nil
        )
    }
}
