import ArgumentParser
import CommandLineContract
import Messages
import UpdateTrust
import VerifierClient

struct TrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "What devices trust, version after version.",
        discussion: """
            A version is drafted, signed by people, published, and carried to devices that are off line.

            Examples:
              birthmark trust draft --trust trust.json --add next-grant.json \\
                  --out draft.json
              birthmark trust sign draft.json --trust trust.json --key ann.key \\
                  --out next.dsse.json
              birthmark trust publish next.dsse.json --trust trust.json \\
                  --operator operators/alice
            """,
        subcommands: [TrustDraft.self, TrustSign.self, Publish.self, TrustExport.self, TrustFollow.self]
    )

    struct Publish: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has the verifier publish the next trust bundle.",
            discussion: """
                The verifier judges it as every device does.

                Example:
                  birthmark trust publish next.dsse.json --trust trust.json \\
                      --operator operators/alice
                """
        )

        @Argument(help: ArgumentHelp("The signed bundle.", valueName: "envelope"))
        var path: String
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let envelope = try readTrustEnvelope(path)
            let report = try await verifier.ask { client in try await client.publishTrust(envelope) }
            try output.print(report) {
                changes(report.added, report.removed, "published version \(report.version) as \(report.digest)")
            }
        }
    }
}

/// A signed trust bundle out of a file.
func readTrustEnvelope(_ path: String) throws(CommandFailure) -> SignedEnvelope {
    let bytes = try InputFile.read(path, limit: TrustChain.maximumEnvelopeSize, what: "the signed trust bundle")
    return try parsing(path, of: "birthmark trust sign --out") { () throws(MessageError) in
        try SignedEnvelope(parsing: bytes)
    }
}

/// What comes and goes, a line each.
func changes(_ added: [String], _ removed: [String], _ first: String) -> String {
    let lines =
        added.map { "+ " + PlainLine.of($0.unicodeScalars) } + removed.map { "- " + PlainLine.of($0.unicodeScalars) }
    return ([first] + lines).joined(separator: "\n")
}

extension CommandFailure {
    /// A trust bundle that does not follow the one that is held.
    init(_ refusal: TrustRefusal, _ path: String) {
        self.init(
            .refused,
            "\(path): \(refusal.sentence)",
            hint: "a bundle follows the one before it, signed by enough of the people whom both name",
            reasons: [refusal.rawValue]
        )
    }
}
