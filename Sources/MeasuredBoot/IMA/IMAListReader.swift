public import TPMWire

/// How an IMA measurement list is written down.
public enum IMAListForm: Hashable, Sendable {
    /// `binary_runtime_measurements`, or with another algorithm than SHA-1 `binary_runtime_measurements_<algorithm>`.
    ///
    /// Little-endian, as x86 and ARM kernels write it, and every kernel booted with `ima_canonical_fmt`.
    case binary(listedDigest: AlgorithmID = .sha1)
    /// `ascii_runtime_measurements`, or that of any other algorithm: the first line's template digest tells by its size.
    case ascii
}

/// Reads an IMA measurement list piece by piece, in pieces of any size, and keeps no more than one entry.
///
/// A reader that threw is thrown away.
public struct IMAListReader: Sendable {
    private enum Records {
        case binary(IMABinaryRecord)
        case ascii(IMALine)
    }

    private var records: Records
    private var place: IMAPlace
    /// The beginning of an entry whose end has not come yet.
    private var carry: [UInt8] = []
    private var isStopped = false

    /// Reads a list from its beginning, or on from where an entry begins.
    /// - Throws: when the binary list's digests cannot be computed here.
    public init(_ form: IMAListForm, entry: Int = 0, offset: UInt64 = 0) throws(IMAListError) {
        place = IMAPlace(entry: entry, offset: offset)
        switch form {
        case .ascii: records = .ascii(IMALine())
        case .binary(let algorithm):
            guard let size = BankHash(algorithm)?.digestSize else {
                throw place.refuse(.unsupportedAlgorithm, algorithm.description)
            }
            records = .binary(IMABinaryRecord(digestSize: size))
        }
    }

    /// Entries handed out, counted from the beginning of the list.
    public var entries: Int { place.entry }
    /// Where the last entry that was handed out ends, in bytes from the beginning of the list.
    public var offset: UInt64 { place.offset }

    /// Reads a piece.
    /// - Parameter body: is given every entry that ends in it, with its record, and says whether to go on.
    /// - Returns: whether to go on; once not, every later piece is passed over.
    @discardableResult
    public mutating func read(
        _ piece: ArraySlice<UInt8>,
        _ body: (_ entry: IMAEntry, _ record: ArraySlice<UInt8>) throws(IMAListError) -> Bool
    ) throws(IMAListError) -> Bool {
        var rest = piece
        while !carry.isEmpty, !isStopped {
            let missing = try missing(from: rest)
            carry.append(contentsOf: rest.prefix(missing))
            rest = rest.dropFirst(missing)
            if let length = try length(of: carry[...]) {
                let record = carry
                carry = []
                try hand(record[..<length], to: body)
            } else if rest.isEmpty {
                return true
            }
        }
        while !isStopped, !rest.isEmpty {
            guard let length = try length(of: rest) else {
                carry = Array(rest)
                break
            }
            let end = rest.startIndex + length
            try hand(rest[..<end], to: body)
            rest = rest[end...]
        }
        return !isStopped
    }

    /// Says that no piece follows: refuses an entry that has begun and not ended, unless `body` had enough before.
    public func finish() throws(IMAListError) {
        guard isStopped || carry.isEmpty else { throw place.refuse(.truncated) }
    }

    private mutating func hand(
        _ record: ArraySlice<UInt8>,
        to body: (_ entry: IMAEntry, _ record: ArraySlice<UInt8>) throws(IMAListError) -> Bool
    ) throws(IMAListError) {
        let entry: IMAEntry
        switch records {
        case .binary(let form): entry = try form.entry(record, place)
        case .ascii(var line):
            entry = try line.entry(record, place)
            records = .ascii(line)
        }
        isStopped = try !body(entry, record)
        place.entry += 1
        place.offset += UInt64(record.count)
    }

    /// The length of the entry at the beginning of some bytes; nil when they do not hold all of it.
    private func length(of bytes: ArraySlice<UInt8>) throws(IMAListError) -> Int? {
        switch records {
        case .binary(let form):
            let length = try form.atLeast(bytes, place)
            return length <= bytes.count ? length : nil
        case .ascii:
            return try IMALine.length(bytes, place)
        }
    }

    /// How many bytes of a piece belong to the entry that has begun, as far as can be told.
    private func missing(from rest: ArraySlice<UInt8>) throws(IMAListError) -> Int {
        switch records {
        case .binary(let form): min(try form.atLeast(carry[...], place) - carry.count, rest.count)
        case .ascii: try IMALine.length(rest, place) ?? rest.count
        }
    }
}
