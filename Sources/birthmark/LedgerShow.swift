import ArgumentParser
import AttestationResults
import CommandLineContract
import Messages
import UpdateTrust
import VerifierClient

/// The entry that a refusal names.
struct LedgerShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows one entry of the ledger.",
        discussion: """
            What a device was refused with names the entry; the verifier's log names it too.

            Example: birthmark ledger show 13 --trust trust.json --operator operators/alice
            """
    )

    @Argument(help: ArgumentHelp("The entry's number, from 0 on.", valueName: "n"))
    var number: Int

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
        let bytes = try await verifier.ask(about: .entry(number)) { client in try await client.ledgerEntry(number) }
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
