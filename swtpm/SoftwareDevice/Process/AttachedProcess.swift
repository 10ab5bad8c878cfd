import Subprocess

/// A swtpm that dies with this process, however this process dies.
///
/// A shell between the two holds the reading end of a pipe and waits. When the pipe closes, because it was told to or
/// because this process is gone, it ends the swtpm it started, by its process id.
final class AttachedProcess: Sendable {
    /// How the TPM loses its power.
    enum End: Sendable { case stop, cut }

    private let end: AsyncStream<End>.Continuation
    private let task: Task<Void, Never>

    init(_ arguments: [String]) {
        let (ends, continuation) = AsyncStream.makeStream(of: End.self)
        end = continuation
        task = Task.detached {
            // The outcome tells nothing: whether swtpm answers is asked of swtpm itself.
            _ = try? await run(
                .name("sh"),
                arguments: Arguments(["-c", Self.guardian, "sh", SwtpmArguments.program] + arguments),
                input: .inputWriter,
                output: .discarded,
                error: .discarded
            ) { execution in
                for await end in ends where end == .cut {
                    _ = try await execution.standardInputWriter.write("cut\n")
                }
                try await execution.standardInputWriter.finish()
            }
        }
    }

    deinit {
        end.finish()
    }

    /// Ends the swtpm and returns when it is gone.
    func end(_ how: End) async {
        end.yield(how)
        end.finish()
        await task.value
    }

    private static let guardian = """
        "$@" &
        child=$!
        read -r how
        case $how in cut) kill -9 "$child" ;; *) kill "$child" ;; esac
        wait "$child"
        """
}
