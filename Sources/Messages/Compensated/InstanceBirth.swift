/// The birth of an instance of any tier.
public enum InstanceBirth: Hashable, Sendable {
    /// One with a TPM.
    case measured(BirthRecord)
    /// One without.
    case compensated(CompensatedBirthRecord)

    /// Reads a payload whose signature was checked: which of the two it is, its tier says.
    public init(parsing payload: [UInt8]) throws(MessageError) {
        guard payload.count <= BirthRecord.maximumSize else {
            throw MessageError(.tooLarge, "a birth record of \(payload.count) bytes")
        }
        guard case .object(let members) = try JSONTree(parsing: payload),
            members["tier"] == .string(Tier.compensated.rawValue)
        else {
            self = .measured(try BirthRecord(parsing: payload))
            return
        }
        self = .compensated(try CompensatedBirthRecord(parsing: payload))
    }

    /// What both have in common.
    public var facts: BirthFacts {
        switch self {
        case .measured(let record): record.facts
        case .compensated(let record): record.facts
        }
    }
}
