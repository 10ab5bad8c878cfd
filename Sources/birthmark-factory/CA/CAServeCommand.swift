import ArgumentParser
import CommandLineContract
import DurableFiles
import EnrolmentService
import HTTPService
import Logging

struct CAServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Certifies devices for stations over HTTPS.",
        discussion: """
            The revocation list is signed again when less than a third of its time is left. SIGTERM lets requests in progress end. \
            Logs are lines of JSON on standard error.

            Example: birthmark-factory ca serve ca --passphrase-file /run/ca-passphrase
            """
    )

    @OptionGroup var place: CADirectoryArgument
    @Option(help: ArgumentHelp("Listen here instead of where service.json says.", valueName: "address:port"))
    var listen: String?
    @Option(help: ArgumentHelp("Write the port to this file once connections are accepted.", valueName: "file"))
    var portFile: String?
    @Option(help: ArgumentHelp("debug, info, notice, warning or error.", valueName: "level"))
    var logLevel = "info"
    @OptionGroup var passphrase: PassphraseOption

    /// Seconds that requests in progress are given when the service is told to stop.
    private static let stopSeconds = 10

    func validate() throws {
        if let listen, ListenAddress(listen) == nil {
            throw ValidationError("\"\(listen)\" is not an address and a port, such as 127.0.0.1:8444")
        }
        guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("\"\(logLevel)\" is not a level") }
    }

    func run() async throws {
        let level = Logger.Level(rawValue: logLevel) ?? .info
        let logger = Logger(label: "ca") { JSONLineLog(label: $0, level: level) }
        // Where there is no host there is no place for a lock either.
        _ = try HostSetup.configuration(place.host)
        guard let lock = try FileLock.trying(place.host.lock) else {
            throw CommandFailure(
                .environment,
                "another birthmark-factory serves \(place.directory)",
                hint: "stop it first"
            )
        }
        let portFile = try PortFile(portFile, logger: logger)
        let server = try EnrolmentServer(
            place.host,
            passphrase: passphrase.passphrase(),
            address: listen.flatMap { ListenAddress($0) },
            logger: logger
        ) { port in
            portFile.write(port)
        }
        try await Serving.untilStopped(server, stopSeconds: Self.stopSeconds, logger: logger)
        lock.release()
        logger.notice("stopped")
    }
}
