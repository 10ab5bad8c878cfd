/// TPMS_QUOTE_INFO (Part 2, 10.12.4).
public struct TPMSQuoteInfo: WireStructure {
    /// Part 2 calls it TPMS_QUOTE_INFO.
    public static var specificationName: String { "TPMS_QUOTE_INFO" }

    /// What the TPM quoted, which is not always what it was asked: it clears PCRs and banks it does not have.
    public var pcrSelect: TPMLPCRSelection
    /// Digest, with the hash of the signing scheme, of the selected PCRs in order.
    public var pcrDigest: [UInt8]

    /// Both fields.
    public init(pcrSelect: TPMLPCRSelection, pcrDigest: [UInt8]) {
        self.pcrSelect = pcrSelect
        self.pcrDigest = pcrDigest
    }

    /// Reads both fields.
    public init(from reader: inout ByteReader) throws(WireError) {
        pcrSelect = try TPMLPCRSelection(from: &reader)
        pcrDigest = try reader.sized(max: WireBounds.digest, "pcrDigest")
    }

    /// Writes both fields.
    public func write(to writer: inout ByteWriter) {
        pcrSelect.write(to: &writer)
        writer.sized(pcrDigest)
    }
}

/// TPMU_ATTEST (Part 2, 10.12.11): what an attestation is about.
public enum TPMUAttest: Sendable, Hashable {
    /// TPMS_CERTIFY_INFO.
    case certify(name: Name, qualifiedName: Name)
    /// TPMS_CREATION_INFO.
    case creation(objectName: Name, creationHash: [UInt8])
    /// TPMS_QUOTE_INFO.
    case quote(TPMSQuoteInfo)
    /// TPMS_COMMAND_AUDIT_INFO.
    case commandAudit(counter: UInt64, digestAlg: AlgorithmID, auditDigest: [UInt8], commandDigest: [UInt8])
    /// TPMS_SESSION_AUDIT_INFO.
    case sessionAudit(exclusive: Bool, sessionDigest: [UInt8])
    /// TPMS_TIME_ATTEST_INFO; `time` is milliseconds since the TPM was powered.
    case time(time: UInt64, clockInfo: TPMSClockInfo, firmwareVersion: UInt64)
    /// TPMS_NV_CERTIFY_INFO.
    case nv(indexName: Name, offset: UInt16, contents: [UInt8])
    /// TPMS_NV_DIGEST_CERTIFY_INFO.
    case nvDigest(indexName: Name, digest: [UInt8])

    /// The structure tag.
    public var type: StructureTag {
        switch self {
        case .certify: .attestCertify
        case .creation: .attestCreation
        case .quote: .attestQuote
        case .commandAudit: .attestCommandAudit
        case .sessionAudit: .attestSessionAudit
        case .time: .attestTime
        case .nv: .attestNV
        case .nvDigest: .attestNVDigest
        }
    }

    init(type: StructureTag, at typeOffset: Int, from reader: inout ByteReader) throws(WireError) {
        switch type {
        case .attestCertify:
            self = .certify(name: try Name(from: &reader), qualifiedName: try Name(from: &reader))
        case .attestCreation:
            self = .creation(
                objectName: try Name(from: &reader),
                creationHash: try reader.sized(max: WireBounds.digest, "creationHash")
            )
        case .attestQuote:
            self = .quote(try TPMSQuoteInfo(from: &reader))
        case .attestCommandAudit:
            self = .commandAudit(
                counter: try reader.uint64("auditCounter"),
                digestAlg: try AlgorithmID(from: &reader),
                auditDigest: try reader.sized(max: WireBounds.digest, "auditDigest"),
                commandDigest: try reader.sized(max: WireBounds.digest, "commandDigest")
            )
        case .attestSessionAudit:
            self = .sessionAudit(
                exclusive: try reader.yesNo("exclusiveSession"),
                sessionDigest: try reader.sized(max: WireBounds.digest, "sessionDigest")
            )
        case .attestTime:
            self = .time(
                time: try reader.uint64("time"),
                clockInfo: try TPMSClockInfo(from: &reader),
                firmwareVersion: try reader.uint64("time.firmwareVersion")
            )
        case .attestNV:
            self = .nv(
                indexName: try Name(from: &reader),
                offset: try reader.uint16("offset"),
                contents: try reader.sized(max: WireBounds.nvBuffer, "nvContents")
            )
        case .attestNVDigest:
            self = .nvDigest(
                indexName: try Name(from: &reader),
                digest: try reader.sized(max: WireBounds.digest, "nvDigest")
            )
        default:
            throw WireError(.unsupported, field: "type", offset: typeOffset, value: UInt64(type.rawValue))
        }
    }

    func write(to writer: inout ByteWriter) {
        switch self {
        case .certify(let name, let qualifiedName):
            name.write(to: &writer)
            qualifiedName.write(to: &writer)
        case .creation(let objectName, let creationHash):
            objectName.write(to: &writer)
            writer.sized(creationHash)
        case .quote(let info):
            info.write(to: &writer)
        case .commandAudit(let counter, let digestAlg, let auditDigest, let commandDigest):
            writer.uint64(counter)
            digestAlg.write(to: &writer)
            writer.sized(auditDigest)
            writer.sized(commandDigest)
        case .sessionAudit(let exclusive, let sessionDigest):
            writer.yesNo(exclusive)
            writer.sized(sessionDigest)
        case .time(let time, let clockInfo, let firmwareVersion):
            writer.uint64(time)
            clockInfo.write(to: &writer)
            writer.uint64(firmwareVersion)
        case .nv(let indexName, let offset, let contents):
            indexName.write(to: &writer)
            writer.uint16(offset)
            writer.sized(contents)
        case .nvDigest(let indexName, let digest):
            indexName.write(to: &writer)
            writer.sized(digest)
        }
    }
}
