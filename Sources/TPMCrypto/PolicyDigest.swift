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

    /// TPM2_PolicySecret: the authorization of an entity is known.
    public mutating func secret(entity: Name, policyRef: [UInt8] = []) {
        value = hash.digest(value, CommandCode.policySecret.bytes, entity.contents)
        value = hash.digest(value, policyRef)
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

    /// TPM2_PolicyCommandCode: only one command.
    public mutating func commandCode(_ code: CommandCode) {
        value = hash.digest(value, CommandCode.policyCommandCode.bytes, code.bytes)
    }

    /// TPM2_PolicyAuthValue, and TPM2_PolicyPassword: the object's own authValue is known.
    public mutating func authValue() {
        value = hash.digest(value, CommandCode.policyAuthValue.bytes)
    }

    /// TPM2_PolicyPCR: PCRs have values with this digest (of the session's hash, in the order of the selection).
    public mutating func pcr(_ selection: TPMLPCRSelection, digest: [UInt8]) {
        value = hash.digest(value, CommandCode.policyPCR.bytes, selection.bytes, digest)
    }

    /// TPM_EO (Part 2, 6.8): how TPM2_PolicyNV compares the contents of an index with its operand.
    public enum Comparison: UInt16, Sendable {
        case equal = 0x0000
        case notEqual = 0x0001
        case unsignedGreater = 0x0003
        case unsignedLess = 0x0005
        case unsignedGreaterOrEqual = 0x0007
        case unsignedLessOrEqual = 0x0009
        case bitsSet = 0x000A
        case bitsClear = 0x000B
    }

    /// TPM2_PolicyNV: the contents of an index compare as said with an operand.
    public mutating func nv(index: Name, operand: [UInt8], offset: UInt16 = 0, _ comparison: Comparison) {
        let arguments = hash.digest(operand, offset.bigEndianBytes, comparison.rawValue.bigEndianBytes)
        value = hash.digest(value, CommandCode.policyNV.bytes, arguments, index.contents)
    }
}
