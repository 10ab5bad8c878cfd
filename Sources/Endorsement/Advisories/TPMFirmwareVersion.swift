/// The version of a TPM's firmware as vendors write it: TPM_PT_FIRMWARE_VERSION_1 and 2 cut into four numbers.
///
/// What the numbers mean is the vendor's own affair (Part 2, section 6.13); the first two are the version with every
/// vendor, and the rest is compared only with a text that names it.
public struct TPMFirmwareVersion: Sendable, Hashable, CustomStringConvertible {
    /// One to four numbers, the weightiest first.
    let numbers: [UInt16]

    static let count = 4

    /// What a TPM reports.
    public init(_ value: UInt64) {
        numbers = [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: value >> UInt64($0)) }
    }

    /// Reads one to four decimal numbers with points between them; anything else is nil.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in
            part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? UInt16(part) : nil
        }
        guard numbers.count == parts.count, (1...Self.count).contains(numbers.count) else { return nil }
        self.numbers = numbers
    }

    /// The numbers with points.
    public var description: String { numbers.map(String.init).joined(separator: ".") }

    /// This version as far as another one names it: `7.61.2785.0` as far as `7.61` is `7.61`.
    func asFar(as other: TPMFirmwareVersion) -> ArraySlice<UInt16> { numbers.prefix(other.numbers.count) }
}

/// Versions of firmware from one to another.
public struct TPMFirmwareRange: Sendable, Hashable {
    /// The first version.
    public let from: TPMFirmwareVersion
    private let end: End

    private enum End: Sendable, Hashable {
        case through(TPMFirmwareVersion)
        case before(TPMFirmwareVersion)
    }

    /// From one version through another, with everything that begins like the last: `7.61` ends with every `7.61.x.y`.
    init?(from: TPMFirmwareVersion, through last: TPMFirmwareVersion) {
        guard !last.numbers.lexicographicallyPrecedes(from.asFar(as: last)) else { return nil }
        self.from = from
        end = .through(last)
    }

    /// From one version up to another that is not part of it.
    init?(from: TPMFirmwareVersion, before end: TPMFirmwareVersion) {
        guard from.asFar(as: end).lexicographicallyPrecedes(end.numbers) else { return nil }
        self.from = from
        self.end = .before(end)
    }

    /// Whether a TPM with this firmware is one of them.
    func contains(_ version: TPMFirmwareVersion) -> Bool {
        guard !version.asFar(as: from).lexicographicallyPrecedes(from.numbers) else { return false }
        return switch end {
        case .through(let last): !last.numbers.lexicographicallyPrecedes(version.asFar(as: last))
        case .before(let end): version.asFar(as: end).lexicographicallyPrecedes(end.numbers)
        }
    }
}

extension TPMFirmwareRange: Codable {
    private enum CodingKeys: String, CodingKey { case from, through, before }

    /// Reads `from` and one of `through` and `before`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func version(_ key: CodingKeys) throws -> TPMFirmwareVersion? {
            guard let text = try container.decodeIfPresent(String.self, forKey: key) else { return nil }
            guard let version = TPMFirmwareVersion(text) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key,
                    in: container,
                    debugDescription: "not a version (one to four numbers with points)"
                )
            }
            return version
        }
        let range: TPMFirmwareRange? =
            switch (try version(.from), try version(.through), try version(.before)) {
            case (let from?, let last?, nil): TPMFirmwareRange(from: from, through: last)
            case (let from?, nil, let end?): TPMFirmwareRange(from: from, before: end)
            default: nil
            }
        guard let range else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: container.codingPath,
                    debugDescription: "a range has \"from\" and one of \"through\" and \"before\", and is not empty"
                )
            )
        }
        self = range
    }

    /// Writes the same.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(from.description, forKey: .from)
        switch end {
        case .through(let last): try container.encode(last.description, forKey: .through)
        case .before(let end): try container.encode(end.description, forKey: .before)
        }
    }
}
