/// JSON in canonical form as it grows: no white space, and only the escapes that must be.
struct CanonicalText {
    private(set) var bytes: [UInt8]

    /// Most messages are no longer.
    private static let usualSize = 1 << 10

    init() {
        bytes = []
        bytes.reserveCapacity(Self.usualSize)
    }

    mutating func append(_ byte: UInt8) { bytes.append(byte) }

    /// Appends what is canonical already.
    mutating func append(_ text: CanonicalText) { bytes.append(contentsOf: text.bytes) }

    /// Begins a member of an object.
    /// - Returns: where it begins, behind the comma.
    mutating func beginMember(_ key: String, isFirst: Bool) -> Int {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        let begin = bytes.count
        write(key)
        bytes.append(UInt8(ascii: ":"))
        return begin
    }

    mutating func write(_ number: some FixedWidthInteger) { bytes.append(contentsOf: String(number).utf8) }

    mutating func write(_ value: Bool) { bytes.append(contentsOf: (value ? "true" : "false").utf8) }

    mutating func writeNull() { bytes.append(contentsOf: "null".utf8) }

    mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        if bytes[start...].contains(where: Self.needsEscape) {
            bytes.removeSubrange(start...)
            for byte in text.utf8 { writeEscaped(byte) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// RFC 8259 section 7: the short escape where there is one.
    private mutating func writeEscaped(_ byte: UInt8) {
        guard Self.needsEscape(byte) else { return bytes.append(byte) }
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0..<0x20: bytes.append(contentsOf: "u00\(LowercaseHex.encode([byte]))".utf8)
        default: bytes.append(byte)
        }
    }

    /// Puts the parts of the text's end into another order, with commas between them.
    /// - Parameter parts: without commas; together they are all from the first of them on.
    mutating func rearrange(_ parts: [Range<Int>], from start: Int) {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count - start)
        for (number, part) in parts.enumerated() {
            if number > 0 { text.append(UInt8(ascii: ",")) }
            text.append(contentsOf: bytes[part])
        }
        bytes.replaceSubrange(start..., with: text)
    }

    /// Puts a text in front of what stands at a place, which begins with a comma or is the end.
    mutating func insert(_ text: CanonicalText, at place: Int) { bytes.insert(contentsOf: text.bytes, at: place) }
}
