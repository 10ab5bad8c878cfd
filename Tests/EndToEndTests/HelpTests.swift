import Testing

/// Every command says how it is used, with an example that begins with the program's name.
@Suite struct HelpTests {
    @Test(arguments: Program.allCases)
    func everyCommandHelpsWithAnExample(_ program: Program) async throws {
        let transcript = Transcript()
        var waiting: [[String]] = [[]]
        var commands = 0
        while let command = waiting.popLast() {
            let ended = try await program.run(command + ["--help"], in: transcript)
            try expect(0, ended)
            #expect(ended.error.isEmpty, "\(ended)")
            // The synopsis under USAGE is no example.
            let lines = ended.output.split(separator: "\n").map { $0.drop { $0 == " " } }
            let called = ([program.rawValue] + command).joined(separator: " ") + " "
            let example = lines.contains { line in
                let line = line.hasPrefix("Example: ") ? line.dropFirst(9) : line
                return line == called.dropLast() || line.hasPrefix(called)
            }
            #expect(example, "\(called)has no example: \(ended.output)")
            #expect(brokenLines(ended.output).isEmpty, "\(called)breaks \(brokenLines(ended.output))")
            let below = subcommands(ended.output)
            #expect(
                wrapped(ended.output).isEmpty,
                "\(called)takes more than a line for a command: \(wrapped(ended.output))"
            )
            // A service has no result; its log is JSON.
            let hasResult = below.isEmpty && !["serve", "line"].contains(command.last)
            #expect(!hasResult || ended.output.contains("--json"), "\(called)prints no JSON")
            commands += 1
            waiting += below.map { command + [$0] }
        }
        #expect(commands > 3)
    }

    /// Who knows a program's name alone finds a birth, an update off line or without a TPM, and an audit from there.
    @Test(arguments: [
        (Program.factory, ["provision line-1", "export line-1", "enrol line-1"]),
        (Program.verifier, ["init /var/lib", "operator /var/lib", "serve /var/lib"]),
        (
            Program.device,
            [
                "attest --trust", "update --package", "confirm", "request --freshness", "redeem /", "receipt --out",
                "enrol --out",
            ]
        ),
        (Program.gateway, ["init gw", "serve gw"]),
        (
            Program.auditor,
            [
                "births import", "release add", "freshness --out", "authorize /", "receipts import", "approve 3b5d",
                "device witness", "audit export", "audit verify",
            ]
        ),
    ])
    func theTopLeadsToEachErrand(_ program: Program, _ errands: [String]) async throws {
        let help = try await program.run(["--help"], in: Transcript()).output
        for errand in errands { #expect(help.contains("\n  \(program.rawValue) \(errand)"), "\(errand)") }
    }

    /// Examples that ArgumentParser broke at 80 columns, where no backslash says that they go on: people copy them as they stand.
    private func brokenLines(_ help: String) -> [Substring] {
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.hasPrefix("USAGE:") }
        return zip(lines, lines.dropFirst()).compactMap { line, next -> Substring? in
            let word = next.prefix { $0 != " " }
            let isBroken = !word.isEmpty && line.count + 1 + word.count >= 80
            return isBroken && (line.hasPrefix("  ") || line.hasPrefix("Example: ")) ? line : nil
        }
    }

    /// The names listed under SUBCOMMANDS, without `help`.
    private func subcommands(_ help: String) -> [String] {
        listed(help).filter { !$0.hasPrefix("   ") }.compactMap { $0.split(separator: " ").first.map(String.init) }
    }

    /// What did not fit into a command's line under SUBCOMMANDS: a list that is looked through has a line for each.
    private func wrapped(_ help: String) -> [Substring] { listed(help).filter { $0.hasPrefix("   ") } }

    private func listed(_ help: String) -> [Substring] {
        guard let list = help.firstRange(of: "SUBCOMMANDS:\n") else { return [] }
        return help[list.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
            .prefix { !$0.isEmpty }
            .filter { $0.hasPrefix("  ") }
    }
}
