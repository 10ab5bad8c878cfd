import ArgumentParser
import CommandLineContract
import DurableFiles
import GatewayService
import HTTPService
import Logging
import Messages

struct LineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "line",
        abstract: "Serves one device behind it over a serial line.",
        discussion: """
            It serves until the line is closed.

            Speaks on standard input and output, so that whatever starts it for a line may be used; or opens the line itself. The speed is \
            what the line has: set it before (stty). On the device: birthmark-device attest --gateway line:/dev/ttyS0. It may run beside serve.

            Examples:
              birthmark-gateway line gw --port tty1 --device /dev/ttyUSB0
              birthmark-gateway line gw --port tty1 </dev/ttyUSB0 >/dev/ttyUSB0
            """
    )

    @OptionGroup var place: DirectoryArgument
    @OptionGroup var options: AgentOptions
    @Option(help: ArgumentHelp("The line's name in what the gateway says that it saw.", valueName: "name"))
    var port: String
    @Option(help: ArgumentHelp("The line; without it standard input and output are it.", valueName: "path"))
    var device: String?

    func validate() throws {
        if Label(port) == nil { throw ValidationError("\"\(port)\" is not a name: \(Label.rule)") }
    }

    func run() async throws {
        guard let port = Label(port) else { throw CommandFailure(.malformed, "\"\(port)\" is not a name") }
        let logger = Logger(label: "gateway") { JSONLineLog(label: $0, level: options.level) }
        let directory = place.directory
        var configuration = try directory.read()
        configuration.port = port
        configuration.packages = nil
        guard let lock = try FileLock.trying(directory.lock(ofLine: port)) else {
            throw CommandFailure(.environment, "another birthmark-gateway serves \(port)", hint: "stop it first")
        }
        let gateway = try options.gateway(configuration, directory, status: directory.status(ofLine: port), logger)
        let line = try device.map { try CharacterLine(opening: $0) } ?? CharacterLine(input: 0, output: 1)
        logger.notice("serving \(device ?? "standard input and output") as \(port); its end or SIGTERM stops it")
        try await LineServer(gateway, line).run()
        lock.release()
        logger.notice("the line was closed")
    }
}
