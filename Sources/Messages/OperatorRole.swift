/// What an operator's client certificate may let its holder do: `urn:birthmark:role:<role>` in its subject alternative names.
public enum OperatorRole: String, Hashable, Sendable, Codable, CaseIterable {
    /// Adds and withdraws releases.
    case releaseManager = "release-manager"
    /// Suspends, reinstates and retires instances.
    case `operator`
    /// Reads everything, changes nothing.
    case auditor
    /// Imports births.
    case factory
}
