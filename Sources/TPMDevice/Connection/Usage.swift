extension TPMConnection {
    /// How much has been asked of a TPM, command by command.
    public struct Usage: Sendable, Equatable {
        /// Calls of one command, and the time spent in them: the TPM's own, the way to it, and libtss2's work around it.
        public struct Spent: Sendable, Equatable {
            public internal(set) var commands = 0
            public internal(set) var time = Duration.zero
        }

        /// By the names of Part 3.
        public private(set) var byCommand: [String: Spent] = [:]

        /// Nothing yet.
        public init() {}

        /// All commands that were sent.
        public var commands: Int { byCommand.values.reduce(0) { $0 + $1.commands } }
        /// The time spent in all of them.
        public var time: Duration { byCommand.values.reduce(.zero) { $0 + $1.time } }

        mutating func add(_ command: String, _ time: Duration) {
            byCommand[command, default: Spent()].commands += 1
            byCommand[command, default: Spent()].time += time
        }
    }
}
