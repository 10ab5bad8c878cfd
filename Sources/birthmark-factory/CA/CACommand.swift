import ArgumentParser
import CommandLineContract
import EnrolmentService
import FactoryAuthority
import Messages
import Wording

struct CACommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca",
        abstract: "The factory's CA on a host of its own.",
        discussion: """
            Stations hold no CA key then.

            The usual life of a CA host:
              birthmark-factory ca init ca --name acme --host ca.factory.example
              cp vendor-root.pem ca/ek-roots/
              birthmark-factory ca station ca line-1
              birthmark-factory ca serve ca
            and on the station, with ca/stations/line-1 brought there:
              birthmark-factory init line-1 --name line-1 --ca-host stations/line-1

            Example: birthmark-factory ca init ca --name acme --host ca.factory.example
            """,
        subcommands: [
            CAInitCommand.self, CAStationCommand.self, CAServeCommand.self, CARevokeCommand.self,
            CARevocationListCommand.self,
        ]
    )
}

struct CAInitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes a CA of two levels and a host for it.",
        discussion: """
            Keys that are there stay.

            The root signs the issuing level and is not needed again: take keys/root.key away, or keep it in a token.

            Example:
              birthmark-factory ca init ca --name acme --host ca.factory.example \\
                  --passphrase-file /run/ca-passphrase
            """
    )

    @OptionGroup var place: CADirectoryArgument
    @Option(help: "The CA's name, as its certificates carry it.")
    var name: Label
    @Option(
        help: ArgumentHelp(
            "Names and addresses by which stations reach the host, with commas; the first is told them.",
            valueName: "hosts"
        )
    )
    var host: [String]
    @Option(help: ArgumentHelp("Where to listen.", valueName: "address:port"))
    var listen = "0.0.0.0:8444"
    @OptionGroup var keys: KeyLocationOptions
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var authority: String
        var made: Bool
        var factoryRoots: String
        var ekRoots: String
    }

    func run() throws {
        let hosts = host.flatMap { $0.split(separator: ",").map(String.init) }
        guard let first = hosts.first else {
            throw CommandFailure(.malformed, "no host", hint: "give --host with a name or an address")
        }
        guard let port = listen.split(separator: ":").last else {
            throw CommandFailure(.malformed, "\(listen) is no address and port", hint: "write 0.0.0.0:8444")
        }
        let address = first.contains(":") ? "[\(first)]" : first
        // What would be refused later is refused before anything is made.
        let configuration: HostConfiguration
        do throws(MessageError) {
            configuration = try HostConfiguration(
                parsing: EditedJSON.encode(
                    HostConfiguration(listen: listen, url: "https://\(address):\(port)", hosts: hosts)
                )
            )
        } catch { throw CommandFailure(.malformed, error.detail) }
        let (authority, made) = try FactoryAuthority.make(
            in: place.authority,
            name: name,
            rootKey: keys.rootKey,
            issuingKey: keys.issuingKey,
            passphrase: passphrase.passphrase(),
            at: UTCTime.now
        )
        try HostSetup.make(place.host, configuration, now: UTCTime.now)
        let report = Report(
            authority: authority.name.text,
            made: made,
            factoryRoots: authority.directory.factoryRoots,
            ekRoots: authority.directory.ekRoots
        )
        try output.print(report) {
            """
            \(made ? "made" : "found") the CA \(report.authority) in \(place.directory)
            for verifiers: \(report.factoryRoots)
            next: put the CA certificates of your TPM vendors into \(report.ekRoots), then name the stations with \
            birthmark-factory ca station
            """
        }
    }
}

struct CAStationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "station",
        abstract: "Issues what a station needs to ask this CA.",
        discussion: """
            That is a certificate, its key, and where the CA is.

            Give the directory that is made to the station, and only to it. To renew a certificate, move the directory away first; \
            the station takes over what is made then by birthmark-factory init with --ca-host. To take the certificate back before it \
            expires, name the station in "revokedStations" of service.json; the host reads that again by itself.

            Example: birthmark-factory ca station ca line-1 --days 365
            """
    )

    @OptionGroup var place: CADirectoryArgument
    @Argument(help: "The station's name: \(Label.rule).")
    var name: Label
    @Option(help: "Days that the certificate is good for.")
    var days: Int64 = 365
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var station: String
        var directory: String
    }

    func validate() throws {
        guard (1...3650).contains(days) else { throw ValidationError("--days is 1 to 3650") }
    }

    func run() throws {
        let issued = try HostSetup.issue(name, days: days, in: place.host, now: UTCTime.now)
        try output.print(Report(station: name.text, directory: issued)) {
            """
            \(issued) holds what station \(name) needs, for \(Counted.of(days, "day"))
            next, on the station: birthmark-factory init DIR --name \(name) --ca-host \(issued)
            """
        }
    }
}
