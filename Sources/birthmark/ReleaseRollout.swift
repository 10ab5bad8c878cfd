import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

struct ReleaseRollout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout",
        abstract: "Says or sets how far a release goes out.",
        discussion: """
            It can be paused and resumed, too.

            A release without a rollout goes to all whom the policy lets. With one, the cohorts (environments of birth) have it \
            whole, and of all others the percentage; a higher one only adds. It halts by itself when too many updates failed, and \
            goes on when somebody resumes it, with the plan as it was or another.

            Example:
              birthmark release rollout 3b5d… --percent 10 --cohort lab --halt-above 5% \\
                  --reason 'first ring' --trust trust.json --operator operators/alice
            """
    )

    @OptionGroup var release: ReleaseArgument
    @Option(help: ArgumentHelp("How much of the fleet, 0 to 100.", valueName: "percent"))
    var percent: Percentage?
    @Option(help: ArgumentHelp("An environment that has it whole; repeat for several.", valueName: "label"))
    var cohort: [Label] = []
    @Option(help: ArgumentHelp("Halts when more than this failed; default: never.", valueName: "percent"))
    var haltAbove: Percentage?
    @Option(help: ArgumentHelp("How many must be confirmed or failed before that; default: 20.", valueName: "n"))
    var haltAfter: Int?
    @Flag(help: "Grants it to nobody more until it is resumed; who has it may have it again.")
    var pause = false
    @Flag(help: "Goes on after a pause or a halt; after a halt, counting begins anew.")
    var resume = false
    @Option(help: ArgumentHelp("Why, in one line; it stands on the ledger, which anybody can read.", valueName: "text"))
    var reason: String?
    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard !pause || (percent == nil && !resume) else {
            throw ValidationError("--pause goes with neither --percent nor --resume")
        }
        guard percent != nil || (cohort.isEmpty && haltAbove == nil) else {
            throw ValidationError("--cohort and --halt-above go with --percent")
        }
        guard haltAbove != nil || haltAfter == nil else {
            throw ValidationError("--halt-after goes with --halt-above")
        }
        guard (reason != nil) == (percent != nil || pause || resume) else {
            throw ValidationError("a change needs --reason, and only a change has one")
        }
    }

    func run() async throws {
        let report: RolloutReport
        if let order = try order() {
            report = try await verifier.ask(about: .release(release.manifest)) { client in
                try await client.rollout(of: release.manifest, order)
            }
        } else {
            report = try await verifier.ask(about: .rollout(of: release.manifest)) { client in
                try await client.rollout(of: release.manifest)
            }
        }
        try output.print(report) {
            let halts = report.plan.haltAbove.map { "above \($0) % of at least \(report.plan.haltAfter)" }
            return facts([
                ("release", report.manifest.description),
                ("rollout", report.status),
                ("fleet", "\(report.plan.percent) %"),
                ("cohorts", report.plan.cohorts?.map(\.text).joined(separator: ", ")),
                ("halts", halts ?? "never by itself"),
                ("confirmed", "\(report.confirmed)"),
                ("failed", "\(report.failed)"),
                ("tiers", report.tiers.isEmpty ? nil : "granted to \(counted(report.tiers))"),
                ("changed", "\(UTCTime.text(report.changedAt)) by \(report.changedBy): \(report.reason)"),
            ])
        }
    }

    /// What is to be done; `nil` to look only.
    private func order() throws(CommandFailure) -> RolloutOrder? {
        guard let reason else { return nil }
        let verb: RolloutVerb = resume ? .resume : pause ? .pause : .set
        let plan = percent.flatMap {
            RolloutPlan(
                percent: $0.number,
                cohorts: cohort.isEmpty ? nil : cohort,
                haltAbove: haltAbove?.number,
                haltAfter: haltAfter ?? RolloutPlan.defaultHaltAfter
            )
        }
        guard (plan != nil) == (percent != nil), let order = RolloutOrder(verb, plan: plan, reason: reason) else {
            throw CommandFailure(
                .malformed,
                "the percentages, the cohorts or the reason are not what a rollout can have",
                hint: "percentages up to 100 (--halt-above up to 99), each cohort once, a reason in one line"
            )
        }
        return order
    }
}

/// A percentage on the command line, with its sign or without.
struct Percentage: ExpressibleByArgument {
    let number: Int

    init?(argument: String) {
        let digits = argument.hasSuffix("%") ? argument.dropLast() : argument[...]
        guard let number = Int(digits), (0...100).contains(number) else { return nil }
        self.number = number
    }
}
