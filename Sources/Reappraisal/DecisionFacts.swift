import AttestationResults
import Messages
import UpdateTrust

/// What a decision comes to, by topic and in words: so that two of them can be told apart.
public struct DecisionFacts: Hashable, Sendable {
    /// What can be said of a decision.
    public enum Topic: String, Hashable, Sendable, Codable, CaseIterable {
        /// Whether what was asked was given.
        case verdict
        /// Why not.
        case reasons
        /// The rule that decided.
        case rule
        /// On whose word beside the rule's: the people who had approved the release, or declared an emergency.
        case authority
        /// The boot that was seen.
        case boot
        /// What was required of an instance without a TPM, and whether it was met.
        case controls
        /// Where the instance stood then.
        case lifecycle
        /// What became of the lease.
        case lease
        /// What was granted.
        case grant
        /// What was seen of an update.
        case progress
        /// Anything else that stands on the ledger.
        case entries
    }

    private var words: [Topic: [String]] = [:]

    /// Reads them out of the entries that stand for the decision.
    /// - Parameter remark: what is to be said when there are none.
    init(_ entries: [LedgerEntry], remark: String = "nothing was recorded") {
        for entry in entries { add(entry) }
        if words[.verdict] == nil { words[.verdict] = [remark] }
    }

    /// What is said; empty when nothing is.
    public subscript(_ topic: Topic) -> String { (words[topic] ?? []).joined(separator: "; ") }

    private mutating func say(_ topic: Topic, _ text: String) { words[topic, default: []].append(text) }

    private mutating func add(_ entry: LedgerEntry) {
        switch entry.body {
        case .decision(let body):
            say(.verdict, body.accepted ? "accepted" : "refused")
            say(reasons: body.reasons, rule: body.rule, lifecycle: body.lifecycle)
            say(approvals: body.approvals, emergencies: body.emergencies)
            if let boot = body.boot { say(.boot, boot.rawValue + (body.release.map { " (\($0))" } ?? "")) }
        case .compensated(let body):
            say(.verdict, body.accepted ? "accepted" : "refused")
            say(reasons: body.reasons, rule: body.rule, lifecycle: body.lifecycle)
            say(approvals: body.approvals, emergencies: body.emergencies)
            for report in body.controls {
                say(.controls, "\(report.control.rawValue) \(report.isMet ? "met" : "unmet")")
            }
        case .lease(let body):
            let seconds = body.expires &- entry.at
            let length = body.event == .ended ? "" : " for \(seconds) s"
            say(.lease, "\(body.event.rawValue)\(length) (\(body.cause.rawValue))")
        case .grant(let body):
            let file = body.bounds == nil ? "" : ", as a file"
            let back = body.downgrade == nil ? "" : ", below the floor"
            say(.grant, "\(body.package.name) \(body.package.version) for \(body.expires &- entry.at) s\(file)\(back)")
        case .update(let body): say(.progress, "\(body.package.name) \(body.package.version) \(body.stage.rawValue)")
        case .receipt(let body):
            let late = body.late == true ? ", late" : ""
            say(.progress, "\(body.package.name) \(body.package.version) confirmed\(late)")
        case .farewell: say(.verdict, "farewell taken")
        case .reappearance: say(.verdict, "refused: it is retired, and its key is in use")
        default: say(.progress, entry.body.type)
        }
    }

    private mutating func say(reasons: [String], rule: Label?, lifecycle: Lifecycle) {
        if !reasons.isEmpty { say(.reasons, reasons.joined(separator: ", ")) }
        say(.rule, rule?.text ?? "none")
        say(.lifecycle, lifecycle.rawValue)
    }

    private mutating func say(approvals: [ContentDigest]?, emergencies: [ContentDigest]?) {
        if let approvals { say(.authority, "the release approved by \(approvals.count)") }
        if emergencies != nil { say(.authority, "an emergency") }
    }
}
