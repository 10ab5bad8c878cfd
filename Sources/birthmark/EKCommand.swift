import ArgumentParser
import CommandLineContract
import Endorsement
import FoundationEssentials
import Messages
import TPMWire

struct EKCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ek",
        abstract: "Endorsement keys of TPMs and their certificates.",
        discussion: "Example: birthmark ek verify ek.der --roots Provisioning/trust",
        subcommands: [Verify.self]
    )

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Judges an endorsement key, or its certificate.",
            discussion: """
                An EK certificate is taken as it comes out of a TPM's NV; an EK may also have none.

                Headers and padding that TPMs put around the certificate are understood; a PEM file is read too. What had \
                to be tolerated is told as workarounds. Without --key nothing is said of any TPM: a certificate is no secret.

                The directory is read with those in it: *.pem, *.der, *.crt and *.cer are certificates, *.crl revocation \
                lists; what was passed over is told. An issuer without a list is not asked, unless --require-crl; a list \
                past its next update refuses. Dates are judged at --at: for a device that was made, its day of birth.

                With --allow-list the file is the public area of an endorsement key that has no certificate.

                Examples:
                  birthmark ek verify ek.der --roots Provisioning/trust --key ek.pub \\
                      --at 2026-11-23
                  birthmark ek verify ek.pub --allow-list ek-allow-list
                """
        )

        @Argument(
            help: ArgumentHelp(
                "The certificate: the content of the NV index, DER, or PEM. With --allow-list a TPM2B_PUBLIC or TPMT_PUBLIC.",
                valueName: "cert"
            )
        )
        var path: String
        @Option(help: ArgumentHelp("The directory of TPM vendors' CA certificates.", valueName: "dir"))
        var roots: String?
        @Option(
            name: .customLong("crl"),
            parsing: .singleValue,
            help: ArgumentHelp(
                "A revocation list besides those in the directory, DER or PEM; repeat for several.",
                valueName: "file"
            )
        )
        var lists: [String] = []
        @Flag(name: .customLong("require-crl"), help: "Refuse where an issuer on the path has no revocation list.")
        var requireLists = false
        @Option(
            help: ArgumentHelp(
                "The key that the certificate must be for: TPM2B_PUBLIC or TPMT_PUBLIC.",
                valueName: "file"
            )
        )
        var key: String?
        @Option(
            help: ArgumentHelp(
                "CA certificates that came with the TPM (NV 0x01C00100 and up), DER or PEM.",
                valueName: "file"
            )
        )
        var chain: String?
        @Option(
            name: .customLong("allow-list"),
            help: ArgumentHelp(
                "SHA-256 digests of the public areas of keys to take without a certificate.",
                valueName: "file"
            )
        )
        var allowList: String?
        @Option(
            help: ArgumentHelp(
                "When: 2026-11-23, its first second in UTC, or 2026-11-23T15:04:05Z; default: now.",
                valueName: "date"
            )
        )
        var at: String?
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (roots == nil) != (allowList == nil) else {
                throw ValidationError("Give --roots for a certificate, or --allow-list for a key without one.")
            }
            guard allowList == nil || (key == nil && chain == nil && lists.isEmpty && !requireLists && at == nil) else {
                throw ValidationError(
                    "An allow list is of keys: --key, --chain, --crl, --require-crl and --at are for certificates."
                )
            }
        }

        func run() async throws {
            let report = try roots.map(judgeCertificate(trusting:)) ?? judgeKey()
            try output.print(report) { report.text }
            if report.verdict != .accepted { throw ExitStatus.refused.code }
        }

        private func judgeCertificate(trusting directory: String) throws(CommandFailure) -> EKReport {
            let certificate = try readCertificate()
            let contents: TrustDirectory.Contents
            var given: [CertificateRevocationList] = []
            do throws(TrustDirectory.Failure) {
                contents = try TrustDirectory.contents(of: directory)
                for list in lists { given += try TrustDirectory.readLists(list) }
            } catch {
                throw CommandFailure(
                    .malformed,
                    String(describing: error),
                    hint: "--roots names the directory of TPM vendors' CA certificates, --crl a revocation list"
                )
            }
            let policy = EndorsementPolicy(
                anchors: contents.anchors,
                revocationLists: contents.revocationLists + given,
                requiringRevocationLists: requireLists
            )
            let (area, intermediates, date) = (try key.map(publicArea), try readChain(), try moment())
            let verdict =
                area.map { policy.judge(certificate, forKeyOf: $0, intermediates: intermediates, at: date) }
                ?? policy.judge(certificate, for: nil, intermediates: intermediates, at: date)
            var report = EKReport(verdict, of: certificate, at: date)
            report.keyChecked = area != nil
            report.revocationLists = policy.revocationLists.count
            report.passedOver = contents.passedOver
            return report
        }

        private func judgeKey() throws(CommandFailure) -> EKReport {
            let list = try AllowList.read(allowList ?? "")
            let area = try publicArea(path)
            let policy = EndorsementPolicy(anchors: TrustAnchors([]))
            return EKReport(policy.judge(uncertified: area, allowed: list), of: area)
        }

        /// A certificate or public area is smaller than an NV index can be.
        private static let maximumSize = 64 << 10

        private func readCertificate() throws(CommandFailure) -> EKCertificate {
            var bytes = try InputFile.read(path, limit: Self.maximumSize, what: "the certificate")
            if let der = Self.firstPEM(bytes) { bytes = der }
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

        // The first certificate of a PEM file (RFC 7468); nil when there is none, empty when it is not one.
        private static let begin = "-----BEGIN CERTIFICATE-----"

        private static func firstPEM(_ bytes: [UInt8]) -> [UInt8]? {
            guard let text = String(validating: bytes, as: UTF8.self), let armour = text.firstRange(of: begin) else {
                return nil
            }
            let body = text[armour.upperBound...].prefix { $0 != "-" }.filter { !$0.isWhitespace }
            return Data(base64Encoded: body).map { [UInt8]($0) } ?? []
        }

        /// As they stand in NV, one DER certificate behind another, or a file of PEM.
        private func readChain() throws(CommandFailure) -> [ParsedCertificate] {
            guard let chain else { return [] }
            let bytes = try InputFile.read(chain, limit: Self.maximumSize, what: "the chain")
            if Self.firstPEM(bytes) != nil {
                do throws(TrustDirectory.Failure) {
                    return try TrustDirectory.readFile(chain)
                } catch {
                    throw CommandFailure(
                        .malformed,
                        String(describing: error),
                        hint: "read the chain out of NV again: 0x01C00100 and up"
                    )
                }
            }
            let found = ParsedCertificate.sequence(in: bytes)
            guard !found.isEmpty else { throw CommandFailure(.malformed, "\(chain) begins with no certificate") }
            return found
        }

        private func publicArea(_ path: String) throws(CommandFailure) -> TPMTPublic {
            var bytes = try InputFile.read(path, limit: Self.maximumSize, what: "the key")
            // TPM2B_PUBLIC: a size that is that of the rest.
            if bytes.count > 2, Int(bytes[0]) << 8 | Int(bytes[1]) == bytes.count - 2 { bytes.removeFirst(2) }
            do throws(WireError) {
                return try TPMTPublic(parsing: bytes)
            } catch {
                throw CommandFailure(
                    .malformed,
                    "\(path): neither TPM2B_PUBLIC nor TPMT_PUBLIC: \(error)",
                    hint: "have it written by tpm2_readpublic -o or tpm2_createek -u"
                )
            }
        }

        private func moment() throws(CommandFailure) -> Int64 {
            try at.map { text throws(CommandFailure) in try Moment.parse(text, option: "--at") } ?? UTCTime.now
        }
    }
}
