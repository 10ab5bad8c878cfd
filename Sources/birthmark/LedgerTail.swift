import ArgumentParser
import CommandLineContract
import Ledger
import Messages
import UpdateTrust
import VerifierClient

struct LedgerTail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Shows the last entries, and with --follow new ones.",
        discussion: """
            Each is checked to stand under the signed checkpoint, and each later checkpoint to continue the one before. With --follow \
            --json prints each entry on a line of its own.

            Examples:
              birthmark ledger tail --trust trust.json
              birthmark ledger tail --follow --lines 0 --trust trust.json
            """
    )

    @Option(name: .shortAndLong, help: ArgumentHelp("How many entries.", valueName: "n"))
    var lines = 10
    @Flag(name: .shortAndLong, help: "Go on until interrupted.")
    var follow = false
    @OptionGroup var verifier: TrustOption
    @OptionGroup var output: OutputOptions

    private static let pause = Duration.seconds(1)

    private struct Line: Encodable {
        var number: Int
        var entry: LedgerEntry
    }

    private struct Report: Encodable {
        var entries: [Line]
        var size: Int
    }

    func validate() throws {
        guard (0...1_000_000).contains(lines) else { throw ValidationError("--lines takes 0 to 1000000") }
    }

    func run() async throws {
        let bundle = try verifier.bundle()
        let keys = try LedgerKeys(bundle)
        try await VerifierClient.with(bundle) { client in
            var ledger = try await OpenedLedger(.served(by: client), keys)
            var frontier = try await ledger.log.tree(size: max(0, ledger.checkpoint.size - lines)).frontier()
            let first = try await append(to: &frontier, ledger)
            guard follow else {
                let report = Report(entries: first, size: ledger.checkpoint.size)
                return try output.print(report) { first.map(Self.text).joined(separator: "\n") }
            }
            try show(first)
            while true {
                try await Task.sleep(for: Self.pause)
                ledger = try await OpenedLedger(.served(by: client), keys)
                guard ledger.checkpoint.size >= frontier.size else {
                    let refusal = LedgerRefusal.truncated(seen: frontier.size, offered: ledger.checkpoint.size)
                    throw CommandFailure.ledgerRefused(refusal.description)
                }
                try show(try await append(to: &frontier, ledger))
            }
        }
    }

    private func show(_ lines: [Line]) throws(CommandFailure) {
        for line in lines { try output.print(line) { Self.text(line) } }
    }

    /// Reads on to the ledger's end; its root must come out, whatever was read before.
    private func append(to frontier: inout TreeFrontier, _ ledger: OpenedLedger) async throws -> [Line] {
        var found: [Line] = []
        do {
            let start = frontier.size
            for bundle in ledger.log.bundles(from: start) where start < ledger.checkpoint.size {
                let first = bundle.nodes.indices.lowerBound
                for (offset, entry) in try await ledger.log.entries(bundle).enumerated() where first + offset >= start {
                    let read = try LedgerEntry(parsing: entry.bytes)
                    found.append(Line(number: first + offset, entry: read))
                    _ = frontier.append(entry.leafHash)
                }
            }
        } catch let error as LedgerFormatError {
            throw CommandFailure.ledgerRefused("behind entry \(frontier.size): \(error)")
        } catch let error as MessageError {
            throw CommandFailure.ledgerRefused("entry \(frontier.size) cannot be read: \(error.detail)")
        }
        guard frontier.root == ledger.checkpoint.root else {
            throw CommandFailure.ledgerRefused("the ledger's end is not what its checkpoint was signed over")
        }
        return found
    }

    private static func text(_ line: Line) -> String {
        let entry = line.entry
        let instance = entry.instance.map { "  \($0.text)" } ?? ""
        return "\(line.number)  \(UTCTime.text(entry.at))  \(entry.body.type)  \(entry.actor)\(instance)"
    }
}
