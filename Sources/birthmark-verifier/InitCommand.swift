import ArgumentParser
import CommandLineContract
import FoundationEssentials
import HTTPService
import Messages
import VerifierService

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes the verifier's directory.",
        discussion: """
            In it are keys, certificates, configuration, and an empty record.

            Run again it finishes what was begun, renews a TLS certificate that was removed, and takes over the files that \
            are given; it never replaces a key or a record.

            What is left out now can be given later; birthmark-verifier check says what is missing. Give --trust-keys before any device \
            has trust.json: those that have it then are never told of other keys.

            Example:
              birthmark-verifier init verifier --host verifier.example \\
                  --release-keys release-keys.json --trust-keys trust-keys.json \\
                  --birth-keys line-1/birth-keys.json \\
                  --factory-roots line-1/factory-roots.pem --ek-roots vendor-root.pem
            """
    )

    @OptionGroup var place: DirectoryArgument

    @Option(
        help: ArgumentHelp("The verifier's name, in grants and on the ledger; default: birthmark.", valueName: "name")
    )
    var name: String?

    @Option(help: ArgumentHelp("Where to listen; default: 127.0.0.1:8443.", valueName: "address:port"))
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

    @Option(
        help: ArgumentHelp("The policy to begin with; default: Provisioning/policies/default.json.", valueName: "file"),
        completion: .file()
    )
    var policy: String?

    @Option(
        help: ArgumentHelp("The keys whose word makes a release (birthmark release keygen).", valueName: "file"),
        completion: .file()
    )
    var releaseKeys: String?

    @Option(
        help: ArgumentHelp(
            "The keys of people whose word makes the next trust bundle (birthmark release keygen): without them no key can ever be changed "
                + "without a visit to every device.",
            valueName: "file"
        ),
        completion: .file()
    )
    var trustKeys: String?

    @Option(
        help: ArgumentHelp(
            "The factory's stations, whose births count (birthmark-factory init); repeat for several. Those given take the place of "
                + "all that were trusted before.",
            valueName: "file"
        ),
        completion: .file()
    )
    var birthKeys: [String] = []

    @Option(
        help: ArgumentHelp(
            "The factory's CA certificates (birthmark-factory init); a file, or a directory of such files.",
            valueName: "path"
        ),
        completion: .file()
    )
    var factoryRoots: String?

    @Option(
        help: ArgumentHelp(
            "TPM vendors' CA certificates: a file, or a directory of such files; repeat for several.",
            valueName: "path"
        ),
        completion: .file()
    )
    var ekRoots: [String] = []

    @Option(
        help: ArgumentHelp(
            "Endorsement keys that are believed without a certificate: the SHA-256 of a public area a line.",
            valueName: "file"
        ),
        completion: .file()
    )
    var ekAllowList: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let listen, ListenAddress(listen) == nil {
            throw ValidationError("\"\(listen)\" is not an address and a port, such as 127.0.0.1:8443")
        }
        if let url, !url.hasPrefix("https://") { throw ValidationError("--url begins with https://") }
        if let name, Label(name) == nil { throw ValidationError("\"\(name)\" is not a name: \(Label.rule)") }
    }

    func run() throws {
        var options = DirectorySetup.Options()
        if let name {
            guard let label = Label(name) else { throw CommandFailure(.malformed, "\"\(name)\" is not a name") }
            options.name = label
        }
        options.listen = listen
        options.hosts = host.map { $0.split(separator: ",").map(String.init) } ?? []
        options.url = url
        options.policy = policy
        options.releaseKeys = releaseKeys
        options.trustKeys = trustKeys
        options.birthKeys = birthKeys
        options.factoryRoots = factoryRoots
        options.ekRoots = ekRoots
        options.ekAllowList = ekAllowList
        let directory = place.directory
        let setup = DirectorySetup(directory, options, now: Int64(Date.now.timeIntervalSince1970))
        try setup.run(
            defaultPolicy: DefaultPolicy.bytes,
            storeExists: { directory.storeExists($0) },
            makeStore: { try directory.makeStore($0) }
        )
        try output.print(InitReport(directory: directory.path, trust: directory.trustBundle)) {
            """
            \(directory.path) is ready; devices and operators need \(directory.trustBundle)
            next: birthmark-verifier operator \(directory.path) NAME --role ROLE, then birthmark-verifier serve \(directory.path)
            """
        }
    }
}

struct InitReport: Encodable {
    var directory: String
    var trust: String
}
