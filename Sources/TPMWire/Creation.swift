/// TPMS_CREATION_DATA (Part 2, 15.1): the circumstances in which an object was made.
public struct TPMSCreationData: WireStructure {
    /// Part 2 calls it TPMS_CREATION_DATA.
    public static var specificationName: String { "TPMS_CREATION_DATA" }

    public var pcrSelect: TPMLPCRSelection
    public var pcrDigest: [UInt8]
    public var locality: TPMALocality
    public var parentNameAlg: AlgorithmID
    /// Name of the parent; the handle of the hierarchy for a primary object.
    public var parentName: Name
    public var parentQualifiedName: Name
    public var outsideInfo: [UInt8]

    /// All fields.
    public init(
        pcrSelect: TPMLPCRSelection,
        pcrDigest: [UInt8],
        locality: TPMALocality,
        parentNameAlg: AlgorithmID,
        parentName: Name,
        parentQualifiedName: Name,
        outsideInfo: [UInt8]
    ) {
        self.pcrSelect = pcrSelect
        self.pcrDigest = pcrDigest
        self.locality = locality
        self.parentNameAlg = parentNameAlg
        self.parentName = parentName
        self.parentQualifiedName = parentQualifiedName
        self.outsideInfo = outsideInfo
    }

    /// Reads the fields.
    public init(from reader: inout ByteReader) throws(WireError) {
        pcrSelect = try TPMLPCRSelection(from: &reader)
        pcrDigest = try reader.sized(max: WireBounds.digest, "creation.pcrDigest")
        locality = try TPMALocality(from: &reader)
        parentNameAlg = try AlgorithmID(from: &reader)
        parentName = try Name(from: &reader)
        parentQualifiedName = try Name(from: &reader)
        outsideInfo = try reader.sized(max: WireBounds.data, "outsideInfo")
    }

    /// Writes the fields.
    public func write(to writer: inout ByteWriter) {
        pcrSelect.write(to: &writer)
        writer.sized(pcrDigest)
        locality.write(to: &writer)
        parentNameAlg.write(to: &writer)
        parentName.write(to: &writer)
        parentQualifiedName.write(to: &writer)
        writer.sized(outsideInfo)
    }
}

/// TPMT_TK_CREATION (Part 2, 10.6.3): a TPM's note to itself that it made an object with this creation data.
public struct TPMTTKCreation: WireStructure {
    /// Part 2 calls it TPMT_TK_CREATION.
    public static var specificationName: String { "TPMT_TK_CREATION" }

    public var hierarchy: Handle
    public var digest: [UInt8]

    /// Both fields.
    public init(hierarchy: Handle, digest: [UInt8]) {
        self.hierarchy = hierarchy
        self.digest = digest
    }

    /// Reads a ticket; refuses other tags than TPM_ST_CREATION.
    public init(from reader: inout ByteReader) throws(WireError) {
        let at = reader.offset
        let tag = try StructureTag(from: &reader)
        guard tag == .creation else {
            throw WireError(.illegalValue, field: "ticket.tag", offset: at, value: UInt64(tag.rawValue))
        }
        hierarchy = try Handle(from: &reader)
        digest = try reader.sized(max: WireBounds.digest, "ticket.digest")
    }

    /// Writes the ticket.
    public func write(to writer: inout ByteWriter) {
        StructureTag.creation.write(to: &writer)
        hierarchy.write(to: &writer)
        writer.sized(digest)
    }
}
