import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

struct ApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract:
            "Lets one release go to one device, or one environment's devices, that have no TPM, or lists who did.",
        discussion: """
            The policy says how many people have to (controls.approvals), and in which roles. The approval stands on the ledger in your \
            name, counts for the hours that you give, and every grant under it names it.

            Examples:
              birthmark approve 3b5d… --device SENSOR-0007 --role release-manager --reason 'change 12'
              birthmark approve 3b5d… --environment lab --role operator --hours 72 --reason 'change 12'
              birthmark approve 3b5d… --list
            """
    )

    @Argument(help: ArgumentHelp("The release's manifest digest, as release list shows it.", valueName: "manifest"))
    var manifest: ContentDigest
    @Option(help: ArgumentHelp("The device, by serial number or instance id.", valueName: "device"))
    var device: Label?
    @Option(help: ArgumentHelp("All devices without a TPM that were born for this environment.", valueName: "label"))
    var environment: Label?
    @Option(help: ArgumentHelp("Which of your roles you approve in.", valueName: "role"))
    var role: OperatorRole?
    @Option(help: ArgumentHelp("For how long it counts, 1 to 744 hours.", valueName: "n"))
    var hours = 24
    @Option(help: ArgumentHelp("Why, in one line; it stands on the ledger.", valueName: "text"))
    var reason: String?
    @Flag(help: "Shows the approvals of the release that count still.")
    var list = false
    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if list {
            guard device == nil, environment == nil, role == nil, reason == nil else {
                throw ValidationError("--list goes with the manifest alone")
            }
            return
        }
        guard (device == nil) != (environment == nil) else {
            throw ValidationError("an approval is for --device or for --environment")
        }
        guard role != nil, reason != nil else { throw ValidationError("an approval needs --role and --reason") }
    }

    func run() async throws {
        if list {
            let approvals = try await verifier.ask { client in try await client.approvals(of: manifest) }
            return try output.print(approvals) { Self.text(approvals.approvals) }
        }
        guard let role, let reason,
            let order = ApprovalOrder(
                release: manifest,
                device: device,
                environment: environment,
                role: role,
                hours: hours,
                reason: reason
            )
        else {
            throw CommandFailure(
                .malformed,
                "--hours takes 1 to \(ApprovalOrder.maximumHours), and --reason one line",
                hint: "approve it again when the time is over"
            )
        }
        let report = try await verifier.ask { client in try await client.approve(order) }
        try output.print(report) { Self.text([report]) }
    }

    private static func text(_ approvals: [ApprovalReport]) -> String {
        table(
            ["BY", "ROLE", "FOR", "UNTIL", "REASON"],
            approvals.map { approval in
                let subject = approval.instance.map { "instance \($0)" } ?? "all of \(approval.environment?.text ?? "")"
                return [
                    approval.by.text, approval.role.rawValue, subject, UTCTime.text(approval.until), approval.reason,
                ]
            }
        )
    }
}
