/// What named people have said of a release, as far as it is not over.
public struct ReleaseAuthority: Hashable, Sendable {
    /// The approvals on record for it.
    public var approvals: [RecordedApproval]
    /// The emergencies that were declared for it.
    public var emergencies: [RecordedEmergency]

    /// Joins both.
    public init(approvals: [RecordedApproval] = [], emergencies: [RecordedEmergency] = []) {
        self.approvals = approvals
        self.emergencies = emergencies
    }
}
