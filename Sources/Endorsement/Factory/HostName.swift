/// Host names and addresses as they stand in a server certificate.
public enum HostName {
    /// Whether it can stand in a server certificate: a host name or an address.
    public static func isUsable(_ text: String) -> Bool { address(text) != nil || isValid(text) }

    /// Four bytes for IPv4, sixteen for IPv6; nil when the text is neither.
    static func address(_ text: String) -> [UInt8]? { ipv4(text) ?? ipv6(text) }

    private static func ipv4(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { part in
            part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? UInt8(part) : nil
        }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    /// RFC 4291, section 2.2, forms 1 and 2.
    private static func ipv6(_ text: String) -> [UInt8]? {
        var halves: [[UInt8]] = [[]]
        var groups = text.split(separator: ":", omittingEmptySubsequences: false)
        guard groups.count >= 3 else { return nil }
        // `::` at either end leaves one empty group too many there.
        if groups.first == "", groups.dropFirst().first == "" { groups.removeFirst() }
        if groups.last == "", groups.dropLast().last == "" { groups.removeLast() }
        for group in groups {
            if group.isEmpty {
                halves.append([])
                continue
            }
            guard group.utf8.count <= 4, group.allSatisfy({ $0.isASCII && $0.isHexDigit }),
                let value = UInt16(group, radix: 16)
            else { return nil }
            halves[halves.count - 1] += [UInt8(value >> 8), UInt8(value & 0xFF)]
        }
        let count = halves.reduce(0) { $0 + $1.count }
        switch halves.count {
        case 1: return count == 16 ? halves[0] : nil
        case 2: return count <= 14 ? halves[0] + [UInt8](repeating: 0, count: 16 - count) + halves[1] : nil
        default: return nil
        }
    }

    /// RFC 1123, section 2.1: labels of letters, digits and inner hyphens.
    static func isValid(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
            }
    }
}
