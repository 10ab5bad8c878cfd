import Wording

/// Reads a JSON text in any layout; every fault names its line.
struct JSONTreeParser {
    let bytes: [UInt8]
    let largest: UInt64
    private var position = 0
    private var line = 1

    init(bytes: [UInt8], largest: UInt64) {
        self.bytes = bytes
        self.largest = largest
    }

    mutating func wholeText() throws(MessageError) -> JSONTree {
        let tree = try value(depth: 0)
        skipWhiteSpace()
        guard position == bytes.count else { throw fault("something follows the end") }
        return tree
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func fault(_ what: String, _ code: MessageError.Code = .malformed) -> MessageError {
        MessageError(code, "JSON, line \(line): \(what)")
    }

    private mutating func skipWhiteSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            if byte == 0x0A { line += 1 }
            position += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(word: StaticString, as tree: JSONTree) throws(MessageError) -> JSONTree {
        for byte in "\(word)".utf8 {
            guard take(byte) else { throw fault("expected \(word)") }
        }
        return tree
    }

    private mutating func value(depth: Int) throws(MessageError) -> JSONTree {
        guard depth <= JSONTree.maximumDepth else { throw fault("nested deeper than \(JSONTree.maximumDepth)") }
        skipWhiteSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try take(word: "true", as: .bool(true))
        case UInt8(ascii: "f"): return try take(word: "false", as: .bool(false))
        case UInt8(ascii: "n"): return try take(word: "null", as: .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(MessageError) -> JSONTree {
        position += 1
        var members: [JSONObject.Member] = []
        // Ascending keys show by themselves that none is repeated; the set is for the rest.
        var seen: Set<String>?
        skipWhiteSpace()
        if take(UInt8(ascii: "}")) { return .object(JSONObject(members)) }
        while true {
            skipWhiteSpace()
            guard next == UInt8(ascii: "\"") else { throw fault("expected a key in quotation marks") }
            let key = try string()
            skipWhiteSpace()
            guard take(UInt8(ascii: ":")) else { throw fault("expected : after \"\(key)\"") }
            let value = try value(depth: depth + 1)
            if seen == nil, let last = members.last, !JSONObject.precedes(last.key, key) {
                seen = Set(members.map(\.key))
            }
            if let isNew = seen?.insert(key).inserted, !isNew { throw fault("\"\(key)\" stands twice") }
            members.append(JSONObject.Member(key: key, value: value))
            skipWhiteSpace()
            if take(UInt8(ascii: "}")) { return .object(JSONObject(members)) }
            guard take(UInt8(ascii: ",")) else { throw fault("expected , or }") }
        }
    }

    private mutating func array(depth: Int) throws(MessageError) -> JSONTree {
        position += 1
        var elements: [JSONTree] = []
        skipWhiteSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipWhiteSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw fault("expected , or ]") }
        }
    }

    private mutating func number() throws(MessageError) -> JSONTree {
        let start = position
        let isNegative = take(UInt8(ascii: "-"))
        let digits = position
        var magnitude: UInt64 = 0
        var fits = true
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            let (tens, overflows) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = tens.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            fits = fits && !overflows && !overflowsToo
            magnitude = sum
            position += 1
        }
        guard position > digits else { throw fault("expected a value") }
        if let byte = next, byte == UInt8(ascii: ".") || byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            throw fraction(from: start)
        }
        guard fits, bytes[digits] != UInt8(ascii: "0") || position - digits == 1 else {
            throw fault("not a whole number of 64 bits")
        }
        if !isNegative, let small = Int64(exactly: magnitude) { return .integer(small) }
        if isNegative, magnitude <= Int64.min.magnitude { return .integer(Int64(truncatingIfNeeded: 0 &- magnitude)) }
        guard !isNegative, magnitude <= largest else { throw fault("not a whole number of 64 bits") }
        return .large(magnitude)
    }

    /// What is wrong with a number that has a fraction or an exponent: `1.0` and `1e3` only have another form.
    private mutating func fraction(from start: Int) -> MessageError {
        while let byte = next, "0123456789+-.eE".utf8.contains(byte) { position += 1 }
        let value = Double(String(decoding: bytes[start..<position], as: UTF8.self))
        let isWhole = value.flatMap { Int64(exactly: $0) } != nil
        return fault("numbers are whole numbers here", isWhole ? .notCanonical : .malformed)
    }

    private mutating func string() throws(MessageError) -> String {
        position += 1
        let start = position
        var bits: UInt8 = 0
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
            bits |= byte
            position += 1
        }
        guard next == UInt8(ascii: "\"") else { return try stringWithEscapes(from: start) }
        position += 1
        return try string(bytes[start..<position - 1], isASCII: bits < 0x80)
    }

    private func string(_ text: ArraySlice<UInt8>, isASCII: Bool) throws(MessageError) -> String {
        guard let string = String(validating: text, as: UTF8.self) else { throw fault("not UTF-8") }
        guard isASCII || string.isStreamSafe else { throw fault("more than 30 combining marks in a row") }
        return string
    }

    private mutating func stringWithEscapes(from start: Int) throws(MessageError) -> String {
        var text = Array(bytes[start..<position])
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                return try string(text[...], isASCII: false)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw fault("a control character inside a string")
            default: text.append(byte)
            }
        }
        throw fault("a string does not end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(MessageError) {
        guard let byte = next else { throw fault("a string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            let high = try codeUnit()
            var units = [high]
            if UTF16.isLeadSurrogate(high) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw fault("half a surrogate pair") }
                units.append(try codeUnit())
            }
            guard let string = String(validating: units, as: UTF16.self) else { throw fault("half a surrogate pair") }
            text.append(contentsOf: string.utf8)
        default: throw fault("unknown escape")
        }
    }

    private mutating func codeUnit() throws(MessageError) -> UInt16 {
        guard bytes.count - position >= 4, bytes[position..<position + 4].allSatisfy(\.isHexDigit),
            let unit = UInt16(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw fault("\\u needs four hexadecimal digits") }
        position += 4
        return unit
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool { Character(UnicodeScalar(self)).isHexDigit && self < 0x80 }
}
