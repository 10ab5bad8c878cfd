import DurableFiles
import Foundation
import HeldPorts
import Testing

/// A CA host as a process of its own, with a directory of its own beside a test's line.
final class TestHost {
    let directory: String
    let passphrase: String
    private let environment: [String: String]
    private var process: Process?
    /// Nobody else's while it is down.
    private let held: HeldPort
    private var port: Int { held.number }

    /// Makes the CA; it serves nobody yet.
    init(
        in line: TestLine,
        keys: [String] = [],
        environment: [String: String] = [:]
    ) async throws {
        directory = line.directory + "/ca-host"
        passphrase = line.directory + "/passphrase"
        self.environment = environment
        held = try HeldPort()
        try AtomicFile.write(Array("correct horse\n".utf8), to: passphrase)
        let made = try await run(
            ["ca", "init", directory, "--name", "acme", "--host", "127.0.0.1", "--listen", "127.0.0.1:0"] + keys
        )
        #expect(made.status == 0, "\(made.errors)")
        for file in ["root.pem", "intermediate.pem"] {
            try FileManager.default.copyItem(
                atPath: "\(line.directory)/ca/\(file)",
                toPath: "\(directory)/ek-roots/\(file)"
            )
        }
    }

    deinit { kill9() }

    /// Runs a command with the host's passphrase, where it takes one.
    func run(_ arguments: [String]) async throws -> FactoryProcess.Ended {
        let takesPassphrase = arguments.first != "ca" || arguments[1] != "station"
        return try await FactoryProcess.run(
            arguments + (takesPassphrase ? ["--passphrase-file", passphrase] : []),
            environment: environment
        )
    }

    func start() async throws {
        let file = directory + "/port"
        try? FileManager.default.removeItem(atPath: file)
        let process = Process()
        process.executableURL = URL(filePath: FactoryProcess.program)
        process.arguments = [
            "ca", "serve", directory, "--listen", "127.0.0.1:\(port)", "--port-file", file, "--passphrase-file",
            passphrase,
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Nothing of the tests' own output is shared with a process that outlives its line.
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        for _ in 0..<6000 {
            if let text = try? String(contentsOfFile: file, encoding: .utf8), !text.isEmpty { return }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("the CA host did not start")
    }

    /// Ends it at once, in the middle of whatever it does.
    func kill9() {
        guard let process else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// Names a station, and makes its directory.
    func station(_ name: String, in line: TestLine, days: Int = 365) async throws -> String {
        let issued = try await run(["ca", "station", directory, name, "--days", String(days)])
        #expect(issued.status == 0, "\(issued.errors)")
        // Where it listens is known only now.
        let bundle = "\(directory)/stations/\(name)/authority.json"
        let text = try String(contentsOfFile: bundle, encoding: .utf8)
        try text.replacing("https://127.0.0.1:0", with: "https://127.0.0.1:\(port)")
            .write(toFile: bundle, atomically: true, encoding: .utf8)
        let path = "\(line.directory)/\(name)"
        let made = try await FactoryProcess.run([
            "init", path, "--name", name, "--ca-host", "\(directory)/stations/\(name)",
        ])
        #expect(made.status == 0, "\(made.errors)")
        return path
    }
}
