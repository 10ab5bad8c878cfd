import ArgumentParser
import AuditCollection
import CommandLineContract
import Messages
import Reappraisal
import VerifierClient
import Wording

struct AuditReappraise: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reappraise",
        abstract: "Takes archived decisions again with today's code.",
        discussion: """
            It says what is different.

            What a decision rested on is kept: evidence, event log, the state and the releases of then, the policy. From that it is \
            taken again here, not by the verifier, and held to the last byte of what the ledger says of it. Nothing is changed anywhere.

            Exit status 0: every decision comes out the same. 1: at least one does not, or cannot be taken again.

            Examples:
              birthmark audit reappraise GW-0001 --trust trust.json \\
                  --operator operators/alice
              birthmark audit reappraise --from 2026-11-01 --to 2026-12-01
            """
    )

    @Argument(help: ArgumentHelp("The device's serial number or instance id.", valueName: "device"))
    var instance: Label?
    @Option(help: ArgumentHelp("The begin of a span of time: 2026-11-01, or 2026-11-01T15:04:05Z.", valueName: "date"))
    var from: String?
    @Option(help: ArgumentHelp("Its end, which does not belong to it; default: now.", valueName: "date"))
    var to: String?
    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (instance != nil) != (from != nil) else { throw ValidationError("Name a device, or --from.") }
        guard to == nil || from != nil else { throw ValidationError("--to is the end of --from.") }
    }

    func run() async throws {
        let times = try from.map { try ArchiveSpan.times(from: $0, to: to) }
        let subject = instance.map { AskedAbout.device($0) }
        let retaken = try await RetakenDecisions.taken(from: verifier, about: subject) { client in
            try await reader(client, times)
        }
        try output.print(retaken) { Self.text(retaken) }
        guard retaken.different.isEmpty else { throw ExitStatus.refused.code }
    }

    private func reader(_ client: VerifierClient, _ times: Range<Int64>?) async throws -> ArchiveReader {
        if let times { return ArchiveReader(client, of: times) }
        guard let instance else { throw CommandFailure(.malformed, "name a device, or --from") }
        return try await ArchiveReader(client, about: try await client.instance(instance).instance)
    }

    private static func text(_ retaken: RetakenDecisions) -> String {
        var lines: [String] = []
        for line in retaken.different {
            let whose = line.instance.map { " of \($0)" } ?? ""
            let when = line.at.isEmpty ? "" : "\(line.at) "
            if let fault = line.fault { lines.append("\(when)entry \(line.entry)\(whose): \(fault)") }
            for difference in line.differences {
                lines.append("\(when)entry \(line.entry)\(whose): \(difference.says)")
            }
        }
        lines.append(
            "\(Counted.of(retaken.decisions, "decision")) taken again: \(retaken.same) the same, \(retaken.different.count) not"
                + (retaken.unkept == 0 ? "" : "; of \(Counted.of(retaken.unkept, "other")) the archive keeps nothing")
        )
        return lines.joined(separator: "\n")
    }
}

extension Difference {
    /// For people.
    var says: String {
        func shown(_ text: String) -> String { text.isEmpty ? "nothing" : text }
        return "\(topic.rawValue): recorded is \(shown(recorded)), now it is \(shown(now))"
    }
}
