/// The hash bank of a PCR, spelled as tpm2-tools spells it.
public enum PCRBank: String, Hashable, Sendable, Codable, CaseIterable {
    case sha1
    case sha256
    case sha384
    case sha512

    /// The size of one PCR value in bytes.
    public var digestSize: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }
}

/// Which PCRs of one bank are meant.
///
/// In JSON: `{"bank":"sha256","pcrs":[0,1,2]}`, ascending, none twice.
public struct PCRSet: Hashable, Sendable, Codable {
    /// The bank.
    public let bank: PCRBank
    /// The indices, ascending.
    public let pcrs: [Int]

    /// PCRs 0 to 23 exist on every PC Client TPM (PTP section 4.6); a selection names no other.
    public static let indices = 0..<24

    /// Takes indices in any order; `nil` when there is none, one stands twice or is not below 24.
    public init?(bank: PCRBank, pcrs: some Sequence<Int>) {
        let sorted = pcrs.sorted()
        guard !sorted.isEmpty, Set(sorted).count == sorted.count, sorted.allSatisfy(Self.indices.contains) else {
            return nil
        }
        self.bank = bank
        self.pcrs = sorted
    }

    private enum CodingKeys: CodingKey {
        case bank
        case pcrs
    }

    /// Reads and checks.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let bank = try container.decode(PCRBank.self, forKey: .bank)
        let pcrs = try container.decode([Int].self, forKey: .pcrs)
        guard let set = PCRSet(bank: bank, pcrs: pcrs), set.pcrs == pcrs else {
            throw DecodingError.dataCorruptedError(
                forKey: .pcrs,
                in: container,
                debugDescription: "PCRs must ascend, from 0 to 23, none twice"
            )
        }
        self = set
    }
}

/// Values of PCRs of one bank.
///
/// In JSON: `{"sha256":{"0":"<hex>"}}`, as `birthmark quote verify --pcrs` takes them.
public struct PCRValues: Hashable, Sendable, Codable {
    /// The bank.
    public let bank: PCRBank
    /// Which PCRs have a value: bit i stands for PCR i.
    public let bitmap: UInt32
    /// The values one after the other, by ascending index: what the digest of a quote is over (Part 2, 10.12.4).
    public let concatenated: [UInt8]

    /// Takes values; `nil` when one has the wrong size or index.
    public init?(bank: PCRBank, values: [Int: [UInt8]]) {
        var bitmap: UInt32 = 0
        var concatenated: [UInt8] = []
        concatenated.reserveCapacity(values.count * bank.digestSize)
        for (pcr, value) in values.sorted(by: { $0.key < $1.key }) {
            guard PCRSet.indices.contains(pcr), value.count == bank.digestSize else { return nil }
            bitmap |= 1 << UInt32(pcr)
            concatenated += value
        }
        self.bank = bank
        self.bitmap = bitmap
        self.concatenated = concatenated
    }

    private init(bank: PCRBank, bitmap: UInt32, concatenated: [UInt8]) {
        self.bank = bank
        self.bitmap = bitmap
        self.concatenated = concatenated
    }

    /// The values of all PCRs but one.
    public func without(_ pcr: Int) -> PCRValues {
        guard let value = self[pcr] else { return self }
        var rest = concatenated
        rest.removeSubrange(value.indices)
        return PCRValues(bank: bank, bitmap: bitmap & ~(1 << UInt32(pcr)), concatenated: rest)
    }

    /// The PCRs that have a value, ascending.
    public var pcrs: [Int] { PCRSet.indices.filter { bitmap & 1 << UInt32($0) != 0 } }

    /// The value of a PCR, of the bank's size.
    public subscript(pcr: Int) -> ArraySlice<UInt8>? {
        guard PCRSet.indices.contains(pcr), bitmap & 1 << UInt32(pcr) != 0 else { return nil }
        let start = (bitmap & (1 << UInt32(pcr) - 1)).nonzeroBitCount * bank.digestSize
        return concatenated[start..<start + bank.digestSize]
    }

    /// Index to value.
    public var values: [Int: [UInt8]] {
        Dictionary(uniqueKeysWithValues: pcrs.compactMap { pcr in self[pcr].map { (pcr, [UInt8]($0)) } })
    }

    /// The PCRs whose value is another one there, or that have none there.
    public func differing(from other: PCRValues) -> [Int] {
        if self == other { return [] }
        return pcrs.filter { bank != other.bank || self[$0] != other[$0] }
    }

    /// A bank's name, or an index.
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads and checks.
    public init(from decoder: any Decoder) throws {
        let banks = try decoder.container(keyedBy: Key.self)
        guard banks.allKeys.count == 1, let name = banks.allKeys.first, let bank = PCRBank(rawValue: name.stringValue)
        else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: banks.codingPath,
                    debugDescription: "exactly one bank out of sha1, sha256, sha384, sha512"
                )
            )
        }
        let written = try banks.nestedContainer(keyedBy: Key.self, forKey: name)
        var values: [Int: [UInt8]] = [:]
        for key in written.allKeys {
            let index = key.stringValue
            guard let number = Int(index), String(number) == index else {
                throw DecodingError.dataCorrupted(
                    DecodingError.Context(
                        codingPath: written.codingPath,
                        debugDescription: "\"\(index.prefix(8))\" is not a PCR index"
                    )
                )
            }
            guard let value = LowercaseHex.decode(try written.decode(String.self, forKey: key)) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key,
                    in: written,
                    debugDescription: "not lower-case hexadecimal"
                )
            }
            values[number] = value
        }
        guard let checked = PCRValues(bank: bank, values: values) else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: banks.codingPath,
                    debugDescription: "a PCR index above 23 or a value that is not of the bank's size"
                )
            )
        }
        self = checked
    }

    /// Writes the JSON form.
    public func encode(to encoder: any Encoder) throws {
        var banks = encoder.container(keyedBy: Key.self)
        var written = banks.nestedContainer(keyedBy: Key.self, forKey: Key(stringValue: bank.rawValue))
        for (index, value) in values {
            try written.encode(LowercaseHex.encode(value), forKey: Key(stringValue: String(index)))
        }
    }
}
