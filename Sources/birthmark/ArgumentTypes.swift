public import ArgumentParser
public import Messages

extension Label: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

extension ContentDigest: ExpressibleByArgument {
    /// Reads an argument; people may have it in capitals.
    public init?(argument: String) { self.init(argument.lowercased()) }
}

extension InstanceID: ExpressibleByArgument {
    /// Reads the text form.
    public init?(argument: String) { self.init(argument) }
}

extension PCRBank: ExpressibleByArgument {}

extension RequiredRelease: ExpressibleByArgument {
    /// Reads an argument.
    public init?(argument: String) { self.init(argument) }
}

/// A role in which somebody can approve: the others' certificates are not admitted to it.
struct ApprovingRole: ExpressibleByArgument {
    let role: OperatorRole

    init?(argument: String) {
        guard let role = OperatorRole(rawValue: argument), OperatorRoute.approve.roles.contains(role) else {
            return nil
        }
        self.role = role
    }

    static var allValueStrings: [String] {
        OperatorRole.allCases.filter { OperatorRoute.approve.roles.contains($0) }.map(\.rawValue)
    }

    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}

extension ForkCopy: ExpressibleByArgument {}

extension EmergencyOverride: ExpressibleByArgument {}

extension KeyKind: ExpressibleByArgument {}
