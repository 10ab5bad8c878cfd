import Messages
import Wording

/// A rule whose grants count only when so many witnesses of the ledger have signed for them.
extension PolicyRule {
    /// The values of `witnesses`, in rules and in grants: who asks for none says nothing.
    static let witnessCounts = 1...LedgerQuorum.maximumCount

    /// What `witnesses` says, for people.
    public var witnessesSay: String? {
        witnesses.map { count in
            let who = Counted.of(count, "witness of the ledger has", "witnesses of the ledger have")
            return "\(who) to sign for a grant before it is given out, and the device counts them again"
        }
    }

    /// What is wrong with `witnesses`, for the author of the policy.
    var problemOfWitnesses: String? {
        guard let witnesses, !Self.witnessCounts.contains(witnesses) else { return nil }
        return "\"witnesses\" is \(witnesses), it must be 1 to \(Self.witnessCounts.upperBound)"
    }
}
