/// TPMS_NV_PUBLIC (Part 2, 13.6): the public area of an NV index.
public struct TPMSNVPublic: WireStructure {
    /// Part 2 calls it TPMS_NV_PUBLIC.
    public static var specificationName: String { "TPMS_NV_PUBLIC" }

    public var nvIndex: Handle
    public var nameAlg: AlgorithmID
    public var attributes: TPMANV
    /// Empty, or a digest of nameAlg.
    public var authPolicy: [UInt8]
    /// Size of the contents in bytes; at most 2,048.
    public var dataSize: UInt16

    /// All fields.
    public init(
        nvIndex: Handle,
        nameAlg: AlgorithmID,
        attributes: TPMANV,
        authPolicy: [UInt8] = [],
        dataSize: UInt16
    ) {
        self.nvIndex = nvIndex
        self.nameAlg = nameAlg
        self.attributes = attributes
        self.authPolicy = authPolicy
        self.dataSize = dataSize
    }

    /// Reads the fields; refuses a handle that is no NV index.
    public init(from reader: inout ByteReader) throws(WireError) {
        let start = reader.offset
        nvIndex = try Handle(from: &reader)
        guard nvIndex.kind == .nvIndex else {
            throw WireError(.illegalValue, field: "nvIndex", offset: start, value: UInt64(nvIndex.rawValue))
        }
        nameAlg = try AlgorithmID(from: &reader)
        attributes = try TPMANV(from: &reader)
        authPolicy = try reader.sized(max: WireBounds.digest, "nv.authPolicy")
        let at = reader.offset
        dataSize = try reader.uint16("nv.dataSize")
        guard dataSize <= WireBounds.nvBuffer else {
            throw WireError(.tooLong, field: "nv.dataSize", offset: at, value: UInt64(dataSize))
        }
    }

    /// Writes the fields.
    public func write(to writer: inout ByteWriter) {
        nvIndex.write(to: &writer)
        nameAlg.write(to: &writer)
        attributes.write(to: &writer)
        writer.sized(authPolicy)
        writer.uint16(dataSize)
    }
}

/// TPM2B_NV_PUBLIC.
public typealias TPM2BNVPublic = TPM2B<TPMSNVPublic>
