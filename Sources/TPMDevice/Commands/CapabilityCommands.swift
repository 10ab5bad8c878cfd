// Part 3, chapter 30: Capability Commands.

internal import CTSS2
public import TPMWire

extension TPMConnection {
    /// A TPM_PT (Part 2, section 6.13) that this program asks for.
    public struct Property: RawRepresentable, Sendable, Hashable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let manufacturer = Property(rawValue: 0x105)
        public static let vendorString1 = Property(rawValue: 0x106)
        public static let vendorString2 = Property(rawValue: 0x107)
        public static let vendorString3 = Property(rawValue: 0x108)
        public static let vendorString4 = Property(rawValue: 0x109)
        public static let firmwareVersion1 = Property(rawValue: 0x10B)
        public static let firmwareVersion2 = Property(rawValue: 0x10C)
        public static let nvBufferMaximum = Property(rawValue: 0x12C)
        /// TPMA_PERMANENT.
        public static let permanent = Property(rawValue: 0x200)
        /// Failures that are counted now.
        public static let lockoutCounter = Property(rawValue: 0x20E)
        /// TPM_PT_MAX_AUTH_FAIL.
        public static let maximumAuthorizationFailures = Property(rawValue: 0x20F)
        /// Seconds after which one of them is forgotten.
        public static let lockoutInterval = Property(rawValue: 0x210)
        /// Seconds for which a wrong lockout authorization shuts out the right one.
        public static let lockoutRecovery = Property(rawValue: 0x211)
    }

    /// TPM2_GetCapability(TPM_PROPERTIES), from one property on; a TPM leaves out those that it does not have.
    func properties(from first: Property, count: Int) throws(TPMError) -> [Property: UInt32] {
        var found: [Property: UInt32] = [:]
        try capability(TPM2_CAP_TPM_PROPERTIES, from: first.rawValue, count: count) { reader throws(WireError) in
            let property = Property(rawValue: try reader.uint32("property"))
            found[property] = try reader.uint32("value")
            return property.rawValue
        }
        return found
    }

    /// TPM_PT_PERMANENT: which authorization values were set, and what the TPM will not do.
    public func permanentAttributes() throws(TPMError) -> TPMAPermanent {
        TPMAPermanent(rawValue: try property(.permanent))
    }

    /// One property; an error when the TPM does not have it.
    public func property(_ property: Property) throws(TPMError) -> UInt32 {
        guard let value = try properties(from: property, count: 1)[property] else {
            throw TPMError(
                Command.getCapability.name,
                malformed: "no property 0x\(String(property.rawValue, radix: 16))"
            )
        }
        return value
    }

    /// The most bytes that one TPM2_NV_Read or TPM2_NV_Write moves; asked for once.
    public func nvBufferMaximum() throws(TPMError) -> Int {
        if let nvBufferSize { return nvBufferSize }
        let size = Int(try property(.nvBufferMaximum))
        guard size > 0 else { throw TPMError(Command.getCapability.name, malformed: "NV buffer of 0 bytes") }
        // libtss2 carries no more at once, whatever the TPM offers.
        let usable = min(size, Int(TPM2_MAX_NV_BUFFER_SIZE))
        nvBufferSize = usable
        return usable
    }

    /// TPM2_GetCapability(HANDLES): every handle of a kind that is in use.
    public func handles(_ kind: Handle.Kind) throws(TPMError) -> [Handle] {
        var found: [Handle] = []
        try capability(TPM2_CAP_HANDLES, from: UInt32(kind.rawValue) << 24, count: Int(UInt16.max)) {
            reader throws(WireError) in
            let handle = try Handle(from: &reader)
            found.append(handle)
            return handle.rawValue
        }
        return found
    }

    /// TPM2_GetCapability(PCRS): the banks that are allocated, with the PCRs in each.
    public func pcrBanks() throws(TPMError) -> TPMLPCRSelection {
        let (_, body) = try capabilityData(TPM2_CAP_PCRS, from: 0, count: 1)
        return try Command.getCapability.parse(body) { reader throws(WireError) in
            try TPMLPCRSelection(from: &reader)
        }
    }

    /// Who made the TPM and what runs in it.
    public func identity() throws(TPMError) -> TPMIdentity {
        let properties = try properties(from: .manufacturer, count: 8)
        let vendor: [Property] = [.vendorString1, .vendorString2, .vendorString3, .vendorString4]
        return TPMIdentity(
            manufacturer: TPMIdentity.text([properties[.manufacturer] ?? 0]),
            manufacturerID: properties[.manufacturer] ?? 0,
            vendorString: TPMIdentity.text(vendor.map { properties[$0] ?? 0 }),
            firmwareVersion: UInt64(properties[.firmwareVersion1] ?? 0) << 32
                | UInt64(properties[.firmwareVersion2] ?? 0)
        )
    }

    /// Reads a list of 32-bit keyed entries until the TPM has no more, or `count` were read.
    private func capability(
        _ capability: TPM2_CAP,
        from first: UInt32,
        count: Int,
        entry: (inout ByteReader) throws(WireError) -> UInt32
    ) throws(TPMError) {
        var (next, wanted, more) = (first, count, true)
        while more && wanted > 0 {
            let answer = try capabilityData(capability, from: next, count: UInt32(clamping: wanted))
            let read = try Command.getCapability.parse(answer.body) { reader throws(WireError) in
                let entries = try reader.uint32("count")
                for _ in 0..<entries { next = try entry(&reader) &+ 1 }
                return Int(entries)
            }
            wanted -= read
            more = answer.more && read > 0
        }
    }

    /// One TPM2_GetCapability: the data behind the capability number, and whether there is more.
    private func capabilityData(
        _ capability: TPM2_CAP,
        from first: UInt32,
        count: UInt32
    ) throws(TPMError) -> (more: Bool, body: [UInt8]) {
        let command = Command.getCapability
        var more: TPMI_YES_NO = 0
        var data = Out<TPMS_CAPABILITY_DATA>()
        try run(command) {
            unsafe Esys_GetCapability(
                $0.pointer,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                capability,
                first,
                count,
                &more,
                &data.pointer
            )
        }
        let bytes = try data.bytes(for: command.name)
        guard bytes.count >= 4, bytes.prefix(4).reduce(0, { $0 << 8 | UInt32($1) }) == capability else {
            throw TPMError(command.name, malformed: "another capability than the one asked for")
        }
        return (more != 0, Array(bytes.dropFirst(4)))
    }
}

/// Who made a TPM and what runs in it, as the TPM says; nothing signs it.
public struct TPMIdentity: Sendable, Hashable {
    /// Four characters of the TCG vendor ID registry, such as `IFX` or `STM`.
    public let manufacturer: String
    /// The same as a number, as EK certificates and HardwareModuleName write it in hexadecimal.
    public let manufacturerID: UInt32
    public let vendorString: String
    /// TPM_PT_FIRMWARE_VERSION_1 and _2: what attestations carry, obfuscated or not.
    public let firmwareVersion: UInt64

    /// Characters packed four to a number, without the padding of spaces and zeros.
    fileprivate static func text(_ words: [UInt32]) -> String {
        let bytes = words.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) } }
        let printable = bytes.filter { (0x20..<0x7F).contains($0) }
        return String(decoding: printable, as: UTF8.self).split(separator: " ").joined(separator: " ")
    }
}
