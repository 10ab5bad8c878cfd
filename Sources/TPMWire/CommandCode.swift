/// TPM_CC (Part 2, 6.5.2), as far as policies and messages name commands.
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

    public static let nvIncrement = CommandCode(rawValue: 0x0000_0134)
    public static let activateCredential = CommandCode(rawValue: 0x0000_0147)
    public static let certify = CommandCode(rawValue: 0x0000_0148)
    public static let policyNV = CommandCode(rawValue: 0x0000_0149)
    public static let certifyCreation = CommandCode(rawValue: 0x0000_014A)
    public static let duplicate = CommandCode(rawValue: 0x0000_014B)
    public static let policySecret = CommandCode(rawValue: 0x0000_0151)
    public static let quote = CommandCode(rawValue: 0x0000_0158)
    public static let sign = CommandCode(rawValue: 0x0000_015D)
    public static let policyAuthValue = CommandCode(rawValue: 0x0000_016B)
    public static let policyCommandCode = CommandCode(rawValue: 0x0000_016C)
    public static let policyOR = CommandCode(rawValue: 0x0000_0171)
    public static let policyPCR = CommandCode(rawValue: 0x0000_017F)
    public static let policyAuthorizeNV = CommandCode(rawValue: 0x0000_0192)
}
