public import TPMWire

/// The digest that a policy session of a TPM would hold after the same commands (Part 1, 19.7; Part 3, 23).
public struct PolicyDigest: Sendable, Hashable {
    /// The hash of the session.
    public let hash: HashAlgorithm
    /// The digest so far: what an authPolicy is compared with.
    public private(set) var value: [UInt8]

    /// The digest of a session that was just started: zeros.
    public init(_ hash: HashAlgorithm) {
        self.hash = hash
        value = Array(repeating: 0, count: hash.digestSize)
    }

    /// TPM2_PolicySecret, without a policyRef: the authorization of an entity is known.
    public mutating func secret(entity: Name) {
        value = hash.digest(value, CommandCode.policySecret.bytes, entity.contents)
        // Part 3, 23.2: the digest is extended once more with the policyRef, also where that is empty.
        value = hash.digest(value)
    }

    /// TPM2_PolicyOR: one of two to eight branches was satisfied.
    public mutating func or(_ branches: [[UInt8]]) {
        value = hash.digest(
            Array(repeating: 0, count: hash.digestSize),
            CommandCode.policyOR.bytes,
            branches.flatMap { $0 }
        )
    }

    /// TPM2_PolicyAuthorizeNV: the policy that an NV index holds was satisfied.
    public mutating func authorizeNV(index: Name) {
        value = hash.digest(
            Array(repeating: 0, count: hash.digestSize),
            CommandCode.policyAuthorizeNV.bytes,
            index.contents
        )
    }
}
