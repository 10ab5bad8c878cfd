@_spi(Appraiser) public import AttestationResults
public import Messages

/// Judges what an instance without a TPM shows.
public struct CompensatedAppraiser: Sendable {
    /// Whom the evidence is held to.
    public let record: CompensatedSubject
    /// Where its ratchet stands.
    public let ratchet: Ratchet
    /// The position of a key that was committed for this instance at any time; `nil` for any other key.
    public let position: @Sendable (SoftwareKey) -> Int64?

    /// Joins what is on record.
    public init(
        record: CompensatedSubject,
        ratchet: Ratchet,
        position: @escaping @Sendable (SoftwareKey) -> Int64?
    ) {
        self.record = record
        self.ratchet = ratchet
        self.position = position
    }

    /// Judges evidence whose challenge was held to the request before.
    /// - Parameter request: read from the evidence's exact bytes.
    public func appraise(_ evidence: CompensatedEvidence, _ request: CompensatedRequest) -> CompensatedVerdict {
        guard request.instance == record.instance else { return .notAuthentic("it is of another instance") }
        let bytes = evidence.request.bytes
        guard request.key.isValid(evidence.signature.bytes, for: CompensatedRequest.message(for: bytes)) else {
            return .notAuthentic("the signature does not verify")
        }
        // Who cannot use the next key would lock the instance out with it.
        guard request.next.isValid(evidence.nextSignature.bytes, for: CompensatedRequest.nextMessage(for: bytes)) else {
            return .notAuthentic("the next key's signature does not verify")
        }
        func accepted(_ ratchet: Ratchet, isRepeated: Bool) -> CompensatedVerdict {
            .accepted(
                CompensatedState(
                    instance: record.instance,
                    request: ContentDigest(of: bytes),
                    evidence: evidence.digest,
                    ratchet: ratchet,
                    isRepeated: isRepeated,
                    differingClaims: record.claims.differing(from: request.claims)
                )
            )
        }
        if request.key == ratchet.key {
            guard position(request.next) == nil else { return .notAuthentic("the next key was used before") }
            return accepted(ratchet.committing(request.next), isRepeated: false)
        }
        if request.key == ratchet.previous, request.next == ratchet.key { return accepted(ratchet, isRepeated: true) }
        guard let presented = position(request.key) else { return .notAuthentic("no key of this instance signed it") }
        return .forked(
            Fork(key: request.key, position: presented, next: request.next, committed: ratchet.position)
        )
    }
}
