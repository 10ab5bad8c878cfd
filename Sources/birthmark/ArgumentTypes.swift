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

extension OperatorRole: ExpressibleByArgument {}

extension ForkLine: ExpressibleByArgument {}

extension EmergencyOverride: ExpressibleByArgument {}

extension KeyKind: ExpressibleByArgument {}
