// UEFI and the event log are little-endian, unlike everything of the TPM.

extension [UInt8] {
    mutating func append(littleEndian value: some FixedWidthInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// UTF-16, little-endian, as UEFI writes strings.
    static func ucs2(_ text: String, terminated: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        for unit in text.utf16 { bytes.append(littleEndian: unit) }
        if terminated { bytes.append(littleEndian: UInt16(0)) }
        return bytes
    }
}
