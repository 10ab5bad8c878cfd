/// TPMS_CLOCK_INFO (Part 2, 10.11.1): 17 bytes.
public struct TPMSClockInfo: WireStructure {
    /// Part 2 calls it TPMS_CLOCK_INFO.
    public static var specificationName: String { "TPMS_CLOCK_INFO" }

    /// Milliseconds that this TPM was powered since its last TPM2_Clear.
    public var clock: UInt64
    /// TPM Resets since the last TPM2_Clear.
    public var resetCount: UInt32
    /// TPM Restarts and Resumes since the last TPM Reset or TPM2_Clear.
    public var restartCount: UInt32
    /// False while the clock may repeat values reported before an unorderly shutdown.
    public var safe: Bool

    /// All fields.
    public init(clock: UInt64, resetCount: UInt32, restartCount: UInt32, safe: Bool) {
        self.clock = clock
        self.resetCount = resetCount
        self.restartCount = restartCount
        self.safe = safe
    }

    /// Reads the fields; `safe` is 0 or 1.
    public init(from reader: inout ByteReader) throws(WireError) {
        clock = try reader.uint64("clockInfo.clock")
        resetCount = try reader.uint32("clockInfo.resetCount")
        restartCount = try reader.uint32("clockInfo.restartCount")
        safe = try reader.yesNo("clockInfo.safe")
    }

    /// Writes the fields.
    public func write(to writer: inout ByteWriter) {
        writer.uint64(clock)
        writer.uint32(resetCount)
        writer.uint32(restartCount)
        writer.yesNo(safe)
    }
}

/// TPMS_ATTEST (Part 2, 10.12.12): what a TPM signs about itself.
///
/// Parsing proves nothing but form. The signature is over the received bytes, so keep those; and the magic means
/// something only when the key is a restricted signing key of a TPM.
public struct TPMSAttest: WireStructure {
    /// Part 2 calls it TPMS_ATTEST.
    public static var specificationName: String { "TPMS_ATTEST" }

    /// TPM_GENERATED_VALUE, 0xFF and "TCG": a restricted key refuses to sign outside data that starts with it.
    public static let generated: UInt32 = 0xFF54_4347

    /// 2,048 bytes.
    public static var maximumSize: Int { WireBounds.attest }

    /// Qualified Name of the signing key.
    public var qualifiedSigner: Name
    /// The caller's qualifying data: a nonce, or a digest over what is asked.
    public var extraData: [UInt8]
    public var clockInfo: TPMSClockInfo
    /// Obfuscated unless the key is in the endorsement or platform hierarchy.
    public var firmwareVersion: UInt64
    /// What is attested, with the type that says so.
    public var attested: TPMUAttest

    /// All fields.
    public init(
        qualifiedSigner: Name,
        extraData: [UInt8],
        clockInfo: TPMSClockInfo,
        firmwareVersion: UInt64,
        attested: TPMUAttest
    ) {
        self.qualifiedSigner = qualifiedSigner
        self.extraData = extraData
        self.clockInfo = clockInfo
        self.firmwareVersion = firmwareVersion
        self.attested = attested
    }

    /// The structure tag.
    public var type: StructureTag { attested.type }

    /// The quote, when that is what is attested.
    public var quote: TPMSQuoteInfo? {
        if case .quote(let info) = attested { info } else { nil }
    }

    /// Reads an attestation of any type; a wrong magic is `.notGenerated`, an unknown type `.unsupported`.
    public init(from reader: inout ByteReader) throws(WireError) {
        let start = reader.offset
        let magic = try reader.uint32("magic")
        guard magic == Self.generated else {
            throw WireError(.notGenerated, field: "magic", offset: start, value: UInt64(magic))
        }
        let at = reader.offset
        let type = try StructureTag(from: &reader)
        qualifiedSigner = try Name(from: &reader)
        extraData = try reader.sized(max: WireBounds.data, "extraData")
        clockInfo = try TPMSClockInfo(from: &reader)
        firmwareVersion = try reader.uint64("firmwareVersion")
        attested = try TPMUAttest(type: type, at: at, from: &reader)
    }

    /// Writes the attestation.
    public func write(to writer: inout ByteWriter) {
        writer.uint32(Self.generated)
        type.write(to: &writer)
        qualifiedSigner.write(to: &writer)
        writer.sized(extraData)
        clockInfo.write(to: &writer)
        writer.uint64(firmwareVersion)
        attested.write(to: &writer)
    }
}

/// TPM2B_ATTEST, here with contents that are parsed.
public typealias TPM2BAttest = TPM2B<TPMSAttest>
