public import DurableFiles

extension CommandFailure {
    /// A file that could not be read is unreadable input; one that could not be written is the environment's fault.
    public init(_ error: FileError) {
        let status: ExitStatus =
            switch (error.act, error.code) {
            case (.read, .system), (.read, .exposed), (.read, .changeable), (.read, .foreign), (.write, _): .environment
            case (.read, _): .malformed
            }
        self.init(status, error.description, hint: error.hint)
    }
}

/// Files that a command is given.
public enum InputFile {
    /// Reads a whole file of at most `limit` bytes.
    /// - Parameter what: what it should be, for the message: "the event log".
    public static func read(_ path: String, limit: Int, what: String) throws(CommandFailure) -> [UInt8] {
        try reading(what) { () throws(FileError) in try BoundedFile.read(path, limit: limit) }
    }

    /// The same for a private key or another secret, which is not used when others may read or change its file.
    public static func readPrivate(_ path: String, limit: Int, what: String) throws(CommandFailure) -> [UInt8] {
        try reading(what) { () throws(FileError) in try BoundedFile.readGivenPrivate(path, limit: limit) }
    }

    private static func reading(
        _ what: String,
        _ body: () throws(FileError) -> [UInt8]
    ) throws(CommandFailure) -> [UInt8] {
        do throws(FileError) {
            return try body()
        } catch {
            var failure = CommandFailure(error)
            failure.message = "\(what): \(failure.message)"
            throw failure
        }
    }
}

/// Files that a command makes.
public enum OutputFile {
    /// Writes a whole file in one step, readable by its owner only unless said otherwise.
    public static func write(
        _ bytes: [UInt8],
        to path: String,
        mode: UInt32 = 0o600,
        existing: AtomicFile.Existing = .replace
    ) throws(CommandFailure) {
        do {
            try AtomicFile.write(bytes, to: path, mode: mode, existing: existing)
        } catch {
            throw CommandFailure(error)
        }
    }
}
