/// Whom evidence without a TPM is held to: an instance that was born without one, or one whose tier an operator has lowered.
public struct CompensatedSubject: Hashable, Sendable {
    /// The birth; its tier says which of the two it is.
    public var facts: BirthFacts
    /// What its hardware was said to be.
    public var claims: HardwareClaims

    /// Joins both.
    public init(facts: BirthFacts, claims: HardwareClaims) {
        self.facts = facts
        self.claims = claims
    }

    /// The instance.
    public var instance: InstanceID { facts.instance }
}

extension CompensatedBirthRecord {
    /// Whom its evidence is held to.
    public var subject: CompensatedSubject { CompensatedSubject(facts: facts, claims: claims) }
}

extension BirthFacts {
    /// The same for a policy, of an instance that speaks without its TPM.
    public var withoutTPM: BirthFacts {
        var facts = self
        facts.tier = .compensated
        return facts
    }
}
