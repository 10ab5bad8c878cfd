import ArgumentParser
import CommandLineContract
import DurableFiles
import HTTPService
import Logging
import WitnessService

extension LedgerWitness {
    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cosigns over HTTPS.",
            discussion: """
                Each checkpoint is on the disk before its cosignature leaves. SIGTERM lets requests in progress end. service.json is \
                read at a start: ledgers that are named in it since are watched from the next one on. Logs are lines of JSON on standard \
                error.

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
