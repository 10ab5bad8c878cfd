/// Where the fields of an entry lie in its bytes.
struct IMAFields: Sendable {
    /// nil in the template `ima`, whose digests are SHA-1.
    var algorithm: Range<Int>?
    var isVerity = false
    var digest: Range<Int>
    var name: Range<Int>
    /// A signature or a buffer; empty where there is none.
    var tail: Range<Int>

    /// Reads the fields of every template but `ima`: each a little-endian length and that many bytes.
    init(_ template: IMATemplate, _ bytes: ArraySlice<UInt8>, _ place: IMAPlace) throws(IMAListError) {
        var position = bytes.startIndex
        func malformed() -> IMAListError { place.refuse(.badTemplateData, template.rawValue) }
        func field() throws(IMAListError) -> Range<Int> {
            guard let length = bytes.littleEndian32(at: position), length <= bytes.endIndex - position - 4 else {
                throw malformed()
            }
            let start = position + 4
            position = start + length
            return start..<position
        }
        let first = try field()
        name = try Self.name(field(), bytes, place)
        tail = template.tail == .nothing ? position..<position : try field()
        guard position == bytes.endIndex else { throw malformed() }
        digest = first
        try readDigest(first, bytes, template, place)
    }

    /// The fields of the template `ima`, whose places do not depend on the bytes.
    init(legacyDigest: Range<Int>, name: Range<Int>) {
        digest = legacyDigest
        self.name = name
        tail = name.upperBound..<name.upperBound
    }

    /// A name is a C string in the list: one NUL, and that at the end.
    private static func name(
        _ field: Range<Int>,
        _ bytes: ArraySlice<UInt8>,
        _ place: IMAPlace
    ) throws(IMAListError) -> Range<Int> {
        guard !field.isEmpty, bytes[field].firstIndex(of: 0) == field.upperBound - 1 else {
            throw place.refuse(.badName)
        }
        return field.lowerBound..<field.upperBound - 1
    }

    /// `sha256:` NUL digest, or with a type `ima:sha256:` NUL digest.
    private mutating func readDigest(
        _ field: Range<Int>,
        _ bytes: ArraySlice<UInt8>,
        _ template: IMATemplate,
        _ place: IMAPlace
    ) throws(IMAListError) {
        let colon = UInt8(ascii: ":")
        guard let nul = bytes[field].prefix(IMABounds.algorithmName).firstIndex(of: 0), nul > field.lowerBound,
            bytes[nul - 1] == colon
        else { throw place.refuse(.badDigest) }
        var named = field.lowerBound..<nul - 1
        if template.hasDigestType {
            guard let end = bytes[named].firstIndex(of: colon) else { throw place.refuse(.badDigest) }
            let type = bytes[named.lowerBound..<end]
            isVerity = type.elementsEqual("verity".utf8)
            guard isVerity || type.elementsEqual("ima".utf8) else { throw place.refuse(.badDigest) }
            named = end + 1..<named.upperBound
        }
        let name = bytes[named]
        digest = nul + 1..<field.upperBound
        let sizes = IMAFileDigest.size(name).map { $0...$0 } ?? 1...IMABounds.fileDigest
        guard !name.isEmpty, name.allSatisfy(Self.isOfAName), sizes.contains(digest.count) else {
            throw place.refuse(.badDigest)
        }
        algorithm = named
    }

    /// Lower-case letters, digits, `-` and `_`: what names of algorithms are made of.
    private static func isOfAName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension ArraySlice<UInt8> {
    /// A 32-bit number at an index; nil when the slice ends before it does.
    func littleEndian32(at index: Int) -> Int? {
        guard index >= startIndex, endIndex - index >= 4 else { return nil }
        return Int(self[index]) | Int(self[index + 1]) << 8 | Int(self[index + 2]) << 16 | Int(self[index + 3]) << 24
    }
}
