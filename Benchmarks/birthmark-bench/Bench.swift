import ArgumentParser
import CommandLineContract

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "birthmark-bench",
        abstract: "Measure Birthmark against the least that the same work can cost.",
        discussion: """
            Every subject and its floor run in turn in this process, and what is compared is processor time. The results \
            are printed as a table and written to .build/bench.json.

            Example:
              birthmark-bench
              birthmark-bench appraisal-p256
            """
    )
    @Argument(help: ArgumentHelp("Only what begins with this, such as appraisal or birth-rsa2048.", valueName: "name"))
    var only: String?

    func run() async throws {
        var results = Results()
        for suite in Suite.all where only.map(suite.mayHold) ?? true {
            StandardError.write("measuring \(suite.name) ...\n")
            results.append(try await suite.run(suite.name))
        }
        guard !results.measurements.isEmpty else {
            throw CommandFailure(
                .malformed,
                "there is no benchmark \(only ?? "")",
                hint: "choose from \(Suite.all.map(\.name).joined(separator: ", "))"
            )
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

    /// Whether a measurement of this suite may have a name that begins so.
    func mayHold(_ prefix: String) -> Bool { name.hasPrefix(prefix) || prefix.hasPrefix(name) }

    static let all = AppraisalBench.suites
}
