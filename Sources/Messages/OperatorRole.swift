/// What an operator's client certificate may let its holder do: `urn:birthmark:role:<role>` in its subject alternative names.
public enum OperatorRole: String, Hashable, Sendable, Codable, CaseIterable {
    /// Registers, withdraws, recalls and rolls out releases; approves them, and declares emergencies.
    case releaseManager = "release-manager"
    /// Acts on instances, publishes trust bundles, reports keys, brings files from devices off line; approves releases too.
    case `operator`
    /// Reads, and changes nothing.
    case auditor
    /// Imports births, and nothing else.
    case factory
}

/// How an operator's certificate says whose it is and what it lets him do: URIs among its subject alternative names.
public enum OperatorURI {
    /// Before the operator's name: exactly one.
    public static let name = "urn:birthmark:operator:"
    /// Before each role.
    public static let role = "urn:birthmark:role:"
}
