public import ArgumentParser
public import Endorsement
public import FactoryAuthority

extension KeyLocation: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { description }
}

extension RevocationReason: ExpressibleByArgument {}
