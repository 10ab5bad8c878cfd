import ArgumentParser
import CommandLineContract
import DurableFiles
import HTTPService
import Ledger
import Logging
import WitnessService

/// A witness of other people's ledgers.
struct LedgerWitness: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness",
        abstract: "A small witness, to be run elsewhere: cosigns checkpoints of ledgers that only ever grow.",
        discussion: """
            It should be run by somebody else than the verifier's operator, on another machine: its word is worth what they cannot do together. \
            It sees sizes and hashes, and no entry.

            Examples:
              birthmark ledger witness init w1 --name witness.example/w1 --log 'birthmark/ledger+9f3c…+AQ…' --host witness.example
              birthmark ledger witness serve w1
            """,
        subcommands: [Init.self, Serve.self]
    )

    struct Init: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a witness's directory, or adds a ledger to it, and prints its key.",
            discussion: """
                The key and roots.pem go to the verifier's configuration ("witnesses" in config.json). Run again it replaces nothing.

                Example: birthmark ledger witness init w1 --name witness.example/w1 --log "$(jq -r .ledgerKey trust.json)" --host witness.example
                """
        )

        @Argument(help: ArgumentHelp("The witness's directory.", valueName: "dir"), completion: .directory)
        var path: String
        @Option(
            help: ArgumentHelp("Its name, such as witness.example/w1; it cannot be changed later.", valueName: "name")
        )
        var name: String?
        @Option(
            help: ArgumentHelp(
                "The key of a ledger that it cosigns: \"ledgerKey\" in a verifier's trust.json; repeat for several.",
                valueName: "vkey"
            )
        )
        var log: [String] = []
        @Option(help: ArgumentHelp("Where to listen; the default is 127.0.0.1:8447.", valueName: "address:port"))
        var listen: String?
        @Option(
            help: ArgumentHelp(
                "Names and addresses for the TLS certificate, with commas; the default is localhost,127.0.0.1.",
                valueName: "hosts"
            )
        )
        var host: String?
        @OptionGroup var output: OutputOptions

        private struct Report: Encodable {
            var name: String
            var vkey: String
            var roots: String
            var logs: [String]
        }

        func run() throws {
            let directory = WitnessDirectory(path)
            let kept = try? directory.read()
            guard let name = name ?? kept?.name else {
                throw CommandFailure(.malformed, "--name is missing", hint: "such as witness.example/w1")
            }
            var keys: [VerifierKey] = []
            for text in log {
                do { keys.append(try VerifierKey(parsing: text)) } catch {
                    throw CommandFailure(
                        .malformed,
                        "--log \(text): \(error)",
                        hint: "give \"ledgerKey\" of trust.json"
                    )
                }
            }
            let wanted = WitnessConfiguration(
                name: name,
                listen: listen ?? kept?.listen ?? "127.0.0.1:8447",
                hosts: host.map { $0.split(separator: ",").map(String.init) } ?? kept?.hosts ?? [
                    "localhost", "127.0.0.1",
                ],
                logs: keys
            )
            let key = try directory.make(wanted, now: UTCTime.now)
            let logs = try directory.read().logs
            try output.print(Report(name: name, vkey: key.text, roots: directory.roots, logs: logs)) {
                facts([
                    ("key", key.text), ("TLS roots", directory.roots),
                    ("ledgers", logs.isEmpty ? "none yet: --log" : logs.joined(separator: ", ")),
                    ("next", "birthmark ledger witness serve \(path)"),
                ])
            }
        }
    }

    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cosigns over HTTPS until it is told to stop.",
            discussion: """
                Each checkpoint is on the disk before its cosignature leaves. SIGTERM lets requests in progress end. Logs are lines of JSON on \
                standard error.

                Example: birthmark ledger witness serve w1
                """
        )

        @Argument(help: ArgumentHelp("The witness's directory.", valueName: "dir"), completion: .directory)
        var path: String
        @Option(help: ArgumentHelp("Listen here instead of where service.json says.", valueName: "address:port"))
        var listen: String?
        @Option(help: ArgumentHelp("Write the port to this file once connections are accepted.", valueName: "file"))
        var portFile: String?

        /// Seconds that requests in progress are given when the service is told to stop.
        private static let stopSeconds = 10

        func validate() throws {
            if let listen, ListenAddress(listen) == nil {
                throw ValidationError("\"\(listen)\" is not an address and a port, such as 192.168.7.1:8447")
            }
        }

        func run() async throws {
            let logger = Logger(label: "witness") { JSONLineLog(label: $0, level: .info) }
            let directory = WitnessDirectory(path)
            _ = try directory.read()
            guard let lock = try FileLock.trying(directory.lock) else {
                throw CommandFailure(
                    .environment,
                    "another witness serves \(path)",
                    hint: "stop it first: two would each remember a part"
                )
            }
            let portFile = try PortFile(portFile, logger: logger)
            let server = try WitnessServer(directory, address: listen.flatMap { ListenAddress($0) }, logger: logger) {
                port in
                portFile.write(port)
            }
            try await Serving.untilStopped(server, stopSeconds: Self.stopSeconds, logger: logger)
            lock.release()
            logger.notice("stopped")
        }
    }
}
