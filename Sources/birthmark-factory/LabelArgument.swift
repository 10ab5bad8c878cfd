public import ArgumentParser
public import Messages

extension Label: ExpressibleByArgument {
    /// Takes a text that keeps the rule of labels.
    public init?(argument: String) { self.init(argument) }
}
