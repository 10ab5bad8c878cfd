/// The four tiers that a trustworthiness claim falls into (draft-ietf-rats-ar4si section 3.2), the best first.
public enum TrustworthinessTier: String, Hashable, Sendable, Codable, CaseIterable, Comparable {
    /// Nothing is said.
    case none
    /// Every check that was made is in order.
    case affirming
    /// Something is not as it should be.
    case warning
    /// There is reason not to trust.
    case contraindicated

    private var rank: Int {
        switch self {
        case .none: 0
        case .affirming: 1
        case .warning: 2
        case .contraindicated: 3
        }
    }

    /// Orders from the tier that says nothing to the one that forbids.
    public static func < (left: TrustworthinessTier, right: TrustworthinessTier) -> Bool { left.rank < right.rank }
}

/// One claim of a vector: a number whose range is its tier (draft-ietf-rats-ar4si section 2.3.1).
public struct TrustworthinessClaim: RawRepresentable, Hashable, Sendable, Codable {
    /// The number.
    public let rawValue: Int8

    /// Takes a number; each has a meaning or is reserved within its tier.
    public init(rawValue: Int8) { self.rawValue = rawValue }

    /// The tier that the number falls into; negative ones are for private use and mirror the positive ranges.
    public var tier: TrustworthinessTier {
        switch rawValue {
        case -1...1: .none
        case 2...31, -32 ... -2: .affirming
        case 32...95, -96 ... -33: .warning
        default: .contraindicated
        }
    }

    /// No claim is made.
    public static let noClaim = TrustworthinessClaim(rawValue: 0)
    /// Affirmed; what exactly, each category says.
    public static let affirmed = TrustworthinessClaim(rawValue: 2)
    /// Executables: only approved ones were loaded during the boot; what runs since is not spoken of.
    public static let approvedBoot = TrustworthinessClaim(rawValue: 3)
    /// Executables: recognised ones only, and some of them are known not to be those that should run.
    public static let unsafeExecutables = TrustworthinessClaim(rawValue: 32)
    /// Configuration: it exposes the environment to known weaknesses.
    public static let weakConfiguration = TrustworthinessClaim(rawValue: 32)
    /// Recognised, and not to be trusted.
    public static let contraindicated = TrustworthinessClaim(rawValue: 96)
    /// Not recognised, although it should be.
    public static let unrecognized = TrustworthinessClaim(rawValue: 97)
    /// The evidence failed its cryptographic validation.
    public static let failedValidation = TrustworthinessClaim(rawValue: 99)
}

/// What an appraisal says about the eight aspects of an attester (draft-ietf-rats-ar4si section 2.3).
public struct TrustworthinessVector: Hashable, Sendable {
    /// The aspects, under the names of the standard, in its order.
    public enum Category: String, Hashable, Sendable, CaseIterable {
        case instanceIdentity = "instance-identity"
        case configuration
        case executables
        case fileSystem = "file-system"
        case hardware
        case runtimeOpaque = "runtime-opaque"
        case storageOpaque = "storage-opaque"
        case sourcedData = "sourced-data"
    }

    private var claims: [Category: TrustworthinessClaim] = [:]

    /// Claims nothing.
    public init() {}

    /// The claim about one aspect.
    public subscript(category: Category) -> TrustworthinessClaim {
        get { claims[category] ?? .noClaim }
        set { claims[category] = newValue == .noClaim ? nil : newValue }
    }

    /// The worst tier of any claim that is made: an appraisal's status is never better (draft-ietf-rats-ear section 3.1).
    public var tier: TrustworthinessTier { claims.values.map(\.tier).max() ?? .none }
}
