import FoundationEssentials
import Glibc
import HeldPorts
import Programs
import Subprocess
import SystemPackage
import Testing

/// A birthmark-verifier, or another program that serves a directory, at work in a process of its own, which can be killed and started again on the same port.
///
/// A shell between the two holds the reading end of a pipe: when this process is gone, however it went, the verifier goes too.
actor VerifierProcess {
    let place: String
    private let transcript: Transcript
    private let serving: [String]
    /// Nobody else's while it is down.
    private var held: HeldPort?
    private var running: Running?
    private var starts = 0

    private struct Running {
        var id: pid_t
        var end: AsyncStream<String>.Continuation
        var guardian: Task<TerminationStatus?, Never>
    }

    /// - Parameters:
    ///   - verb: the command that serves.
    ///   - arguments: of it, besides where to listen.
    ///   - port: where it listens; `nil` for one that it takes and keeps.
    init(
        _ place: String,
        _ transcript: Transcript,
        of program: Program = .verifier,
        _ verb: [String] = ["serve"],
        arguments: [String] = [],
        port: HeldPort? = nil
    ) {
        self.place = place
        self.transcript = transcript
        held = port
        serving = [program.path] + verb + [place] + arguments
    }

    /// Where it listens; `nil` before its first start.
    var port: Int? { held?.number }
    private var portFile: String { place + ".port" }
    private var idFile: String { place + ".pid" }
    nonisolated var log: String { place + ".log" }

    /// Serves; returns when connections are accepted.
    func start(environment: [String: String] = [:]) async throws {
        for file in [portFile, idFile] { try? FileManager.default.removeItem(atPath: file) }
        starts += 1
        let (ends, end) = AsyncStream.makeStream(of: String.self)
        let port = try held ?? HeldPort()
        held = port
        let command = serving + ["--listen", "127.0.0.1:\(port.number)", "--port-file", portFile]
        let guardian = Task.detached { [idFile, log] in
            try? await Subprocess.run(
                .path("/bin/sh"),
                arguments: Arguments(["-c", Self.guardian, "sh", idFile, log] + command),
                environment: .inherit.updating(Self.keyed(environment)),
                input: .inputWriter,
                output: .discarded,
                error: .discarded
            ) { execution in
                for await how in ends { _ = try await execution.standardInputWriter.write(how + "\n") }
                try await execution.standardInputWriter.finish()
            }
            .terminationStatus
        }
        running = Running(id: 0, end: end, guardian: guardian)
        try await waitUntilItListens()
    }

    private static func keyed(_ environment: [String: String]) -> [Environment.Key: String?] {
        var keyed: [Environment.Key: String?] = [:]
        for (name, value) in environment { keyed[.init(stringLiteral: name)] = value }
        return keyed
    }

    private func waitUntilItListens() async throws {
        for _ in 0..<24_000 {
            if let text = try? contents(of: portFile), !text.isEmpty, let id = try? contents(of: idFile),
                let process = pid_t(String(decoding: id.dropLast(), as: UTF8.self))
            {
                running?.id = process
                return
            }
            if exists(idFile), exists(log), isGone { break }
            try await Task.sleep(for: .milliseconds(5))
        }
        let words = String(decoding: (try? contents(of: log)) ?? [], as: UTF8.self)
        await finish("kill")
        Issue.record("\(serving[0]) does not serve: \(words)")
        throw CancellationError()
    }

    /// Whether the process ended by itself; the guardian has not waited for it yet, so its entry is still there.
    var isGone: Bool {
        guard let id = try? contents(of: idFile), let process = pid_t(String(decoding: id.dropLast(), as: UTF8.self))
        else { return false }
        return !isRunning(process)
    }

    /// Pulls the plug: SIGKILL, wherever it is.
    func kill() async {
        if let id = running?.id, id > 0 { _ = Glibc.kill(id, SIGKILL) }
        await finish("kill")
    }

    /// SIGTERM.
    /// - Returns: how the verifier ended.
    @discardableResult
    func stop() async -> TerminationStatus? { await finish("term") }

    @discardableResult
    private func finish(_ how: String) async -> TerminationStatus? {
        guard let ended = running else { return nil }
        running = nil
        ended.end.yield(how)
        ended.end.finish()
        return await ended.guardian.value
    }

    /// What it said on standard error, for the test's transcript.
    func collectLog() {
        if let words = try? contents(of: log) { transcript.add(String(decoding: words, as: UTF8.self)) }
    }

    /// Notes the id once the program is in its place, tells how to end, and ends as the program ended.
    private static let guardian = """
        ids=$1 log=$2
        shift 2
        "$@" 2>>"$log" &
        child=$!
        echo "$child" > "$ids"
        read -r how
        case $how in term) kill -TERM "$child" ;; *) kill -KILL "$child" ;; esac
        wait "$child"
        """
}
