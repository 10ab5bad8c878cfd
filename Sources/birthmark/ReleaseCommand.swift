import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient

struct ReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Releases: keys, boots, signing, what is on record.",
        discussion: "Example: birthmark release measure --log boot.log",
        subcommands: [
            ReleaseKeygen.self, ReleaseMeasure.self, ReleaseSign.self, ReleaseCosign.self, Add.self, List.self,
            ReleaseRollout.self, Withdraw.self, Recall.self, Updates.self,
        ]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Registers a signed release at the verifier.",
            discussion: """
                With --log, the event log that its boot was measured from, boots that are refused can be explained event by \
                event also where no unit has shown a good one yet. The release names the log by its digest. It may be \
                brought later, with the same command.

                Example:
                  birthmark release add app-2.0.dsse.json --log boot.log --trust trust.json \\
                      --operator operators/alice
                """
        )

        @Argument(help: ArgumentHelp("The signed release.", valueName: "envelope"))
        var path: String
        @Option(help: ArgumentHelp("The event log that its boot was measured from.", valueName: "file"))
        var log: String?

        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let envelope = try readEnvelope(path)
            let golden = try log.map { path throws(CommandFailure) in
                ReleaseLog(try InputFile.read(path, limit: Evidence.maximumLogSize, what: "the event log"))
            }
            let report = try await verifier.ask { client in
                let report = try await client.addRelease(envelope)
                if let golden { try await client.addLog(golden, of: report.manifest) }
                return report
            }
            try output.print(report) {
                "registered \(report.release.name) \(report.release.version) as \(report.manifest)"
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the releases on record.",
            discussion: "Example: birthmark release list --trust trust.json --operator operators/alice"
        )

        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let list = try await verifier.ask { client in try await client.releases() }
            try output.print(list) {
                table(
                    ["MANIFEST", "NAME", "VERSION", "SECURITY", "SINCE", ""],
                    list.releases.map { report in
                        [
                            report.manifest.description, report.release.name.text, report.release.version.text,
                            "\(report.release.securityVersion)", UTCTime.text(report.addedAt),
                            report.withdrawal.map {
                                "\($0.recalled == true ? "recalled" : "withdrawn") by \($0.by): \($0.reason)"
                            } ?? "",
                        ]
                    }
                )
            }
        }
    }
}

struct ReleaseArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "The release's manifest digest, 64 hexadecimal digits, as release list shows it.",
            valueName: "manifest"
        )
    )
    var manifest: ContentDigest
}

/// A signed release out of a file.
func readEnvelope(_ path: String) throws(CommandFailure) -> SignedEnvelope {
    let bytes = try InputFile.read(path, limit: SignedEnvelope.maximumSize, what: "the signed release")
    return try parsing(path, of: "birthmark release sign --out") { () throws(MessageError) in
        try SignedEnvelope(parsing: bytes)
    }
}
