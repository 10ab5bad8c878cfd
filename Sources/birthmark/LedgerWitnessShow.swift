import ArgumentParser
import CommandLineContract
import Ledger
import Messages
import WitnessService
import Wording

extension LedgerWitness {
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what the witness has seen of each ledger.",
            discussion: """
                It shows which histories it has given up, too.

                May be asked while it serves.

                Example: birthmark ledger witness show w1
                """
        )

        @Argument(help: ArgumentHelp("The witness's directory.", valueName: "dir"), completion: .directory)
        var path: String
        @OptionGroup var output: OutputOptions

        private struct Report: Encodable {
            var name: String
            var ledgers: [Watched]
        }

        private struct Watched: Encodable {
            var origin: String
            /// Of the checkpoint that was cosigned last, the root as entries write it; absent when none was.
            var entries: Int?
            var root: String?
            var cosignedAt: Int64?
            var cuts: [LedgerWitness.Cut]
        }

        func run() throws {
            let directory = WitnessDirectory(path)
            let name = try directory.read().name
            let ledgers = try directory.watched().map { log in
                Watched(
                    origin: log.origin,
                    entries: log.last?.checkpoint.size,
                    root: log.last?.checkpoint.root.description,
                    cosignedAt: log.last?.cosignatures.values.max().map { Int64($0) },
                    cuts: try log.cuts.map { try LedgerWitness.Cut($0) }
                )
            }
            try output.print(Report(name: name, ledgers: ledgers)) {
                ([facts([("witness", name)])] + ledgers.map(Self.text)).joined(separator: "\n\n")
            }
        }

        private static func text(of ledger: Watched) -> String {
            let seen = ledger.entries.map { entries in
                Counted.of(entries, "entry", "entries")
                    + (ledger.cosignedAt.map { ", cosigned at " + UTCTime.text($0) } ?? "")
            }
            var known: [(name: String, value: String?)] = [
                ("ledger", ledger.origin), ("seen", seen ?? "nothing"), ("root", ledger.root),
            ]
            for cut in ledger.cuts { known.append((name: "given up", value: cut.text)) }
            return facts(known)
        }
    }

    /// A history that was given up, for people and scripts.
    struct Cut: Encodable {
        var at: Int64
        var by: Label
        var reason: Remark
        /// Entries and root of the checkpoint that was cosigned last before, and of the one in its place.
        var entriesBefore: Int
        var rootBefore: String
        var entriesAfter: Int
        var rootAfter: String

        init(_ cut: HistoryCut) throws {
            let (before, after) = try cut.checkpoints()
            (at, by, reason) = (cut.at, cut.by, cut.reason)
            (entriesBefore, rootBefore) = (before.size, before.root.description)
            (entriesAfter, rootAfter) = (after.size, after.root.description)
        }

        /// One line.
        var text: String {
            "\(Counted.of(entriesBefore, "entry", "entries")) under \(rootBefore) for \(entriesAfter) under \(rootAfter), "
                + "at \(UTCTime.text(at)) by \(by): \(reason)"
        }
    }
}
