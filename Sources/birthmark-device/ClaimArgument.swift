public import ArgumentParser
public import Messages

extension ClaimSource: ExpressibleByArgument {
    /// Reads `name=file`.
    public init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let name = Label(parts[0]) else { return nil }
        self.init(name: name, path: String(parts[1]))
    }
}
