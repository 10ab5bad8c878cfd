import UpdateTrust

/// Who stands behind the acts of operators in a bundle: the operators themselves, or the verifier alone.
public struct ActAccount: Hashable, Sendable, Codable {
    /// How many entries in operators' names they have signed, by the keys of certificates that came along.
    public var signed: Int
    /// The places of those that nobody has signed: there the verifier says who acted.
    public var unsigned: [Int]
    /// Whether the certificates were held to operators who are known from elsewhere.
    public var isHeldToOperators: Bool

    init(_ record: AuditRecord, _ anchors: AuditAnchors) {
        let acts = record.statements.filter { $0.entry.actor.kind == .operator }
        signed = acts.count { $0.entry.statement != nil }
        unsigned = acts.filter { $0.entry.statement == nil }.map(\.index)
        isHeldToOperators = anchors.operators != nil
    }

    /// In words, for whoever relies on it; none when no operator has acted.
    public var sentences: [String] {
        var sentences: [String] = []
        if signed > 0 {
            sentences.append(
                isHeldToOperators
                    ? "acts of operators: \(signed) entries are signed, by operators who are known from elsewhere"
                    : "acts of operators: \(signed) entries are signed, with certificates that were held to nobody: who runs the "
                        + "verifier can issue such himself"
            )
        }
        if !unsigned.isEmpty {
            let places = unsigned.prefix(Self.shown).map(String.init).joined(separator: ", ")
            let rest = unsigned.count > Self.shown ? ", …" : ""
            sentences.append(
                "acts of operators: \(unsigned.count) entries are signed by nobody, and the verifier alone says who acted: \(places)\(rest)"
            )
        }
        return sentences
    }

    /// How many places a sentence names.
    private static let shown = 20
}
