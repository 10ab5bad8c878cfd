import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

struct ApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Approves a release, or lists who did.",
        discussion: """
            It is approved as a whole, or to go to devices that have no TPM.

            The policy says how many people have to, and in which roles: of a release before anybody is granted it (releaseApprovals, \
            --all-devices), and besides for devices without a TPM (controls.approvals, --device or --environment). The approval stands on \
            the ledger in your name, counts for the hours that you give, and every decision under it names it.

            Examples:
              birthmark approve 3b5d… --all-devices --role release-manager --hours 168 \\
                  --reason 'change 12'
              birthmark approve 3b5d… --device SENSOR-0007 --role release-manager \\
                  --reason 'change 12'
              birthmark approve 3b5d… --environment lab --role operator --hours 72 \\
                  --reason 'change 12'
              birthmark approve 3b5d… --list
            """
    )

    @Argument(
        help: ArgumentHelp(
            "The release's manifest digest, 64 hexadecimal digits, as release list shows it.",
            valueName: "manifest"
        )
    )
    var manifest: ContentDigest
    @Flag(help: "The release as a whole, whoever asks for it.")
    var allDevices = false
    @Option(help: ArgumentHelp("One device without a TPM, by serial number or instance id.", valueName: "device"))
    var device: Label?
    @Option(help: ArgumentHelp("All devices without a TPM that were born for this environment.", valueName: "label"))
    var environment: Label?
    @Option(help: ArgumentHelp("Which of your roles you approve in.", valueName: "role"))
    var role: ApprovingRole?
    @Option(help: ArgumentHelp("For how long it counts, 1 to 744 hours.", valueName: "n"))
    var hours = 24
    @Option(help: ArgumentHelp("Why, in one line; it stands on the ledger, which anybody can read.", valueName: "text"))
    var reason: String?
    @Flag(help: "Shows the approvals of the release that count still.")
    var list = false
    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if list {
            guard !allDevices, device == nil, environment == nil, role == nil, reason == nil else {
                throw ValidationError("--list goes with the release alone")
            }
            return
        }
        guard [allDevices, device != nil, environment != nil].filter({ $0 }).count == 1 else {
            throw ValidationError("an approval is for --all-devices, for --device or for --environment")
        }
        guard role != nil, reason != nil else { throw ValidationError("an approval needs --role and --reason") }
    }

    func run() async throws {
        if list {
            let approvals = try await verifier.ask(about: .release(manifest)) { client in
                try await client.approvals(of: manifest)
            }
            return try output.print(approvals) { Self.text(approvals.approvals) }
        }
        guard let role = role?.role, let reason,
            let order = ApprovalOrder(
                release: manifest,
                device: device,
                environment: environment,
                allDevices: allDevices ? true : nil,
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
        let about = device.map { AskedAbout.device($0, andRelease: manifest) } ?? AskedAbout.release(manifest)
        let report = try await verifier.ask(about: about) { client in try await client.approve(order) }
        try output.print(report) { Self.text([report]) }
    }

    private static func text(_ approvals: [ApprovalReport]) -> String {
        table(
            ["BY", "ROLE", "FOR", "UNTIL", "REASON"],
            approvals.map { approval in
                let cohort = approval.environment.map { "all of \($0)" } ?? "all devices"
                let subject = approval.instance.map { "instance \($0)" } ?? cohort
                return [
                    approval.by.text, approval.role.rawValue, subject, UTCTime.text(approval.until), approval.reason,
                ]
            }
        )
    }
}
