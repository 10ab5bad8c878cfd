import ArgumentParser
import CommandLineContract

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "birthmark-bench",
        abstract: "Measure Birthmark against the least that the same work can cost.",
        discussion: """
            Every subject and its floor run in turn, and what is compared is processor time, but for births, whose TPM is \
            another process. The results are printed as a table and written to .build/bench.json, after each suite anew.

            Example:
              birthmark-bench
              birthmark-bench run appraisal-p256
              birthmark-bench run record --devices 50000
              birthmark-bench run --resume --markdown
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
    @Flag(help: "Go on where the run before was interrupted; one that was finished is shown again.")
    var resume = false
    @Flag(help: "Print the table as Benchmarks/README.md has it.")
    var markdown = false
    @OptionGroup(title: "For a quick look")
    var sizes: FleetSizes

    func run() async throws {
        let suites = try chosen
        var results = try resume ? Results.kept(sizes) : Results(sizes)
        var watch = Watch(over: suites.filter { !results.hold($0) })
        for suite in watch.suites {
            watch.begin(suite)
            do {
                results.append(try await suite.run(suite.name), of: suite)
            } catch {
                watch.fail(suite, kept: results.finished.count)
                throw error
            }
            try results.write()
            watch.end(suite)
        }
        guard StandardOutput.write((markdown ? results.markdown : results.table) + "\n") else {
            throw CommandFailure.outputFailed
        }
    }

    private var chosen: [Suite] {
        get throws {
            let all = Suite.all(sizes)
            let suites = all.filter { suite in only.map(suite.name.hasPrefix) ?? true }
            guard !suites.isEmpty else {
                throw CommandFailure(
                    .malformed,
                    "there is no benchmark \(only ?? "")",
                    hint: "choose from \(all.map(\.name).joined(separator: ", "))"
                )
            }
            return suites
        }
    }
}

/// Says on standard error how far a run is.
private struct Watch {
    let suites: [Suite]
    private let start = ContinuousClock.now
    private var number = 0
    /// What the suites that are left take, by their own word.
    private var minutes: Double

    init(over suites: [Suite]) {
        self.suites = suites
        minutes = suites.reduce(0) { $0 + $1.minutes }
        guard suites.count > 1 else { return }
        StandardError.write("\(suites.count) suites, \(Self.text(minutes)) on two idle cores\n")
    }

    mutating func begin(_ suite: Suite) {
        number += 1
        let passed = (ContinuousClock.now - start) / .seconds(60)
        let far = number == 1 ? "" : ", \(Self.text(passed)) passed, \(Self.text(minutes)) left"
        StandardError.write("measuring \(suite.name) (\(number) of \(suites.count)\(far)) ...\n")
    }

    mutating func end(_ suite: Suite) { minutes -= suite.minutes }

    /// Says what an error has not taken away.
    func fail(_ suite: Suite, kept: Int) {
        let rest = kept == 0 ? "nothing was before it" : "\(kept) are kept, and --resume (BENCH_RESUME=1) goes on here"
        StandardError.write("\(suite.name) could not be measured; \(rest)\n")
    }

    private static func text(_ minutes: Double) -> String {
        let whole = Int(minutes.rounded())
        return whole < 2 ? "a minute or so" : "about \(whole) minutes"
    }
}
