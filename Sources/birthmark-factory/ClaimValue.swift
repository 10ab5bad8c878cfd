import ArgumentParser
import Messages

/// What a station is told that a device's hardware says of itself.
struct ClaimValue: ExpressibleByArgument {
    var name: Label
    var value: Label

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let name = Label(parts[0]), let value = Label(parts[1]) else { return nil }
        (self.name, self.value) = (name, value)
    }
}
