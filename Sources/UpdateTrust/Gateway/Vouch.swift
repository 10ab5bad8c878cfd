public import Messages

/// A gateway's word for one contact of an instance without a TPM, after the gateway's own evidence was accepted.
///
/// Only an accepted decision with the purpose `vouch` makes one, and only for the statement that its quote covers.
public struct Vouch: Hashable, Sendable {
    /// The gateway.
    public let gateway: InstanceID
    /// SHA-256 of the ledger entry that states the gateway's decision.
    public let entry: ContentDigest
    /// What it said.
    public let statement: VouchStatement
    /// The first second at which the gateway's lease no longer holds: nothing that rests on its word is good for longer.
    public let until: Int64

    /// Takes the word of a gateway.
    /// - Parameters:
    ///   - decision: what was decided on the gateway's own evidence.
    ///   - request: the gateway's request.
    ///   - statement: the exact bytes of the statement.
    /// - Returns: `nil` unless the decision accepts a vouch for exactly this statement.
    public init?(_ decision: Decision, _ request: DecisionRequest, statement bytes: [UInt8]) {
        guard request.purpose == .vouch, request.vouches == ContentDigest(of: bytes),
            case .accepted(let acceptance) = decision.outcome, let transition = decision.transition,
            transition.state.instance == request.instance,
            let entry = transition.entries.first(where: { $0.entry.vouches == request.vouches }),
            let statement = try? VouchStatement(parsing: bytes)
        else { return nil }
        gateway = request.instance
        self.entry = entry.digest
        self.statement = statement
        until = acceptance.lease.expires
    }

    /// The word as it was taken then: for taking a decision again, and for nothing that is given out.
    package init(_ archived: ArchivedVouch) {
        gateway = archived.gateway
        entry = archived.entry
        statement = archived.statement
        until = archived.until
    }

    /// What the ledger says of it beside the instance's decision.
    var report: VouchReport { VouchReport(gateway: gateway, entry: entry, observed: statement.observed) }
}

extension LedgerEntry {
    /// The statement that an accepted decision vouches for.
    fileprivate var vouches: ContentDigest? {
        guard case .decision(let decision) = body, decision.accepted else { return nil }
        return decision.vouches
    }
}

/// A gateway's word, as the ledger has it in the decision about an instance without a TPM.
public struct VouchReport: Hashable, Sendable, Codable {
    /// The gateway.
    public var gateway: InstanceID
    /// SHA-256 of the entry that states the decision on the gateway's own evidence; its quote covers what was observed.
    public var entry: ContentDigest
    /// What it saw.
    public var observed: ChildObservation
}
