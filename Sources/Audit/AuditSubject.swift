public import Messages

/// What an audit bundle is about.
public enum AuditSubject: Hashable, Sendable {
    /// One instance: its whole chain.
    case instance(InstanceID)
    /// A release, by the SHA-256 of its signed payload: what was done with it, and the whole chains of all that were granted it.
    case release(ContentDigest)
    /// All entries of the ledger from one number up to, and without, another.
    case entries(Range<Int>)
}

extension AuditSubject: Codable {
    private enum CodingKeys: String, CodingKey {
        case instance, release, from, to
    }

    /// Reads the JSON form: `instance`, or `release`, or `from` and `to`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if container.contains(.instance) {
            self = .instance(try container.decode(InstanceID.self, forKey: .instance))
        } else if container.contains(.release) {
            self = .release(try container.decode(ContentDigest.self, forKey: .release))
        } else {
            let from = try container.decode(Int.self, forKey: .from)
            let to = try container.decode(Int.self, forKey: .to)
            guard 0 <= from, from <= to else {
                throw DecodingError.dataCorruptedError(
                    forKey: .to,
                    in: container,
                    debugDescription: "ends before it begins"
                )
            }
            self = .entries(from..<to)
        }
    }

    /// Writes the JSON form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .instance(let instance): try container.encode(instance, forKey: .instance)
        case .release(let release): try container.encode(release, forKey: .release)
        case .entries(let range):
            try container.encode(range.lowerBound, forKey: .from)
            try container.encode(range.upperBound, forKey: .to)
        }
    }
}
