import UpdateTrust
import Wording

/// Who stands behind the acts of operators in a bundle: the operators themselves, or the verifier alone.
public struct ActAccount: Hashable, Sendable, Codable {
    /// How many entries in operators' names name what somebody has signed for them.
    public var signed: Int
    /// The places of those of them whose signature or certificate does not count, as the findings say.
    public var doubtful: [Int]
    /// The places of those that nobody has signed: there the verifier says who acted.
    public var unsigned: [Int]
    /// Whether the certificates were held to operators who are known from elsewhere.
    public var isHeldToOperators: Bool

    init(_ record: AuditRecord, _ anchors: AuditAnchors) {
        let acts = record.entries.filter { $0.entry.actor.kind == .operator }
        let statements = Set(acts.compactMap(\.entry.statement))
        let sound = statements.filter { record.acts[$0]?.problems(anchors).isEmpty == true }
        signed = acts.count { $0.entry.statement != nil }
        doubtful = acts.filter { $0.entry.statement.map { !sound.contains($0) } ?? false }.map(\.index)
        unsigned = acts.filter { $0.entry.statement == nil }.map(\.index)
        isHeldToOperators = anchors.operators != nil
    }

    /// In words, for whoever relies on it; none when no operator has acted.
    public var sentences: [String] {
        var sentences: [String] = []
        let sound = signed - doubtful.count
        if sound > 0 {
            sentences.append(
                isHeldToOperators
                    ? "acts of operators: \(Counted.of(sound, "entry is", "entries are")) signed, by operators who are known from elsewhere"
                    : "acts of operators: \(Counted.of(sound, "entry is", "entries are")) signed, with certificates that were held to nobody: who runs the "
                        + "verifier can issue such himself"
            )
        }
        if !doubtful.isEmpty {
            sentences.append(
                "acts of operators: no signature of an operator is shown for \(Counted.of(doubtful.count, "entry", "entries")): \(Self.list(doubtful))"
            )
        }
        if !unsigned.isEmpty {
            sentences.append(
                "acts of operators: \(Counted.of(unsigned.count, "entry is", "entries are")) signed by nobody, and the verifier alone says who acted: \(Self.list(unsigned))"
            )
        }
        return sentences
    }

    private static func list(_ places: [Int]) -> String {
        places.prefix(shown).map(String.init).joined(separator: ", ") + (places.count > shown ? ", …" : "")
    }

    /// How many places a sentence names.
    private static let shown = 20
}
