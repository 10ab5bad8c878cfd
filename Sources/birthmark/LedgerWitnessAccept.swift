import ArgumentParser
import CommandLineContract
import DurableFiles
import Ledger
import Messages
import WitnessService

extension LedgerWitness {
    struct Accept: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes the history of a ledger that was restored.",
            discussion: """
                It comes in the place of the one that was seen.

                After birthmark-verifier restore a ledger goes on as another history, and a witness refuses it until its people believe that. \
                Compare first: the ledger's entry record-recovery says who restored it, why, and what was lost; show says what was seen \
                here. From then on this witness has cosigned two histories: that stays noted in its directory, and is told at each start.

                The witness must be stopped. Nobody can ask for this over the network.

                Example:
                  birthmark ledger witness accept w1 ledger/checkpoint --seen 812 \\
                      --by bob --reason 'alice told me on the phone, ticket 12'
                """
        )

        @Argument(help: ArgumentHelp("The witness's directory.", valueName: "dir"), completion: .directory)
        var path: String
        @Argument(
            help: ArgumentHelp(
                "A checkpoint of the other history: of a copy that birthmark ledger export has made.",
                valueName: "checkpoint"
            ),
            completion: .file()
        )
        var checkpoint: String
        @Option(help: ArgumentHelp("How many entries were seen of the history that is given up.", valueName: "n"))
        var seen: Int
        @Option(help: ArgumentHelp("Who accepts it, as it stays noted.", valueName: "name"))
        var by: Label
        @Option(help: ArgumentHelp("Why, in one line; it stays noted.", valueName: "text"))
        var reason: String
        @OptionGroup var output: OutputOptions

        private struct Report: Encodable {
            var origin: String
            var cut: LedgerWitness.Cut
        }

        func validate() throws {
            guard Remark(reason) != nil else {
                throw ValidationError("--reason is one line of 1 to \(Remark.maximumSize) bytes")
            }
        }

        func run() throws {
            guard let reason = Remark(reason) else { throw CommandFailure(.malformed, "--reason is no line of text") }
            let directory = WitnessDirectory(path)
            _ = try directory.read()
            let lock = try directory.locked()
            defer { lock.release() }
            let other = try signedCheckpoint()
            let accepted = try directory.accept(other, insteadOf: seen, by: by, reason: reason, now: UTCTime.now)
            switch accepted {
            case .success(let cut):
                let report = Report(origin: other.claimed.origin, cut: try LedgerWitness.Cut(cut))
                try output.print(report) {
                    facts([
                        ("ledger", report.origin), ("given up", report.cut.text),
                        ("next", "birthmark ledger witness serve \(path)"),
                    ])
                }
            case .failure(let refusal):
                throw CommandFailure(
                    .refused,
                    "\(checkpoint): \(refusal)",
                    hint: "look at both again: birthmark ledger witness show \(path)",
                    reasons: ["history-not-accepted"]
                )
            }
        }

        private func signedCheckpoint() throws(CommandFailure) -> SignedCheckpoint {
            let bytes = try InputFile.read(checkpoint, limit: SignedNote.maxByteCount, what: "the checkpoint")
            do {
                return try SignedCheckpoint(parsing: bytes)
            } catch {
                throw CommandFailure(
                    .malformed,
                    "\(checkpoint): \(error)",
                    hint: "give the file checkpoint of a copy that birthmark ledger export has made"
                )
            }
        }
    }
}
