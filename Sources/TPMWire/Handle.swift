/// TPM_HANDLE (Part 2, 7.1): a permanent thing, a loaded object, an NV index, a PCR or a session.
public struct Handle: RawRepresentable, WireStructure, CustomStringConvertible {
    /// Part 2 calls it TPM_HANDLE.
    public static var specificationName: String { "TPM_HANDLE" }

    /// The number.
    public var rawValue: UInt32

    /// Any number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Reads a UINT32.
    public init(from reader: inout ByteReader) throws(WireError) {
        self.init(rawValue: try reader.uint32("TPM_HANDLE"))
    }

    /// Writes a UINT32.
    public func write(to writer: inout ByteWriter) { writer.uint32(rawValue) }

    /// TPM_RH_OWNER: the storage hierarchy.
    public static let owner = Handle(rawValue: 0x4000_0001)
    /// TPM_RH_NULL.
    public static let null = Handle(rawValue: 0x4000_0007)
    /// TPM_RS_PW: the password session.
    public static let passwordSession = Handle(rawValue: 0x4000_0009)
    /// TPM_RH_LOCKOUT.
    public static let lockout = Handle(rawValue: 0x4000_000A)
    /// TPM_RH_ENDORSEMENT.
    public static let endorsement = Handle(rawValue: 0x4000_000B)
    /// TPM_RH_PLATFORM.
    public static let platform = Handle(rawValue: 0x4000_000C)

    /// TPM_HT: what a handle stands for, its most significant byte (Part 2, 7.2).
    public struct Kind: RawRepresentable, Hashable, Sendable {
        /// The most significant byte of the handle.
        public var rawValue: UInt8
        /// Any byte.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let pcr = Kind(rawValue: 0x00)
        public static let nvIndex = Kind(rawValue: 0x01)
        public static let hmacSession = Kind(rawValue: 0x02)
        public static let policySession = Kind(rawValue: 0x03)
        public static let permanent = Kind(rawValue: 0x40)
        public static let transient = Kind(rawValue: 0x80)
        public static let persistent = Kind(rawValue: 0x81)
    }

    /// What the handle stands for.
    public var kind: Kind { Kind(rawValue: UInt8(truncatingIfNeeded: rawValue >> 24)) }

    /// Eight hexadecimal digits behind `0x`.
    public var description: String {
        let digits = String(rawValue, radix: 16)
        return "0x" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }
}
