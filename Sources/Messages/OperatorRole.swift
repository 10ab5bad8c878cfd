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

/// How an operator's certificate says whose it is and what it lets him do: URIs among its subject alternative names.
public enum OperatorURI {
    /// Before the operator's name: exactly one.
    public static let name = "urn:birthmark:operator:"
    /// Before each role.
    public static let role = "urn:birthmark:role:"
}
