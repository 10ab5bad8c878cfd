import Appraisal
import ArgumentParser
import AttestationResults
import CommandLineContract
import Messages
import TPMWire
import Wording

struct QuoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quote",
        abstract: "Quotes of TPMs.",
        discussion: """
            Example:
              birthmark quote verify --key ak.pub --attest quote.msg \\
                  --signature quote.sig
            """,
        subcommands: [Verify.self]
    )

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Judges one quote off line.",
            discussion: """
                Without --nonce freshness is not judged, without --pcrs the PCR digest is not; with a PEM key its attributes \
                cannot be, and keyAttributes is "unknown".

                The files are those that tpm2_createak writes with --public, and tpm2_quote with --message, --signature and --pcr.

                Example:
                  birthmark quote verify --key ak.pub --attest quote.msg \\
                      --signature quote.sig --nonce 0011223344556677 --pcrs quote.pcrs
                """
        )

        @Option(help: ArgumentHelp("The key: TPM2B_PUBLIC, TPMT_PUBLIC, or PEM.", valueName: "file"))
        var key: String
        @Option(help: ArgumentHelp("The quote: TPMS_ATTEST or TPM2B_ATTEST.", valueName: "file"))
        var attest: String
        @Option(help: ArgumentHelp("The signature: TPMT_SIGNATURE.", valueName: "file"))
        var signature: String
        @Option(help: ArgumentHelp("The qualifying data that the quote must carry.", valueName: "hex"))
        var nonce: String?
        @Option(
            help: ArgumentHelp(
                "The values of every quoted PCR and no other: what tpm2_quote --pcr writes, or {\"sha256\":{\"0\":\"<hex>\"}}.",
                valueName: "file"
            )
        )
        var pcrs: String?
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let keyBytes = try InputFile.read(key, limit: JudgedKey.maximumSize, what: "the key")
            let judged: JudgedKey
            do {
                judged = try JudgedKey(file: keyBytes)
            } catch {
                throw CommandFailure(.malformed, "\(key): \(error)", hint: "give TPM2B_PUBLIC, TPMT_PUBLIC or PEM")
            }
            let report = QuoteJudgement.judgeQuote(
                key: judged,
                attest: try InputFile.read(attest, limit: Evidence.maximumAttestSize, what: "the quote"),
                signature: try InputFile.read(signature, limit: Evidence.maximumSignatureSize, what: "the signature"),
                nonce: try nonce.map(bytes(ofHex:)),
                pcrs: try pcrs.map(readPCRs)
            )
            try output.print(report) { text(report) }
            if report.verdict == .refused {
                throw (report.isMalformed ? ExitStatus.malformed : ExitStatus.refused).code
            }
        }

        private func bytes(ofHex text: String) throws(CommandFailure) -> [UInt8] {
            guard let bytes = LowercaseHex.decode(text.lowercased()), !bytes.isEmpty else {
                throw CommandFailure(.malformed, "--nonce takes an even number of hexadecimal digits")
            }
            return bytes
        }

        private func text(_ report: QuoteReport) -> String {
            let findings = report.findings.map { finding in
                "  \(finding.check) \(finding.sentence)" + (finding.detail.isEmpty ? "" : " (\(finding.detail))")
            }
            let quote = report.quote
            let shown = facts([
                ("key attributes", report.keyAttributes.rawValue),
                ("nonce", report.nonceChecked ? "compared" : "not given, freshness is not judged"),
                ("PCR values", report.pcrsChecked ? "compared" : "not given, the digest is not judged"),
                ("signer", quote?.qualifiedSigner),
                ("qualifying data", quote?.extraData),
                ("firmware", quote?.firmwareVersion),
                (
                    "clock",
                    quote.map {
                        "\($0.clock.clock) ms, \(Counted.of($0.clock.resetCount, "reset")), \(Counted.of($0.clock.restartCount, "restart"))"
                    }
                ),
                (
                    "PCRs",
                    quote?.pcrs.map { "\($0.bank):" + $0.pcrs.map(String.init).joined(separator: ",") }.joined(
                        separator: " "
                    )
                ),
                ("PCR digest", quote?.pcrDigest),
            ])
            return ([report.verdict.rawValue] + findings + [shown]).joined(separator: "\n")
        }
    }
}

/// PCR values of one or several banks, as `--pcrs` takes them.
func readPCRs(_ path: String) throws(CommandFailure) -> [PCRValues] {
    let bytes = try InputFile.read(path, limit: QuoteJudgement.maximumPCRFileSize, what: "the PCR values")
    do {
        return try QuoteJudgement.pcrs(file: bytes)
    } catch {
        throw CommandFailure(
            .malformed,
            "\(path): \(error)",
            hint: "give what tpm2_quote --pcr writes, or {\"sha256\":{\"0\":\"<64 hexadecimal digits>\"}}"
        )
    }
}
