import ArgumentParser
import CommandLineContract
import FoundationEssentials
import Messages
import VerifierService
import Wording

struct OperatorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operator",
        abstract: "Issues an operator's certificate and key.",
        discussion: """
            Roles: release-manager registers, withdraws, recalls and rolls out releases; operator acts on devices, publishes trust bundles, \
            reports keys and brings files from devices off line; both approve releases and declare emergencies; auditor reads, as \
            operator may too; factory brings births, and nothing else.

            Give the directory that is made to the operator, and only to him. To renew a certificate, move the directory away first. To take \
            one back before it expires, name him in "revokedOperators" of config.json, which the service reads by itself: his name counts no more.

            Example:
              birthmark-verifier operator verifier alice --role operator --role auditor
            """
    )

    @OptionGroup var place: DirectoryArgument

    @Argument(help: ArgumentHelp("The operator's name, as it stands on the ledger.", valueName: "name"))
    var name: String

    @Option(help: ArgumentHelp("What the operator may do, as above; repeat for several.", valueName: "role"))
    var role: [String]

    @Option(help: ArgumentHelp("Days that the certificate is good for.", valueName: "days"))
    var days = 365

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard Label(name) != nil else { throw ValidationError("\"\(name)\" is not a name: \(Label.rule)") }
        let known = OperatorRole.allCases.map(\.rawValue)
        for role in role where !known.contains(role) {
            throw ValidationError("\"\(role)\" is not a role: \(known.joined(separator: ", "))")
        }
        guard !role.isEmpty else { throw ValidationError("an operator needs at least one --role") }
        guard (1...3650).contains(days) else { throw ValidationError("--days is 1 to 3650") }
    }

    func run() throws {
        guard let label = Label(name) else { throw CommandFailure(.malformed, "\"\(name)\" is not a name") }
        let roles = Set(role.compactMap { OperatorRole(rawValue: $0) })
        let now = Int64(Date.now.timeIntervalSince1970)
        let issued = try OperatorAuthority.issue(label, roles: roles, days: days, in: place.directory, now: now)
        try output.print(OperatorReport(operator: name, roles: roles.map(\.rawValue).sorted(), directory: issued)) {
            "\(issued) holds cert.pem and key.pem of operator \(name), for \(Counted.of(days, "day"))"
        }
    }
}

struct OperatorReport: Encodable {
    var `operator`: String
    var roles: [String]
    var directory: String
}
