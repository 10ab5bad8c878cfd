/// TPM_ST (Part 2, 6.9): says which structure follows.
public struct StructureTag: RawRepresentable, WireStructure, CustomStringConvertible {
    /// Part 2 calls it TPM_ST.
    public static var specificationName: String { "TPM_ST" }

    /// The number.
    public var rawValue: UInt16

    /// Any number.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Reads a UINT16.
    public init(from reader: inout ByteReader) throws(WireError) {
        self.init(rawValue: try reader.uint16("TPM_ST"))
    }

    /// Writes a UINT16.
    public func write(to writer: inout ByteWriter) { writer.uint16(rawValue) }

    public static let attestNV = StructureTag(rawValue: 0x8014)
    public static let attestCommandAudit = StructureTag(rawValue: 0x8015)
    public static let attestSessionAudit = StructureTag(rawValue: 0x8016)
    public static let attestCertify = StructureTag(rawValue: 0x8017)
    public static let attestQuote = StructureTag(rawValue: 0x8018)
    public static let attestTime = StructureTag(rawValue: 0x8019)
    public static let attestCreation = StructureTag(rawValue: 0x801A)
    public static let attestNVDigest = StructureTag(rawValue: 0x801C)
    /// TPM_ST_CREATION: a creation ticket.
    public static let creation = StructureTag(rawValue: 0x8021)

    /// The name in the standard without its prefix, or the number in hexadecimal.
    public var description: String {
        switch self {
        case .attestNV: "ATTEST_NV"
        case .attestCommandAudit: "ATTEST_COMMAND_AUDIT"
        case .attestSessionAudit: "ATTEST_SESSION_AUDIT"
        case .attestCertify: "ATTEST_CERTIFY"
        case .attestQuote: "ATTEST_QUOTE"
        case .attestTime: "ATTEST_TIME"
        case .attestCreation: "ATTEST_CREATION"
        case .attestNVDigest: "ATTEST_NV_DIGEST"
        case .creation: "CREATION"
        default: "0x" + String(rawValue, radix: 16)
        }
    }
}
