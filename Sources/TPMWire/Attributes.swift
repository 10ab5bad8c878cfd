/// TPMA_OBJECT (Part 2, 8.3): what an object may do and where it may live.
///
/// Reserved bits are kept as they came, so that a public area hashes to its true Name; whoever judges a key refuses
/// them (`reservedBits`).
public struct TPMAObject: OptionSet, WireStructure {
    /// Part 2 calls it TPMA_OBJECT.
    public static var specificationName: String { "TPMA_OBJECT" }

    /// All 32 bits.
    public var rawValue: UInt32
    /// Any bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Reads a UINT32.
    public init(from reader: inout ByteReader) throws(WireError) {
        self.init(rawValue: try reader.uint32("TPMA_OBJECT"))
    }

    /// Writes a UINT32.
    public func write(to writer: inout ByteWriter) { writer.uint32(rawValue) }

    public static let fixedTPM = TPMAObject(rawValue: 1 << 1)
    public static let stClear = TPMAObject(rawValue: 1 << 2)
    public static let fixedParent = TPMAObject(rawValue: 1 << 4)
    public static let sensitiveDataOrigin = TPMAObject(rawValue: 1 << 5)
    public static let userWithAuth = TPMAObject(rawValue: 1 << 6)
    public static let adminWithPolicy = TPMAObject(rawValue: 1 << 7)
    public static let firmwareLimited = TPMAObject(rawValue: 1 << 8)
    public static let svnLimited = TPMAObject(rawValue: 1 << 9)
    public static let noDA = TPMAObject(rawValue: 1 << 10)
    public static let encryptedDuplication = TPMAObject(rawValue: 1 << 11)
    public static let restricted = TPMAObject(rawValue: 1 << 16)
    public static let decrypt = TPMAObject(rawValue: 1 << 17)
    /// `sign/encrypt`.
    public static let sign = TPMAObject(rawValue: 1 << 18)
    public static let x509Sign = TPMAObject(rawValue: 1 << 19)

    /// Every bit that has a name.
    public static let namedBits: TPMAObject = [
        .fixedTPM, .stClear, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .adminWithPolicy, .firmwareLimited,
        .svnLimited, .noDA, .encryptedDuplication, .restricted, .decrypt, .sign, .x509Sign,
    ]

    /// Every bit that must be zero.
    public static let reservedBits = TPMAObject(rawValue: ~namedBits.rawValue)
}

/// TPMA_NV (Part 2, 13.4): what an NV index is and who may touch it.
public struct TPMANV: OptionSet, WireStructure {
    /// Part 2 calls it TPMA_NV.
    public static var specificationName: String { "TPMA_NV" }

    /// All 32 bits.
    public var rawValue: UInt32
    /// Any bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Reads a UINT32.
    public init(from reader: inout ByteReader) throws(WireError) {
        self.init(rawValue: try reader.uint32("TPMA_NV"))
    }

    /// Writes a UINT32.
    public func write(to writer: inout ByteWriter) { writer.uint32(rawValue) }

    public static let ppWrite = TPMANV(rawValue: 1 << 0)
    public static let ownerWrite = TPMANV(rawValue: 1 << 1)
    public static let authWrite = TPMANV(rawValue: 1 << 2)
    public static let policyWrite = TPMANV(rawValue: 1 << 3)
    public static let policyDelete = TPMANV(rawValue: 1 << 10)
    public static let writeLocked = TPMANV(rawValue: 1 << 11)
    public static let writeAll = TPMANV(rawValue: 1 << 12)
    public static let writeDefine = TPMANV(rawValue: 1 << 13)
    public static let writeSTClear = TPMANV(rawValue: 1 << 14)
    public static let globalLock = TPMANV(rawValue: 1 << 15)
    public static let ppRead = TPMANV(rawValue: 1 << 16)
    public static let ownerRead = TPMANV(rawValue: 1 << 17)
    public static let authRead = TPMANV(rawValue: 1 << 18)
    public static let policyRead = TPMANV(rawValue: 1 << 19)
    public static let noDA = TPMANV(rawValue: 1 << 25)
    public static let orderly = TPMANV(rawValue: 1 << 26)
    public static let clearSTClear = TPMANV(rawValue: 1 << 27)
    public static let readLocked = TPMANV(rawValue: 1 << 28)
    public static let written = TPMANV(rawValue: 1 << 29)
    public static let platformCreate = TPMANV(rawValue: 1 << 30)
    public static let readSTClear = TPMANV(rawValue: 1 << 31)

