/// What a device without a TPM says of its hardware, by name: serial numbers, fuses, link addresses, an eMMC's CID.
///
/// Claims, never secrets: whoever has seen the device can say the same. They tell a copy on other hardware from the device, when the
/// copy does not lie, and nothing else.
public struct HardwareClaims: Hashable, Sendable, Codable {
    /// The values by name.
    public let values: [Label: Label]

    /// The most claims.
    public static let maximumCount = 16

    /// Takes claims; `nil` when there are more than may be.
    public init?(_ values: [Label: Label]) {
        guard values.count <= Self.maximumCount else { return nil }
        self.values = values
    }

    /// The names whose values another set of claims has otherwise, or not at all; in their order.
    public func differing(from other: HardwareClaims) -> [Label] {
        values.filter { other.values[$0.key] != $0.value }.keys.sorted()
    }

    /// Reads a JSON object of texts.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        var values: [Label: Label] = [:]
        for key in container.allKeys {
            guard let name = Label(key.stringValue) else {
                throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "not a label")
            }
            values[name] = try container.decode(Label.self, forKey: key)
        }
        guard values.count <= Self.maximumCount else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "more than \(Self.maximumCount) claims")
            )
        }
        self.values = values
    }

    /// Writes a JSON object of texts.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        for (name, value) in values { try container.encode(value, forKey: Name(name)) }
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ label: Label) { stringValue = label.text }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
