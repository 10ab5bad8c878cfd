import ArgumentParser
import CommandLineContract
import Endorsement
import FoundationEssentials
import Messages

struct EKCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ek",
        abstract: "Endorsement key certificates of TPMs.",
        discussion: "Example: birthmark ek verify ek.der --roots Provisioning/trust",
        subcommands: [Verify.self]
    )

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Judges an EK certificate as it comes out of a TPM's NV.",
            discussion: """
                Headers and padding that TPMs put around the certificate are understood; a PEM file is read too. What had to
                be tolerated is told as workarounds.

                Example: birthmark ek verify ek.der --roots Provisioning/trust --at 2026-11-23
                """
        )

        @Argument(help: ArgumentHelp("The certificate: the content of the NV index, DER, or PEM.", valueName: "cert"))
        var path: String
        @Option(help: ArgumentHelp("The directory of TPM vendors' CA certificates.", valueName: "dir"))
        var roots: String
        @Option(help: ArgumentHelp("When: 2026-11-23 or 2026-11-23T15:04:05Z; default: now.", valueName: "date"))
        var at: String?
        @OptionGroup var output: OutputOptions

        private struct Report: Encodable {
            var verdict: String
            var reasons: [String]
            var issuer: String
            var manufacturer: String?
            var model: String?
            var firmware: String?
            var notAfter: Int64
            var workarounds: [String]
        }

        func run() async throws {
            let certificate = try read()
            let anchors: TrustAnchors
            do {
                anchors = try TrustDirectory.read(roots)
            } catch {
                throw CommandFailure(.malformed, String(describing: error))
            }
            let verdict = EndorsementPolicy(anchors: anchors).judge(certificate, for: nil, at: try moment())
            var refused: [CertificateReason] = []
            var workarounds = certificate.workarounds
            switch verdict {
            case .accepted(let facts): workarounds = facts.workarounds
            case .refused(let reasons): refused = reasons
            }
            let report = Report(
                verdict: refused.isEmpty ? "accepted" : "refused",
                reasons: refused.map(\.code),
                issuer: certificate.certificate.issuer.description,
                manufacturer: certificate.tpm?.manufacturerText,
                model: certificate.tpm?.model,
                firmware: certificate.tpm?.version,
                notAfter: certificate.certificate.notAfter,
                workarounds: workarounds.sorted().map(\.rawValue)
            )
            try output.print(report) {
                facts([
                    ("verdict", report.verdict),
                    ("reasons", refused.isEmpty ? nil : refused.map(String.init(describing:)).joined(separator: "; ")),
                    ("issuer", report.issuer),
                    ("TPM", certificate.tpm.map { "\($0.manufacturerText) \($0.model), firmware \($0.version)" }),
                    ("valid until", UTCTime.text(report.notAfter)),
                    ("workarounds", workarounds.isEmpty ? nil : report.workarounds.joined(separator: ", ")),
                ])
            }
            if !refused.isEmpty { throw ExitStatus.refused.code }
        }

        // The first certificate of a PEM file (RFC 7468).
        private static let begin = "-----BEGIN CERTIFICATE-----"

        private func read() throws(CommandFailure) -> EKCertificate {
            var bytes = try InputFile.read(path, limit: 64 << 10, what: "the certificate")
            if let text = String(validating: bytes, as: UTF8.self), let armour = text.firstRange(of: Self.begin) {
                let body = text[armour.upperBound...].prefix { $0 != "-" }.filter { !$0.isWhitespace }
                bytes = Data(base64Encoded: body).map { [UInt8]($0) } ?? []
            }
            do {
                return try EKCertificate(fromNV: bytes)
            } catch {
                throw CommandFailure(
                    .malformed,
                    "\(path): \(error)",
                    hint: "read it out of NV again, for instance with tpm2_nvread 0x01C0000A"
                )
            }
        }

        private func moment() throws(CommandFailure) -> Int64 {
            guard let at else { return UTCTime.now }
            let whole = at.contains("T") ? at : at + "T00:00:00Z"
            guard let date = try? Date(whole, strategy: .iso8601) else {
                throw CommandFailure(.malformed, "--at takes a date such as 2026-11-23 or 2026-11-23T15:04:05Z")
            }
            return Int64(date.timeIntervalSince1970)
        }
    }
}
