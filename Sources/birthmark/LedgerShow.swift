import ArgumentParser
import AttestationResults
import CommandLineContract
import Ledger
import Messages
import UpdateTrust
import VerifierClient

/// The entry that a refusal names.
struct LedgerShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows one entry of the ledger.",
        discussion: """
            What a device was refused with names the entry; the verifier's log names it too. With --files it comes out of a copy, where it \
            must stand under the signed checkpoint, and needs no operator's certificate.

            Examples:
              birthmark ledger show 13 --trust trust.json --operator operators/alice
              birthmark ledger show 13 --files ledger --trust trust.json
            """
    )

    @Argument(help: ArgumentHelp("The entry's number, from 0 on.", valueName: "n"))
    var number: Int
    @Option(help: ArgumentHelp("A copy of the ledger, instead of what the verifier has.", valueName: "dir"))
    var files: String?

    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var number: Int
        var entry: LedgerEntry
    }

    func validate() throws {
        guard number >= 0 else { throw ValidationError("entries are numbered from 0 on") }
    }

    func run() async throws {
        let bytes = try await read()
        let entry: LedgerEntry
        do {
            entry = try LedgerEntry(parsing: bytes)
        } catch {
            throw CommandFailure(
                .environment,
                "entry \(number) cannot be read: \(error.detail)",
                hint: "check that this program is of the verifier's version"
            )
        }
        try output.print(Report(number: number, entry: entry)) {
            facts([
                ("entry", "\(number)"),
                ("at", UTCTime.text(entry.at)),
                ("by", entry.actor.description),
                ("signed", entry.statement?.description),
                ("type", entry.body.type),
                ("refused", refusal(entry.body)),
                ("not met", unmet(entry.body)),
                ("instance", entry.instance?.text),
                ("exactly", String(decoding: bytes, as: UTF8.self)),
            ])
        }
    }
}

extension LedgerShow {
    private func read() async throws -> [UInt8] {
        guard let files else {
            return try await verifier.ask(about: .entry(number)) { client in try await client.ledgerEntry(number) }
        }
        let ledger = try await OpenedLedger(.copied(to: files), LedgerKeys(verifier.bundle()))
        let (log, checkpoint) = (ledger.log, ledger.checkpoint)
        guard number < checkpoint.size else {
            throw CommandFailure(
                .refused,
                "the copy in \(files) has no entry \(number)",
                hint: "it has \(checkpoint.size), from 0 on; birthmark ledger export brings it up to date"
            )
        }
        do {
            for bundle in log.bundles(from: number) {
                let offset = number - bundle.nodes.indices.lowerBound
                guard let entry = try await log.entries(bundle).dropFirst(offset).first,
                    let path = try await log.tree(size: checkpoint.size).inclusionPath(of: number),
                    InclusionProof(index: number, size: checkpoint.size, path: path)
                        .verifies(leaf: entry.leafHash, root: checkpoint.root)
                else { break }
                return entry.bytes
            }
        } catch let error as LedgerFormatError {
            throw CommandFailure.ledgerRefused("a file of the ledger: \(error)")
        }
        throw CommandFailure.ledgerRefused("entry \(number) is not what the checkpoint was signed over")
    }
}

/// Why a decision was a refusal: each reason with its sentence, where it is one that is known here.
private func refusal(_ body: LedgerEntry.Body) -> String? {
    let reasons: [String]
    switch body {
    case .decision(let decision) where !decision.accepted: reasons = decision.reasons
    case .compensated(let decision) where !decision.accepted: reasons = decision.reasons
    default: return nil
    }
    return reasons.map { reason in
        let sentence = DecisionReason(rawValue: reason)?.sentence ?? ReasonCode(rawValue: reason)?.sentence
        return sentence.map { "\($0) (\(reason))" } ?? reason
    }
    .joined(separator: " ")
}

/// The controls that a device without a TPM did not meet.
private func unmet(_ body: LedgerEntry.Body) -> String? {
    guard case .compensated(let decision) = body else { return nil }
    let controls = decision.controls.filter { !$0.isMet }.map(\.control.rawValue)
    return controls.isEmpty ? nil : controls.joined(separator: ", ")
}
