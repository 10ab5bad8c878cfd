import TPMWire

/// An entry of the ASCII list: PCR, template digest, template name and fields, one space between each.
///
/// The kernel writes names as they are but for spaces, which it has replaced by underscores before it measured. A line
/// that has a space more than its template has fields is therefore refused and not interpreted, and so is what follows
/// a newline in a name, because it is no line.
struct IMALine: Sendable {
    /// Of the template digest; that of the first line holds for all.
    private var digestSize: Int?

    private static let newline = UInt8(ascii: "\n")
    private static let pcrs = 0..<24
    /// The most words of a line, with the empty one before a PCR of one digit; one more is one too many.
    private static let words = 7

    /// The length of the line at the beginning of some bytes, with its newline; nil when they do not hold all of it.
    static func length(_ bytes: ArraySlice<UInt8>, _ place: IMAPlace) throws(IMAListError) -> Int? {
        guard let end = bytes.prefix(IMABounds.line).firstIndex(of: newline) else {
            guard bytes.count < IMABounds.line else { throw place.refuse(.entryTooLarge, String(bytes.count)) }
            return nil
        }
        return end + 1 - bytes.startIndex
    }

    /// Reads one whole line.
    mutating func entry(_ record: ArraySlice<UInt8>, _ place: IMAPlace) throws(IMAListError) -> IMAEntry {
        var words = record.dropLast().split(
            separator: UInt8(ascii: " "),
            maxSplits: Self.words,
            omittingEmptySubsequences: false
        )[...]
        // The PCR is padded to two columns.
        if words.first?.isEmpty == true { words.removeFirst() }
        guard words.count >= 5, let pcr = Self.pcr(words[words.startIndex]),
            let listed = [UInt8](hexadecimal: Self.text(words[words.startIndex + 1]))
        else { throw place.refuse(.badLine, record.dropLast()) }
        guard Self.pcrs.contains(pcr) else { throw place.refuse(.noSuchPCR, String(pcr)) }
        guard listed.count == digestSize ?? listed.count, Self.algorithm(ofSize: listed.count) != nil else {
            throw place.refuse(.digestSizeChanges, String(listed.count))
        }
        digestSize = listed.count
        let name = words[words.startIndex + 2]
        guard let template = IMATemplate(rawValue: String(decoding: name, as: UTF8.self)) else {
            throw place.refuse(.unknownTemplate, name)
        }
        var fields = words.dropFirst(3)
        // Old copies of lists have lost the space behind which a signature would stand.
        if template.tail == .signature, fields.count == 2 { fields.append([]) }
        let count = template.tail == .nothing ? 2 : 3
        guard fields.count == count else { throw place.refuse(fields.count < count ? .badLine : .ambiguousLine) }
        return try Self.entry(pcr, template, listed, Array(fields), place)
    }

    /// The algorithm of a list whose template digests have a size.
    static func algorithm(ofSize size: Int) -> AlgorithmID? {
        switch size {
        case 20: .sha1
        case 32: .sha256
        case 48: .sha384
        case 64: .sha512
        default: nil
        }
    }

    /// Joins the fields to what the binary list has, which is what was measured.
    private static func entry(
        _ pcr: Int,
        _ template: IMATemplate,
        _ listed: [UInt8],
        _ fields: [ArraySlice<UInt8>],
        _ place: IMAPlace
    ) throws(IMAListError) -> IMAEntry {
        if template == .ima {
            guard let digest = [UInt8](hexadecimal: text(fields[0])), digest.count == 20 else {
                throw place.refuse(.badDigest)
            }
            return try IMAEntry(legacy: digest[...], name: fields[1], pcr: pcr, listed: listed[...], place)
        }
        guard let colon = fields[0].lastIndex(of: UInt8(ascii: ":")),
            let digest = [UInt8](hexadecimal: text(fields[0][(colon + 1)...]))
        else { throw place.refuse(.badDigest) }
        var storage = listed
        storage.appendField(fields[0][...colon] + [0] + digest)
        storage.appendField(fields[1] + [0])
        if template.tail != .nothing {
            guard let tail = [UInt8](hexadecimal: text(fields[2])) else { throw place.refuse(.ambiguousLine) }
            storage.appendField(tail[...])
        }
        let data = listed.count..<storage.count
        return IMAEntry(
            at: place,
            pcr: pcr,
            template: template,
            storage: storage[...],
            listed: 0..<listed.count,
            data: data,
            fields: try IMAFields(template, storage[data], place)
        )
    }

    private static func pcr(_ word: ArraySlice<UInt8>) -> Int? {
        guard word.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int(text(word))
    }

    private static func text(_ word: ArraySlice<UInt8>) -> String { String(decoding: word, as: UTF8.self) }
}

extension [UInt8] {
    /// Appends a field of template data.
    fileprivate mutating func appendField(_ field: some Collection<UInt8>) {
        for shift in stride(from: 0, to: 32, by: 8) { append(UInt8(truncatingIfNeeded: field.count >> shift)) }
        append(contentsOf: field)
    }
}
