public import Messages
public import UpdateTrust

/// What was decided again.
public enum RetakenDecision: Hashable, Sendable {
    /// On an instance with a TPM.
    case measured(Decision)
    /// On one without.
    case compensated(CompensatedDecision)
    /// On a receipt that came as a file.
    case receipt(ReceiptDecision)
    /// On a last word.
    case farewell(FarewellDecision)
    /// Nothing, and why.
    case nothing(String)

    /// The entries that it would put on the ledger.
    /// - Parameter grant: SHA-256 of the compact form of the grant, if one was given then.
    public func entries(ofGrant grant: ContentDigest) -> [LedgerEntry] {
        switch self {
        case .measured(let decision): decision.entries(ofGrant: grant)
        case .compensated(let decision): decision.entries(ofGrant: grant)
        case .receipt(.taken(let transition, _)), .farewell(.taken(let transition, _)):
            transition.entries.map(\.entry)
        case .receipt, .farewell, .nothing: []
        }
    }

    /// Why it would put none there, in words.
    var remark: String {
        switch self {
        case .measured(let decision): decision.remark
        case .compensated(let decision): decision.remark
        case .receipt(.known), .farewell(.known): "known already"
        case .receipt(.refused(let refused)), .farewell(.refused(let refused)): refused.remark
        case .receipt(.notAuthentic), .farewell(.notAuthentic): "not authentic"
        case .receipt(.undecided(let cause)), .farewell(.undecided(let cause)): "undecided: \(cause)"
        case .receipt(.taken), .farewell(.taken): "taken"
        case .nothing(let cause): cause
        }
    }
}

extension Decision {
    fileprivate var remark: String {
        switch outcome {
        case .accepted: "accepted"
        case .granting, .granted: "granted"
        case .refused(let refused): refused.remark
        case .notAuthentic: "not authentic"
        case .undecided(let cause): "undecided: \(cause)"
        }
    }
}

extension CompensatedDecision {
    fileprivate var remark: String {
        switch outcome {
        case .accepted: "accepted"
        case .granting, .granted: "granted"
        case .refused(let refused): refused.remark
        case .notAuthentic(let cause): "not authentic: \(cause)"
        case .undecided(let cause): "undecided: \(cause)"
        }
    }
}

extension Refused {
    fileprivate var remark: String { "refused, and not recorded: \(codes.joined(separator: ", "))" }
}
