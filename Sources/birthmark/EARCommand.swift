import ArgumentParser
import AttestationResults
import CommandLineContract
import Messages
import UpdateTrust

struct EARCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ear",
        abstract: "Attestation results for relying parties.",
        discussion: "Example: birthmark ear verify result.jwt --trust trust.json",
        subcommands: [Verify.self]
    )

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Judges an attestation result off line.",
            discussion: """
                It says what the result says.

                Accepted is what the verifier signed, what has not expired, and what contraindicates nothing. How much trust that is, \
                the status and the claims say: who relies on hardware looks at hardware.

                Example: birthmark ear verify result.jwt --trust trust.json
                """
        )

        @Argument(help: ArgumentHelp("The result: an EAR as a JWT.", valueName: "file"))
        var path: String
        @OptionGroup var verifier: TrustOption
        @OptionGroup var output: OutputOptions

        private struct Report: Encodable {
            var verdict: String
            var reasons: [String]
            var status: TrustworthinessTier
            var issuedAt: Int64
            var expires: Int64?
            var verifier: [String: String]
            var nonces: [String]
            var appraisals: [String: Appraised]

            struct Appraised: Encodable {
                var status: TrustworthinessTier
                var claims: [String: Int8]
                var policies: [String]
                var tier: Tier?
                var lowered: String?
            }
        }

        func run() async throws {
            let result = try SignedInput(verifier.bundle()).result(path)
            let claims = result.claims
            let reasons = result.shortcomings(at: UTCTime.now).map(\.rawValue)
            let report = Report(
                verdict: reasons.isEmpty ? "accepted" : "refused",
                reasons: reasons,
                status: claims.status,
                issuedAt: claims.issuedAt,
                expires: claims.expires,
                verifier: ["developer": claims.developer, "build": claims.build],
                nonces: claims.nonces,
                appraisals: claims.appraisals.mapValues { appraisal in
                    let claims = Vector.allCases.map { ($0.rawValue, appraisal.vector?[$0].rawValue ?? 0) }
                    return Report.Appraised(
                        status: appraisal.status,
                        claims: Dictionary(uniqueKeysWithValues: claims),
                        policies: appraisal.policies,
                        tier: appraisal.tier,
                        lowered: appraisal.lowered
                    )
                }
            )
            try output.print(report) { text(report, claims) }
            if !reasons.isEmpty { throw ExitStatus.refused.code }
        }

        private typealias Vector = TrustworthinessVector.Category

        private func text(_ report: Report, _ claims: EARClaims) -> String {
            var blocks = [
                facts([
                    (
                        "verdict",
                        report.verdict + (report.reasons.isEmpty ? "" : ": " + report.reasons.joined(separator: ", "))
                    ),
                    ("status", report.status.rawValue),
                    ("issued", UTCTime.text(report.issuedAt)),
                    ("expires", report.expires.map(UTCTime.text) ?? "it does not say"),
                    ("verifier", "\(claims.developer), \(claims.build)"),
                ])
            ]
            for (label, appraisal) in claims.appraisals.sorted(by: { $0.key < $1.key }) {
                let said = Vector.allCases.compactMap { category -> (String, String?)? in
                    guard let claim = appraisal.vector?[category], claim != .noClaim else { return nil }
                    return (category.rawValue, "\(claim.rawValue), \(claim.tier.rawValue)")
                }
                let policies = appraisal.policies.map { ("policy", Optional(shown($0))) }
                blocks.append(
                    shown(label) + "\n"
                        + facts([("status", appraisal.status.rawValue), ("tier", appraisal.proof)] + said + policies)
                )
            }
            return blocks.joined(separator: "\n")
        }
    }
}

extension EARAppraisal {
    /// How the instance proved itself, and by whose word in another way than at its birth; `nil` when the result does not say.
    var proof: String? {
        guard let tier else { return nil }
        return tier.rawValue + (lowered.map { ", \(shown($0))" } ?? "")
    }
}

/// Text out of a token in a form that cannot forge another line.
func shown(_ text: String) -> String { text.unicodeScalars.prefix(200).map { $0.escaped(asASCII: true) }.joined() }