    /// TPM_NT (Part 2, 13.2): what an index holds, bits 7 to 4 of the attributes.
    public struct IndexType: RawRepresentable, Hashable, Sendable {
        /// The four bits.
        public var rawValue: UInt8
        /// Any number; only the lower four bits count.
        public init(rawValue: UInt8) { self.rawValue = rawValue & 0x0F }

        public static let ordinary = IndexType(rawValue: 0x0)
        public static let counter = IndexType(rawValue: 0x1)
        public static let bits = IndexType(rawValue: 0x2)
        public static let extend = IndexType(rawValue: 0x4)
        public static let pinFail = IndexType(rawValue: 0x8)
        public static let pinPass = IndexType(rawValue: 0x9)

        /// The bits in their place within the attributes.
        public var attribute: TPMANV { TPMANV(rawValue: UInt32(rawValue) << 4) }
    }

    /// What the index holds.
    public var indexType: IndexType { IndexType(rawValue: UInt8(truncatingIfNeeded: rawValue >> 4)) }
}

/// TPMA_SESSION (Part 2, 8.4).
public struct TPMASession: OptionSet, Sendable, Hashable {
    /// All eight bits.
    public var rawValue: UInt8
    /// Any bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let continueSession = TPMASession(rawValue: 1 << 0)
    public static let auditExclusive = TPMASession(rawValue: 1 << 1)
    public static let auditReset = TPMASession(rawValue: 1 << 2)
    public static let decrypt = TPMASession(rawValue: 1 << 5)
    public static let encrypt = TPMASession(rawValue: 1 << 6)
    public static let audit = TPMASession(rawValue: 1 << 7)
}

/// TPMA_PERMANENT (Part 2, 8.6): what stays as it is over a reset.
public struct TPMAPermanent: OptionSet, Sendable, Hashable {
    /// All 32 bits.
    public var rawValue: UInt32
    /// Any bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let ownerAuthSet = TPMAPermanent(rawValue: 1 << 0)
    public static let endorsementAuthSet = TPMAPermanent(rawValue: 1 << 1)
    public static let lockoutAuthSet = TPMAPermanent(rawValue: 1 << 2)
    /// TPM2_Clear by the lockout authorization is forbidden.
    public static let disableClear = TPMAPermanent(rawValue: 1 << 8)
    public static let inLockout = TPMAPermanent(rawValue: 1 << 9)
    public static let tpmGeneratedEPS = TPMAPermanent(rawValue: 1 << 10)
}

/// TPMA_LOCALITY (Part 2, 8.5): bits 0 to 4 for localities 0 to 4; 32 and above is one extended locality.
public struct TPMALocality: OptionSet, WireStructure {
    /// Part 2 calls it TPMA_LOCALITY.
    public static var specificationName: String { "TPMA_LOCALITY" }

    /// All eight bits.
    public var rawValue: UInt8
    /// Any bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Reads one byte.
    public init(from reader: inout ByteReader) throws(WireError) {
        self.init(rawValue: try reader.uint8("TPMA_LOCALITY"))
    }

    /// Writes one byte.
    public func write(to writer: inout ByteWriter) { writer.uint8(rawValue) }

    public static let zero = TPMALocality(rawValue: 1 << 0)
    public static let one = TPMALocality(rawValue: 1 << 1)
    public static let two = TPMALocality(rawValue: 1 << 2)
    public static let three = TPMALocality(rawValue: 1 << 3)
    public static let four = TPMALocality(rawValue: 1 << 4)
}
