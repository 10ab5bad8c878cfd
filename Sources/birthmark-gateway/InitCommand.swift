import ArgumentParser
import CommandLineContract
import GatewayService
import HTTPService
import Messages

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes the gateway's directory.",
        discussion: """
            In it are a TLS key for the local side, its certificate, and the configuration.

            gateway.json in it is for the devices behind the gateway. Nothing in the directory makes anybody trusted: what the gateway says of \
            its children is worth what its TPM's quote is worth. Run again it finishes what was begun, and replaces no key.

            Example: birthmark-gateway init gw --listen 192.168.7.1:8445 --host 192.168.7.1
            """
    )

    @OptionGroup var place: DirectoryArgument
    @Option(help: ArgumentHelp("Where to listen; default: 127.0.0.1:8445.", valueName: "address:port"))
    var listen: String?
    @Option(
        help: ArgumentHelp(
            "Names and addresses for the TLS certificate, with commas; default: localhost,127.0.0.1.",
            valueName: "hosts"
        )
    )
    var host: String?
    @Option(
        help: ArgumentHelp(
            "Where devices find it; default: made of the first host and the port.",
            valueName: "url"
        )
    )
    var url: String?
    @Option(help: ArgumentHelp("The listener's name in what the gateway says that it saw.", valueName: "name"))
    var port = "lan"
    @Option(
        help: ArgumentHelp(
            "Where packages come from that are given out to the devices, each under the name of its SHA-256: a directory's absolute path, or "
                + "https://… (its CA certificates go to package-roots.pem).",
            valueName: "place"
        )
    )
    var packages: String?
    @OptionGroup var output: OutputOptions

    private static let defaultPort = 8445

    func validate() throws {
        if let listen, ListenAddress(listen) == nil {
            throw ValidationError("\"\(listen)\" is not an address and a port, such as 192.168.7.1:8445")
        }
        if let url, !url.hasPrefix("https://") { throw ValidationError("--url begins with https://") }
        if Label(port) == nil { throw ValidationError("\"\(port)\" is not a name: \(Label.rule)") }
    }

    private struct Report: Encodable {
        var directory: String
        var contact: String
    }

    func run() throws {
        let listen = listen ?? "127.0.0.1:\(Self.defaultPort)"
        let hosts = host.map { $0.split(separator: ",").map(String.init) } ?? ["localhost", "127.0.0.1"]
        guard let port = Label(port), let first = hosts.first else {
            throw CommandFailure(.malformed, "no host", hint: "give --host with a name or an address")
        }
        let number = ListenAddress(listen)?.port ?? Self.defaultPort
        var wanted = GatewayConfiguration(
            listen: listen,
            url: url ?? "https://\(first):\(number)",
            hosts: hosts,
            port: port
        )
        wanted.packages = packages
        let configuration = try GatewayConfiguration(parsing: try EditedJSON.encode(wanted))
        let directory = place.directory
        try directory.make(configuration, now: UTCTime.now)
        try output.print(Report(directory: directory.path, contact: directory.contact)) {
            """
            \(directory.path) is ready; devices behind it need \(directory.contact)
            next: birthmark-gateway serve \(directory.path), and birthmark device assign at the verifier
            """
        }
    }
}
