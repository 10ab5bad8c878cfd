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
        guard let roles else { return nil }
        let approving = OperatorRoute.approve.roles
        guard !roles.isEmpty, Set(roles).isSubset(of: approving) else {
            let names = approving.map(\.rawValue).sorted().joined(separator: " and ")
            return "\"releaseApprovals.roles\" names roles of \(names), who may approve; leave the key out to allow any"
        }
        return nil
    }

    /// How many people are wanted, for people.
    var says: String {
        let by = roles.map { " by " + $0.map(\.rawValue).joined(separator: " or ") } ?? ""
        return "\(count)\(by)"
    }
}

extension [RecordedApproval] {
    /// Those of the release as a whole.
    var ofTheRelease: [RecordedApproval] { filter(\.approval.isOfTheRelease) }
}
