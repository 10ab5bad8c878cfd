/// TPM_CC (Part 2, 6.5.2), as far as policies name commands.
public struct CommandCode: RawRepresentable, WireStructure {
    /// Part 2 calls it TPM_CC.
    public static var specificationName: String { "TPM_CC" }

    /// The number.
    public var rawValue: UInt32

    /// Any number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Reads a UINT32.
    public init(from reader: inout ByteReader) throws(WireError) {
        self.init(rawValue: try reader.uint32("TPM_CC"))
    }

    /// Writes a UINT32.
    public func write(to writer: inout ByteWriter) { writer.uint32(rawValue) }

    public static let policySecret = CommandCode(rawValue: 0x0000_0151)
    public static let policyOR = CommandCode(rawValue: 0x0000_0171)
    public static let policyAuthorizeNV = CommandCode(rawValue: 0x0000_0192)
}
