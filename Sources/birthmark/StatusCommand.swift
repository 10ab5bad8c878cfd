import ArgumentParser
import AttestationResults
import CommandLineContract
import Compression
import Messages
import UpdateTrust
import VerifierClient

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "How devices stand now, for relying parties.",
        discussion: "Example: birthmark status check result.jwt --trust trust.json",
        subcommands: [Check.self]
    )

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Judges whether a device may be relied on now.",
            discussion: """
                It goes by the device's attestation result and the status list.

                Accepted is whose result the verifier signed, has not expired and contraindicates nothing, and whose place on the \
                verifier's status list says VALID: its lease holds. The list is a Token Status List, good for five minutes; it is \
                fetched from the verifier unless --list names one that was fetched before, from where the result says in "status". Nobody \
                learns whom it was fetched for.

                Examples:
                  birthmark status check result.jwt --trust trust.json
                  curl --cacert <(jq -r .tlsRoots trust.json) -o list.jwt \\
                      https://verifier.example:8443/v1/status-lists/1
                  birthmark status check result.jwt --list list.jwt --trust trust.json --json
                """
        )

        @Argument(help: ArgumentHelp("The device's attestation result: an EAR as a JWT.", valueName: "file"))
        var path: String
        @Option(help: ArgumentHelp("The status list, instead of fetching it from the verifier.", valueName: "file"))
        var list: String?
        @OptionGroup var verifier: TrustOption
        @OptionGroup var output: OutputOptions

        private struct Report: Encodable {
            var verdict: String
            var reasons: [String]
            var status: String?
            var tier: TrustworthinessTier
            var attesters: [String]
            /// How each attester proved itself, as far as the result says.
            var proofs: [String: String]
            var result: Times
            var list: List

            struct Times: Encodable {
                var issuedAt: Int64
                var expires: Int64?
            }

            struct List: Encodable {
                var uri: String
                var issuedAt: Int64
                var expires: Int64
                var statuses: Int
                var index: Int?
            }
        }

        func run() async throws {
            let bundle = try verifier.bundle()
            let input = SignedInput(bundle)
            let result = try input.result(path)
            let token = try await token(bundle, input)
            let statuses = try statuses(token)
            let reliance = Reliance(on: result, token, statuses, at: UTCTime.now)
            let report = Report(
                verdict: reliance.reasons.isEmpty ? "accepted" : "refused",
                reasons: reliance.reasons.map(\.rawValue),
                status: reliance.status?.description,
                tier: result.claims.status,
                attesters: result.claims.appraisals.keys.sorted(),
                proofs: result.claims.appraisals.compactMapValues(\.proof),
                result: Report.Times(issuedAt: result.claims.issuedAt, expires: result.claims.expires),
                list: Report.List(
                    uri: token.claims.subject,
                    issuedAt: token.claims.issuedAt,
                    expires: token.claims.expires,
                    statuses: statuses.count,
                    index: result.claims.statusList?.index
                )
            )
            try output.print(report) { text(report) }
            if !reliance.reasons.isEmpty { throw ExitStatus.refused.code }
        }

        private func token(_ bundle: TrustBundle, _ input: SignedInput) async throws -> StatusListToken {
            if let list { return try input.list(list) }
            let bytes = try await VerifierClient.with(bundle) { client in
                try await client.statusList(limit: StatusListToken.maximumSize)
            }
            return try input.list(
                String(decoding: bytes, as: UTF8.self),
                from: bundle.url,
                hint: "the verifier may have new keys: birthmark trust follow FILE"
            )
        }

        private func statuses(_ token: StatusListToken) throws(CommandFailure) -> StatusList {
            do {
                let bytes = try ZlibStream.decompress(token.claims.compressed, limit: StatusList.maximumSize)
                return try StatusList(bits: token.claims.bits, bytes: bytes)
            } catch {
                throw CommandFailure(.malformed, "the status list cannot be read: \(error)")
            }
        }

        private func text(_ report: Report) -> String {
            let reasons = report.reasons.isEmpty ? "" : ": " + report.reasons.joined(separator: ", ")
            return facts([
                ("verdict", report.verdict + reasons),
                ("status", report.status ?? "none"),
                (
                    "result",
                    "\(report.tier.rawValue), \(report.result.expires.map { "until \(UTCTime.text($0))" } ?? "for ever")"
                ),
                ("list", "of \(UTCTime.text(report.list.issuedAt)), until \(UTCTime.text(report.list.expires))"),
                (
                    "attester",
                    report.attesters.map { name in
                        shown(name) + (report.proofs[name].map { " (\($0))" } ?? "")
                    }.joined(separator: ", ")
                ),
            ])
        }
    }
}
