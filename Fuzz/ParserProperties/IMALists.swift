import MeasuredBoot
import TPMWire

extension ParserTarget {
    static let imaLists = [
        ParserTarget("ima-list", longestInput: 4 << 10) { (input) throws(BrokenProperty) in
            try holdList(input, .binary())
        },
        ParserTarget("ima-list-ascii", longestInput: 4 << 10) { (input) throws(BrokenProperty) in
            try holdList(input, .ascii)
        },
    ]

    /// What came of reading a list.
    private struct Reading: Equatable {
        var records: [UInt8] = []
        var entries = 0
        var offset: UInt64 = 0
        var error: IMAListError.Code?
        /// The SHA-256 PCR after each entry, by the kernel's usual extension; empty when an entry cannot be replayed.
        var values: [[UInt8]] = []
    }

    private static func holdList(_ input: [UInt8], _ form: IMAListForm) throws(BrokenProperty) -> Bool {
        let whole = read(input, form, pieces: max(1, input.count))
        try hold(input.starts(with: whole.records), "records are the list's own bytes, without gap")
        try hold(whole.offset == UInt64(whole.records.count), "the offset is where the records end")
        for size in [1, 7, 64] {
            try hold(read(input, form, pieces: size) == whole, "a list read in pieces of \(size) is the same list")
        }
        guard whole.error == nil, whole.entries > 0 else { return false }
        try hold(whole.records == input, "a list that was read whole is its records")
        for (index, value) in whole.values.enumerated() {
            try holdPrefix(input, form, to: value, atMost: index + 1)
        }
        return true
    }

    private static func read(_ input: [UInt8], _ form: IMAListForm, pieces: Int) -> Reading {
        var reading = Reading()
        guard var reader = try? IMAListReader(form), let begin = try? IMAReplay(bank: .sha256) else { return reading }
        var replay: IMAReplay? = begin
        do throws(IMAListError) {
            var rest = input[...]
            while !rest.isEmpty {
                try reader.read(rest.prefix(pieces)) { entry, record in
                    reading.records += record
                    reading.entries += 1
                    ask(entry)
                    if (try? replay?.extend(entry)) == nil { replay = nil }
                    if let value = replay?.value(.perBank) { reading.values.append(value) }
                    return true
                }
                rest = rest.dropFirst(pieces)
            }
            try reader.finish()
        } catch {
            reading.error = error.code
        }
        reading.offset = reader.offset
        return reading
    }

    private static func ask(_ entry: IMAEntry) {
        _ = (entry.digest.description, entry.digest.algorithmID, entry.name.count, entry.buffer?.count)
        if let signature = entry.signature { _ = IMASignature(signature) }
    }

    /// Whoever follows the list to a value stops there, and can go on from there.
    private static func holdPrefix(
        _ input: [UInt8],
        _ form: IMAListForm,
        to value: [UInt8],
        atMost entries: Int
    ) throws(BrokenProperty) {
        guard var prefix = try? IMAPrefix(form, to: value, bank: .sha256), (try? prefix.read(input[...])) != nil,
            let reached = prefix.reached
        else { throw BrokenProperty("a value that the list leads to is reached") }
        try hold(reached.entries <= entries && reached.offset <= UInt64(input.count), "no entry more is looked at")
        let again = IMAPrefix(form, to: value, from: reached)
        try hold(again?.reached?.entries == reached.entries, "a checkpoint reaches its own value")
    }
}
