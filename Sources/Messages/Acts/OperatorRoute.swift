/// All that an operator can have a verifier do: who may, and where it is asked for.
///
/// The verifier admits by it, the client signs by it, and an auditor holds what was done to it.
public enum OperatorRoute: String, Hashable, Sendable, CaseIterable {
    case importBirths = "/v1/births"
    case addRelease = "/v1/releases"
    case addReleaseLog = "/v1/releases/{manifest}/log"
    case withdrawRelease = "/v1/releases/{manifest}/withdraw"
    case recallRelease = "/v1/releases/{manifest}/recall"
    case changeRollout = "/v1/releases/{manifest}/rollout"
    case approve = "/v1/approvals"
    case declareEmergency = "/v1/emergencies"
    case publishTrust = "/v1/trust"
    case reportCompromise = "/v1/keys/compromised"
    case putPolicy = "/v1/policy"
    case giveWitnessCode = "/v1/instances/{name}/witness"
    case assignGateways = "/v1/instances/{name}/gateways"
    case lowerTier = "/v1/instances/{name}/lower-tier"
    case raiseTier = "/v1/instances/{name}/raise-tier"
    case settleFork = "/v1/instances/{name}/settle-fork"
    case allowBoot = "/v1/instances/{name}/allow-boot"
    case allowDowngrade = "/v1/instances/{name}/allow-downgrade"
    case suspend = "/v1/instances/{name}/suspend"
    case reinstate = "/v1/instances/{name}/reinstate"
    case retire = "/v1/instances/{name}/retire"
    case authorize = "/v1/delayed/requests"
    case takeReceipt = "/v1/delayed/receipts"

    /// The method of all of them.
    public static let method = "POST"

    /// The path, with a name in braces where it names what it is about.
    public var pattern: String { rawValue }

    /// The roles of which a caller needs one.
    public var roles: Set<OperatorRole> {
        switch self {
        case .importBirths: [.factory]
        case .addRelease, .addReleaseLog, .withdrawRelease, .recallRelease: [.releaseManager]
        case .changeRollout, .approve, .declareEmergency, .giveWitnessCode: [.releaseManager, .operator]
        case .assignGateways, .lowerTier, .raiseTier, .settleFork, .allowBoot, .allowDowngrade, .suspend, .reinstate,
            .retire, .authorize, .takeReceipt, .publishTrust, .reportCompromise, .putPolicy:
            [.operator]
        }
    }
}

/// What a path asks for.
public struct RequestedAct: Hashable, Sendable {
    /// What is to be done.
    public var route: OperatorRoute
    /// The release's digest, or the instance's id or serial number, behind percent-encoding; `nil` where the path names nothing.
    public var subject: String?

    /// Reads a path; `nil` when it is none of ``OperatorRoute``, spelled exactly.
    public init?(path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        for route in OperatorRoute.allCases {
            guard let subject = Self.subject(of: parts, by: route) else { continue }
            self.route = route
            self.subject = subject.isEmpty ? nil : subject
            return
        }
        return nil
    }

    /// The name in a path, or nothing where the route has none; `nil` when the path is another route's.
    private static func subject(of parts: [Substring], by route: OperatorRoute) -> String? {
        let pattern = route.pattern.split(separator: "/", omittingEmptySubsequences: false)
        guard pattern.count == parts.count else { return nil }
        var subject = ""
        for (wanted, part) in zip(pattern, parts) {
            if wanted.hasPrefix("{") {
                guard let name = PathSegment.decode(part), !name.isEmpty else { return nil }
                subject = name
            } else if wanted != part {
                return nil
            }
        }
        return subject
    }
}
