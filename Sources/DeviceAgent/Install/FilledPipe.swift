import DurableFiles
import Glibc
import Subprocess
import SystemPackage

/// A pipe that holds all its bytes before anybody reads, and that nobody can write to any more.
///
/// So a command that does not read what it is given ends by itself, and neither holds this process up nor kills it (SIGPIPE).
struct FilledPipe: ~Copyable {
    /// Where the bytes come out.
    let reading: FileDescriptor

    private init(reading: Int32) { self.reading = FileDescriptor(rawValue: reading) }

    /// Fills a pipe.
    /// - Parameter bytes: at most what a pipe of the kernel holds, 64 KiB unless it is set otherwise (pipe(7)).
    static func holding(_ bytes: [UInt8]) throws(AgentError) -> FilledPipe {
        let name = "a pipe to a command"
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw AgentError(FileError(errno: errno, .write, name)) }
        let filled = FilledPipe(reading: ends[0])
        defer { close(ends[1]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // Too small a pipe is an error then, and no wait for ever.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        do {
            try AtomicFile.write(bytes, descriptor: ends[1], path: name)
        } catch {
            throw AgentError(error)
        }
        return filled
    }

    deinit { close(reading.rawValue) }
}

extension ShellCommand {
    /// Runs it over the bytes in a pipe.
    /// - Returns: how it ended, and what it wrote.
    func run(over pipe: borrowing FilledPipe, limit: Int) async throws -> (end: End, output: [UInt8]) {
        try await run(input: pipe.reading, output: .bytes(limit: limit))
    }
}
