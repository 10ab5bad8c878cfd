import Messages
public import UpdateTrust

/// What is different about a decision that was taken again.
public struct Difference: Hashable, Sendable, Codable {
    /// In which respect.
    public var topic: DecisionFacts.Topic
    /// What is recorded; empty when nothing is.
    public var recorded: String
    /// What it is now; empty when it is nothing.
    public var now: String
}

/// A decision that was taken again, beside what the ledger says of it.
public struct ComparedDecision: Hashable, Sendable {
    /// What is recorded.
    public let recorded: DecisionFacts
    /// What it is now.
    public let now: DecisionFacts
    /// What is different; empty when it is the same.
    public let differences: [Difference]

    /// Compares to the last byte of every entry that stands for the decision on the ledger.
    /// - Parameter recorded: those entries.
    public init(_ recorded: [LedgerEntry], _ again: RetakenDecision) {
        let entries = again.entries(ofGrant: recorded.grant ?? ContentDigest(of: []))
        let facts = (recorded: DecisionFacts(recorded), now: DecisionFacts(entries, remark: again.remark))
        var differences = facts.recorded.differences(from: facts.now)
        if differences.isEmpty, recorded != entries {
            differences = [
                Difference(
                    topic: .entries,
                    recorded: Self.unlike(recorded, entries),
                    now: Self.unlike(entries, recorded)
                )
            ]
        }
        self.recorded = facts.recorded
        now = facts.now
        self.differences = differences
    }

    /// Compares what would be decided under another policy, which is another entry in any case.
    /// - Parameter recorded: the entries that stand for the decision on the ledger.
    public init(_ recorded: [LedgerEntry], underAnotherPolicy again: RetakenDecision) {
        self.recorded = DecisionFacts(recorded)
        now = DecisionFacts(again.entries(ofGrant: recorded.grant ?? ContentDigest(of: [])), remark: again.remark)
        differences = self.recorded.differences(from: now)
    }

    /// Names the entries that the others lack.
    private static func unlike(_ entries: [LedgerEntry], _ others: [LedgerEntry]) -> String {
        entries.enumerated().compactMap { offset, entry -> String? in
            guard !others.indices.contains(offset) || others[offset] != entry else { return nil }
            let digest = (try? WrittenEntry(entry).digest.description) ?? "unwritable"
            return "\(entry.body.type) \(digest)"
        }.joined(separator: ", ")
    }
}

extension DecisionFacts {
    fileprivate func differences(from other: DecisionFacts) -> [Difference] {
        Topic.allCases.compactMap { topic in
            self[topic] == other[topic] ? nil : Difference(topic: topic, recorded: self[topic], now: other[topic])
        }
    }
}

extension [LedgerEntry] {
    /// SHA-256 of the grant that was given with a decision.
    fileprivate var grant: ContentDigest? {
        for entry in self { if case .grant(let body) = entry.body { return body.grant } }
        return nil
    }
}
