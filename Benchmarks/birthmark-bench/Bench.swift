import ArgumentParser
import CommandLineContract

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "birthmark-bench",
        abstract: "Measure Birthmark against the least that the same work can cost.",
        discussion: """
            Every subject and its floor run in turn, and what is compared is processor time, but for births, whose TPM is \
            another process. The results are printed as a table and written to .build/bench.json.

            Example:
              birthmark-bench
              birthmark-bench run appraisal-p256
              birthmark-bench run record --devices 50000
            """,
        subcommands: [RunCommand.self, ModelCommand.self, LoadCommand.self],
        defaultSubcommand: RunCommand.self
    )
}

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure; what is done when nothing is said."
    )
    @Argument(help: ArgumentHelp("Only what begins with this, such as appraisal or birth-rsa2048.", valueName: "name"))
    var only: String?
    @OptionGroup(title: "For a quick look")
    var sizes: FleetSizes

    func run() async throws {
        let all = Suite.all(sizes)
        let suites = all.filter { suite in only.map(suite.name.hasPrefix) ?? true }
        guard !suites.isEmpty else {
            throw CommandFailure(
                .malformed,
                "there is no benchmark \(only ?? "")",
                hint: "choose from \(all.map(\.name).joined(separator: ", "))"
            )
        }
        var results = Results()
        for suite in suites {
            StandardError.write("measuring \(suite.name) ...\n")
            results.append(try await suite.run(suite.name))
        }
        guard StandardOutput.write(results.table + "\n") else {
            throw CommandFailure(.environment, "standard output cannot be written")
        }
        try results.write(to: ".build/bench.json")
    }
}

/// Measurements that are made together.
struct Suite: Sendable {
    /// What the names of its measurements begin with.
    let name: String
    let run: @Sendable (_ name: String) async throws -> [Measurement]

    static func all(_ sizes: FleetSizes) -> [Suite] {
        [IMABench.memorySuite] + AppraisalBench.suites + IMABench.suites + EndorsementBench.suites
            + ServiceBench.suites + RenewalBench.suites + LeaseBench.suites(sizes) + RecordBench.suites(sizes)
            + AppendBench.suites + ProofBench.suites(sizes) + AuditBench.suites
            + BirthBench.suites + LineBench.suites + ModelBench.suites
    }
}
