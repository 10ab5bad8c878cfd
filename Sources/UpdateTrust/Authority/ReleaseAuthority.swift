/// What named people have said of a release, as far as it is not over.
public struct ReleaseAuthority: Hashable, Sendable {
    /// The approvals on record for it.
    public var approvals: [RecordedApproval]

    /// Joins them.
    public init(approvals: [RecordedApproval] = []) { self.approvals = approvals }
}
