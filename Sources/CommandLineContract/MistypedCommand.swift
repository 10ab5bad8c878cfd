import ArgumentParser

/// The name of a subcommand that there is not, and the one that was meant.
struct MistypedCommand {
    /// What was typed.
    var typed: String
    /// What there is in that place.
    var names: [String]

    /// Nobody types a longer one.
    private static let longest = 32

    /// Follows the arguments down from a program's root.
    /// - Returns: nil when each command that they name is there.
    static func first(in arguments: [String], of root: any ParsableCommand.Type) -> MistypedCommand? {
        var command = root
        for argument in arguments {
            let below = command.configuration.subcommands
            guard !below.isEmpty, !argument.hasPrefix("-"), argument != "help" else { return nil }
            guard let next = below.first(where: { $0._commandName == argument }) else {
                guard argument.count <= longest else { return nil }
                return MistypedCommand(typed: argument, names: below.map { $0._commandName })
            }
            command = next
        }
        return nil
    }

    /// The name that is near enough to have been meant.
    var meant: String? {
        let distances = names.map { name in (name: name, distance: Self.distance(from: typed, to: name)) }
        guard let near = distances.min(by: { $0.distance < $1.distance }), near.distance <= 2,
            near.distance < typed.count
        else { return nil }
        return near.name
    }

    /// How many characters have to be put in, left out or changed (Levenshtein).
    private static func distance(from left: String, to right: String) -> Int {
        var row = Array(0...right.count)
        for (above, character) in left.enumerated() {
            var next = [above + 1]
            for (column, other) in right.enumerated() {
                let changed = row[column] + (character == other ? 0 : 1)
                next.append(min(changed, row[column + 1] + 1, next[column] + 1))
            }
            row = next
        }
        return row[right.count]
    }
}
