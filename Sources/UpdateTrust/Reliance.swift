public import AttestationResults

/// What a relying party makes of an instance: what its attestation result says, and how the status list says it stands now.
public struct Reliance: Hashable, Sendable {
    /// Why an instance is not to be relied on.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// The result was not issued yet, or has expired.
        case notCurrent = "not-current"
        /// The result says that the instance is not what it should be.
        case contraindicated
        /// The result names no status list.
        case noStatus = "no-status"
        /// The list is not the one that the result names.
        case otherList = "other-list"
        /// The list was not issued yet, or has expired.
        case listNotCurrent = "list-not-current"
        /// The list ends before the place that the result names.
        case beyondList = "index-beyond-list"
        /// The instance has no lease that holds, or one for its way back alone, or is retired.
        case invalid = "status-invalid"
        /// The instance is suspended.
        case suspended = "status-suspended"
        /// The status is none that is known here.
        case unknownStatus = "status-unknown"
    }

    /// Everything that speaks against it; empty when it may be relied on.
    public let reasons: [Reason]
    /// What the list says of it; `nil` when it says nothing.
    public let status: StatusType?

    /// Judges a result by a status list.
    ///
    /// Both were verified under the keys that the relying party trusts.
    /// - Parameters:
    ///   - statuses: the token's list, decompressed.
    ///   - now: seconds since 1970.
    public init(on result: AttestationResult, _ token: StatusListToken, _ statuses: StatusList, at now: Int64) {
        var reasons = result.shortcomings(at: now)
        if !token.isCurrent(at: now) { reasons.append(.listNotCurrent) }
        var status: StatusType?
        if let reference = result.claims.statusList {
            // Section "Validation Rules": the list is the one that the token names, or says nothing of it.
            if reference.uri == token.claims.subject {
                status = statuses[reference.index]
                switch status {
                case .valid?: break
                case .invalid?: reasons.append(.invalid)
                case .suspended?: reasons.append(.suspended)
                case .some: reasons.append(.unknownStatus)
                case nil: reasons.append(.beyondList)
                }
            } else {
                reasons.append(.otherList)
            }
        } else {
            reasons.append(.noStatus)
        }
        self.reasons = reasons
        self.status = status
    }
}

extension AttestationResult {
    /// What speaks against relying on a result, whatever the status list says.
    /// - Parameter now: seconds since 1970.
    public func shortcomings(at now: Int64) -> [Reliance.Reason] {
        (isCurrent(at: now) ? [] : [.notCurrent]) + (claims.status == .contraindicated ? [.contraindicated] : [])
    }
}
