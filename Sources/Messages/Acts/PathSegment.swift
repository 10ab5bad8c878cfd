/// One segment of a path, as names stand in it (RFC 3986 section 3.3).
public enum PathSegment {
    /// Writes a name: of a label's characters only these two have a meaning in a path (the RFC allows them; some servers do not).
    public static func encode(_ name: Label) -> String {
        name.text.map { $0 == "+" ? "%2B" : $0 == ":" ? "%3A" : String($0) }.joined()
    }

    /// The text behind percent-encoding (RFC 3986 section 2.1); `nil` unless it is printable ASCII.
    public static func decode(_ segment: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = segment.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard bytes.allSatisfy({ (0x21..<0x7F).contains($0) }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
