public import Messages

/// Which people have to approve a release as a whole before anything of it is granted, whatever the tier.
public struct ReleaseApprovals: Hashable, Sendable, Codable {
    /// How many different people: 1 to 5.
    public var count: Int
    /// The roles that count for it, by the approver's certificate; absent: any that may approve.
    public var roles: [OperatorRole]?

    /// More people than these are a meeting.
    static let maximumCount = 5

    /// What is wrong with it, for the author of the policy.
    var problem: String? {
        guard (1...Self.maximumCount).contains(count) else {
            return "\"releaseApprovals.count\" is \(count), it must be 1 to \(Self.maximumCount)"
        }
        return roles?.problem(asApproversUnder: "releaseApprovals.roles")
    }

    /// How many people are wanted, for people.
    var says: String {
        let by = roles.map { " by " + $0.map(\.rawValue).joined(separator: " or ") } ?? ""
        return "\(count)\(by)"
    }
}

extension [OperatorRole] {
    /// What is wrong with them as the roles in which people have to approve, for the author of a policy.
    /// - Parameter key: what the policy calls them.
    func problem(asApproversUnder key: String) -> String? {
        let approving = OperatorRoute.approve.roles
        guard isEmpty || !Set(self).isSubset(of: approving) else { return nil }
        let names = approving.map(\.rawValue).sorted().joined(separator: " and ")
        return "\"\(key)\" takes the roles that can approve, \(names), and no other; leave the key out to allow any"
    }
}

extension [RecordedApproval] {
    /// Those of the release as a whole.
    var ofTheRelease: [RecordedApproval] { filter(\.approval.isOfTheRelease) }
}
