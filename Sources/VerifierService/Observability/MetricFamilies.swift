extension Metrics {
    /// What is measured: the closed list.
    enum Family: String, CaseIterable, Hashable, Sendable {
        case requests = "birthmark_requests_total"
        case requestSeconds = "birthmark_request_seconds"
        case decisions = "birthmark_decisions_total"
        case reasons = "birthmark_refusal_reasons_total"
        case garbage = "birthmark_unauthentic_evidence_total"
        case commitGroup = "birthmark_commit_group_size"
        case commitSeconds = "birthmark_commit_seconds"
        case commitFailures = "birthmark_commit_failures_total"
        case staleCommits = "birthmark_stale_commits_total"
        case openConnections = "birthmark_open_connections"
        case refusedConnections = "birthmark_refused_connections_total"
        case rateLimited = "birthmark_rate_limited_total"
        case ledgerSize = "birthmark_ledger_entries"
        case births = "birthmark_births_total"

        var help: String {
            switch self {
            case .requests: "Requests answered, by route and status."
            case .requestSeconds: "Time from the request's head to its answer, by route."
            case .decisions: "Decisions, by purpose and verdict."
            case .reasons: "Reasons given in refusals of authentic evidence."
            case .garbage: "Evidence that no instance's key signed for a challenge of ours."
            case .commitGroup: "Decisions that shared one transaction."
            case .commitSeconds: "Duration of one transaction."
            case .commitFailures: "Transactions that failed; nothing of them was answered."
            case .staleCommits: "Decisions taken again because record, policy or release had moved."
            case .openConnections: "Connections that are open now."
            case .refusedConnections: "Connections closed at once because a limit was reached."
            case .rateLimited: "Requests refused because their address asked too often."
            case .ledgerSize: "Entries of the ledger."
            case .births: "Births offered for import, by outcome."
            }
        }

        var kind: String {
            switch self {
            case .requestSeconds, .commitGroup, .commitSeconds: "histogram"
            case .openConnections, .ledgerSize: "gauge"
            default: "counter"
            }
        }

        var labels: [String] {
            switch self {
            case .requests: ["route", "status"]
            case .requestSeconds: ["route"]
            case .decisions: ["purpose", "verdict"]
            case .reasons: ["reason"]
            case .births: ["outcome"]
            default: []
            }
        }

        /// The upper bounds of a histogram's buckets.
        var bounds: [Double] {
            self == .commitGroup
                ? [1, 2, 4, 8, 16, 32, 64] : [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
        }

        func text(of values: [String], le bound: String? = nil) -> String {
            var pairs = zip(labels, values).map { "\($0)=\"\($1)\"" }
            if let bound { pairs.append("le=\"\(bound)\"") }
            return pairs.isEmpty ? "" : "{" + pairs.joined(separator: ",") + "}"
        }
    }
}
