import ArgumentParser
import CommandLineContract
import DeviceAgent
import DurableFiles
import GatewayService
import HTTPService
import Logging

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves the devices behind it over HTTPS.",
        discussion: """
            Each authentic request of a child is one quote of this device's TPM, by which its own lease is renewed as well; birthmark-device run \
            may go on beside it. SIGTERM lets requests in progress end. service.json and package-roots.pem are read at a \
            start: what is changed in them counts from the next one on. Logs are lines of JSON on standard error.

            Example: birthmark-gateway serve gw
            """
    )

    @OptionGroup var place: DirectoryArgument
    @OptionGroup var options: AgentOptions
    @Option(help: ArgumentHelp("Listen here instead of where service.json says.", valueName: "address:port"))
    var listen: String?
    @Option(help: ArgumentHelp("Write the port to this file once connections are accepted.", valueName: "file"))
    var portFile: String?
    /// Seconds that requests in progress are given when the service is told to stop.
    private static let stopSeconds = 30

    func validate() throws {
        if let listen, ListenAddress(listen) == nil {
            throw ValidationError("\"\(listen)\" is not an address and a port, such as 192.168.7.1:8445")
        }
    }

    func run() async throws {
        let level = options.level
        let logger = Logger(label: "gateway") { JSONLineLog(label: $0, level: level) }
        let directory = place.directory
        let configuration = try directory.read()
        guard let lock = try FileLock.trying(directory.lock) else {
            throw CommandFailure(
                .environment,
                "another birthmark-gateway serves \(directory.path)",
                hint: "stop it first"
            )
        }
        let gateway = try options.gateway(configuration, directory, logger)
        let portFile = try PortFile(portFile, logger: logger)
        let server = try GatewayServer(directory, gateway, address: listen.flatMap { ListenAddress($0) }) { port in
            portFile.write(port)
        }
        try await Serving.untilStopped(server, stopSeconds: Self.stopSeconds, logger: logger)
        lock.release()
        logger.notice("stopped")
    }
}
