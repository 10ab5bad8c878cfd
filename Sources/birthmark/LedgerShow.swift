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
            What a device was refused with names the entry by its number, and so does the verifier's log; other entries and some answers, \
            as that of device witness, name it by the SHA-256 of its bytes. Both are shown. With --files it comes out of a copy. There, \
            and where the SHA-256 is given, it must stand under the signed checkpoint, and no operator's certificate is needed.

            Examples:
              birthmark ledger show 13 --trust trust.json --operator operators/alice
              birthmark ledger show 13 --files ledger --trust trust.json
            """
    )

    @Argument(help: ArgumentHelp("The entry: its number, from 0 on, or its SHA-256.", valueName: "entry"))
    var name: EntryName
    @Option(help: ArgumentHelp("A copy of the ledger, instead of what the verifier has.", valueName: "dir"))
    var files: String?

    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var number: Int
        var digest: ContentDigest
        var entry: LedgerEntry
    }

    private struct Found: Sendable {
        var number: Int
        var bytes: [UInt8]
    }

    func run() async throws {
        let found = try await read()
        let (number, bytes) = (found.number, found.bytes)
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
        let digest = ContentDigest(of: bytes)
        try output.print(Report(number: number, digest: digest, entry: entry)) {
            facts([
                ("entry", "\(number)"),
                ("SHA-256", "\(digest)"),
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
    private func read() async throws -> Found {
        if let files {
            let ledger = try await OpenedLedger(.copied(to: files), LedgerKeys(verifier.bundle()))
            let hint = "it has \(ledger.checkpoint.size), from 0 on; birthmark ledger export brings it up to date"
            return try await find(in: ledger, called: "the copy in \(files)", hint: hint)
        }
        switch name {
        case .number(let number):
            let bytes = try await verifier.ask(about: .entry(number)) { client in try await client.ledgerEntry(number) }
            return Found(number: number, bytes: bytes)
        case .digest:
            let bundle = try verifier.bundle()
            let keys = try LedgerKeys(bundle)
            return try await VerifierClient.with(bundle) { client in
                let ledger = try await OpenedLedger(.served(by: client), keys)
                return try await find(
                    in: ledger,
                    called: "the verifier's ledger",
                    hint: "birthmark ledger tail shows the last ones"
                )
            }
        }
    }

    private func find(in ledger: OpenedLedger, called place: String, hint: String) async throws -> Found {
        do {
            let known: Int?
            switch name {
            case .number(let number): known = number < ledger.checkpoint.size ? number : nil
            case .digest(let digest): known = try await ledger.number(of: digest)
            }
            guard let number = known else {
                throw CommandFailure(.refused, "\(place) has no entry \(name)", hint: hint)
            }
            guard let bytes = try await ledger.entry(number) else {
                throw CommandFailure.ledgerRefused("entry \(number) is not what the checkpoint was signed over")
            }
            return Found(number: number, bytes: bytes)
        } catch let error as LedgerFormatError {
            throw CommandFailure.ledgerRefused("a file of the ledger: \(error)")
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
