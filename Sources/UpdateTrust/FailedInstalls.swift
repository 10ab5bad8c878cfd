public import Messages

/// How often one release was installed on an instance and did not come to stay.
///
/// A device that goes back and forth between two images wears out its flash and is never anywhere: after some attempts a person looks.
public struct FailedInstalls: Hashable, Sendable, Codable {
    /// The release: SHA-256 of its signed payload.
    public let release: ContentDigest
    /// How often, since it was last confirmed or an operator reinstated the instance.
    public let count: Int

    /// How often a rule lets one release fail that does not say it.
    static let defaultMaximum = 3
    /// The most that a rule can let.
    static let maximum = 100

    /// One more; another release begins anew.
    static func adding(_ release: ContentDigest, to earlier: FailedInstalls?) -> FailedInstalls {
        FailedInstalls(release: release, count: earlier?.release == release ? (earlier?.count ?? 0) &+ 1 : 1)
    }
}

extension UpdateStage {
    /// Whether it says that something else booted after an install.
    var isSetback: Bool {
        switch self {
        case .rolledBack, .rescued, .failed: true
        case .granted, .installed, .booted, .confirmed, .unconfirmed, .lapsed, .superseded, .withdrawn: false
        }
    }
}
