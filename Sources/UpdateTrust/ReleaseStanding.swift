public import Messages

/// Whether a release on record may be granted, and run.
public enum ReleaseStanding: String, Hashable, Sendable, Codable, CaseIterable {
    /// It may.
    case registered
    /// Nothing more of it is granted; who runs it keeps its lease.
    case withdrawn
    /// Nothing more of it is granted, and who runs it has a lease only for the way out of it.
    case recalled
}

/// How releases stand, by their manifests; a release that is not in it is not on record.
public typealias ReleaseStandings = [ContentDigest: ReleaseStanding]

extension InstanceState {
    /// The releases whose standing a decision about this instance depends on, besides the one that it asks for.
    public var manifests: [ContentDigest] {
        [running.manifest].compactMap { $0 } + openGrants.map(\.package.manifest)
    }
}
