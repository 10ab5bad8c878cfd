import Wording

/// UEFI_VARIABLE_DATA: a firmware variable as it is measured (PFP), as ranges of the log's bytes.
struct VariableData {
    let vendor: Range<Int>
    let name: Range<Int>
    let contents: Range<Int>

    private static let vendorSize = 16
    private static let headerSize = 32

    /// Reads a variable that fills its event's data exactly, or up to `slack` bytes; nil for anything else.
    init?(_ bytes: Span<UInt8>, in data: Range<Int>, slack: Int = 0) {
        guard data.upperBound <= bytes.count, data.count >= Self.headerSize else { return nil }
        let units = LittleEndian.uint64(bytes, at: data.lowerBound + Self.vendorSize)
        let size = LittleEndian.uint64(bytes, at: data.lowerBound + Self.vendorSize + 8)
        let rest = data.count - Self.headerSize
        guard units <= EventLogBounds.variableName, 2 * Int(units) <= rest else { return nil }
        let room = UInt64(rest - 2 * Int(units))
        guard size <= room, room - size == 0 || room - size == UInt64(slack) else { return nil }
        vendor = data.lowerBound..<data.lowerBound + Self.vendorSize
        name = data.lowerBound + Self.headerSize..<data.lowerBound + Self.headerSize + 2 * Int(units)
        contents = name.upperBound..<name.upperBound + Int(size)
    }

    /// Whether this is the variable of the vendor with the name.
    func isNamed(_ expected: SecureBootVariable, _ bytes: Span<UInt8>) -> Bool {
        let text = expected.rawValue.utf8
        guard name.count == 2 * text.count else { return false }
        for (index, character) in text.enumerated() {
            guard bytes[name.lowerBound + 2 * index] == character,
                bytes[name.lowerBound + 2 * index + 1] == 0
            else { return false }
        }
        for (index, byte) in expected.vendor.enumerated() where bytes[vendor.lowerBound + index] != byte {
            return false
        }
        return true
    }
}

/// The variables that decide what Secure Boot accepts (UEFI specification, chapter Secure Boot).
public enum SecureBootVariable: String, Hashable, Sendable, CaseIterable {
    case secureBoot = "SecureBoot"
    case platformKey = "PK"
    case keyExchangeKeys = "KEK"
    case allowed = "db"
    case forbidden = "dbx"
    case timestampAuthorities = "dbt"
    case recovery = "dbr"

    /// The GUID of the variable's vendor as it stands in memory.
    var vendor: [UInt8] {
        switch self {
        case .secureBoot, .platformKey, .keyExchangeKeys: Self.globalVariable
        case .allowed, .forbidden, .timestampAuthorities, .recovery: Self.imageSecurityDatabase
        }
    }

    // EFI_GLOBAL_VARIABLE, 8BE4DF61-93CA-11D2-AA0D-00E098032B8C.
    private static let globalVariable: [UInt8] = [
        0x61, 0xDF, 0xE4, 0x8B, 0xCA, 0x93, 0xD2, 0x11, 0xAA, 0x0D, 0x00, 0xE0, 0x98, 0x03, 0x2B, 0x8C,
    ]
    // EFI_IMAGE_SECURITY_DATABASE_GUID, D719B2CB-3D3A-4596-A3BC-DAD00E67656F.
    private static let imageSecurityDatabase: [UInt8] = [
        0xCB, 0xB2, 0x19, 0xD7, 0x3A, 0x3D, 0x96, 0x45, 0xA3, 0xBC, 0xDA, 0xD0, 0x0E, 0x67, 0x65, 0x6F,
    ]
}

/// Text in event data: printable, so that a name from a log cannot forge lines of ours.
enum EventText {
    /// UTF-16 without its terminating NUL; nil when it is not well-formed, printable text.
    static func utf16(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.count % 2 == 0 else { return nil }
        if let text = ascii(bytes) { return text }
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2)
        for index in stride(from: bytes.startIndex, to: bytes.endIndex, by: 2) {
            units.append(UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8)
        }
        if units.last == 0 { units.removeLast() }
        return printable(String(validating: units, as: UTF16.self))
    }

    /// Text that is all printable ASCII, as nearly all of it is: validating and classifying it takes longer than to hash it.
    private static func ascii(_ utf16: ArraySlice<UInt8>) -> String? {
        var characters: [UInt8] = []
        characters.reserveCapacity(utf16.count / 2)
        for index in stride(from: utf16.startIndex, to: utf16.endIndex, by: 2) {
            if utf16[index] == 0, utf16[index + 1] == 0, index + 2 == utf16.endIndex { break }
            guard 0x20..<0x7F ~= utf16[index], utf16[index + 1] == 0 else { return nil }
            characters.append(utf16[index])
        }
        return String(decoding: characters, as: UTF8.self)
    }

    /// UTF-8 without a terminating NUL; nil when it is not well-formed, printable text.
    static func utf8(_ bytes: ArraySlice<UInt8>) -> String? {
        printable(String(validating: bytes.last == 0 ? bytes.dropLast() : bytes, as: UTF8.self))
    }

    /// GRUB measures menu entries with their line breaks; other control characters have no business in text.
    private static func printable(_ text: String?) -> String? {
        guard let text, !text.unicodeScalars.contains(where: isControl), text.isStreamSafe else { return nil }
        return text
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar != "\n" && scalar != "\t" && (scalar.value < 0x20 || 0x7F..<0xA0 ~= scalar.value)
    }
}
