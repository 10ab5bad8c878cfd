public import Messages

/// What an appraisal established about one instance without a TPM: who signed, and where its ratchet stands.
///
/// Nobody measured anything. Only `Appraisal` can make one, like an `AttestedState`.
public struct CompensatedState: Hashable, Sendable {
    /// The instance, from the verifier's own record.
    public let instance: InstanceID
    /// SHA-256 of the exact bytes of the request.
    public let request: ContentDigest
    /// SHA-256 of the evidence.
    public let evidence: ContentDigest
    /// Where the ratchet stands with this request.
    public let ratchet: Ratchet
    /// Whether it stood there before: the answer to an earlier request was lost.
    public let isRepeated: Bool
    /// The hardware claims of the birth that the request does not repeat.
    public let differingClaims: [Label]

    /// States what was established; for `Appraisal` only.
    @_spi(Appraiser)
    public init(
        instance: InstanceID,
        request: ContentDigest,
        evidence: ContentDigest,
        ratchet: Ratchet,
        isRepeated: Bool,
        differingClaims: [Label]
    ) {
        self.instance = instance
        self.request = request
        self.evidence = evidence
        self.ratchet = ratchet
        self.isRepeated = isRepeated
        self.differingClaims = differingClaims
    }
}

/// What evidence of an instance without a TPM comes to.
public enum CompensatedVerdict: Hashable, Sendable {
    /// The key that was committed last signed it.
    case accepted(CompensatedState)
    /// A key of this instance signed it that was left behind: there are two copies, or one that was put back.
    case forked(Fork)
    /// Nothing shows who signed it.
    case notAuthentic(String)
}
