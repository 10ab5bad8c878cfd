import ArgumentParser
import Audit
import CommandLineContract
import DurableFiles
import Endorsement
import Ledger
import Messages
import UpdateTrust

/// Whom an auditor believes beyond the verifier's keys.
struct AuditAnchorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Versions of the trust bundle after the one of --trust (birthmark trust export): what was granted and released under any of them counts.",
            valueName: "file"
        )
    )
    var successors: String?
    @Option(help: ArgumentHelp("The stations whose births count.", valueName: "file"))
    var birthKeys: String?
    @Option(help: ArgumentHelp("The factories' CA certificates and revocation lists (PEM).", valueName: "file"))
    var factoryRoots: String?
    @Option(help: ArgumentHelp("The directory of TPM vendors' CA certificates.", valueName: "dir"))
    var ekRoots: String?
    @Option(help: ArgumentHelp("Endorsement keys that count without a certificate.", valueName: "file"))
    var ekAllowList: String?
    @Option(
        help: ArgumentHelp(
            "Operators' certificates from elsewhere than the verifier, or the CA that issues them (PEM).",
            valueName: "file"
        )
    )
    var operators: String?
    @Option(
        help: ArgumentHelp(
            "The day from which the verifier has asked operators to sign; default: always.",
            valueName: "date"
        )
    )
    var signedSince: String?

    func validate() throws {
        guard signedSince == nil || operators != nil else {
            throw ValidationError("--signed-since is of acts that are held to --operators.")
        }
        guard (birthKeys == nil) == (factoryRoots == nil) else {
            throw ValidationError("--birth-keys and --factory-roots belong together.")
        }
        guard birthKeys != nil || (ekRoots == nil && ekAllowList == nil) else {
            throw ValidationError(
                "--ek-roots and --ek-allow-list are of births: give --birth-keys and --factory-roots too."
            )
        }
    }

    /// What the trust bundle, those that follow it, and the options name.
    func anchors(_ first: TrustBundle) throws(CommandFailure) -> AuditAnchors {
        let earlier = try versions(from: first)
        let bundle = earlier.last ?? first
        guard let verifier = Label(bundle.verifier) else {
            throw CommandFailure(.malformed, "the trust bundle's verifier is no name")
        }
        let keys = try LedgerKeys(bundle)
        var grantKeys: [StatementKey] = []
        for key in earlier.flatMap(\.grantKeys) where !grantKeys.contains(key) {
            grantKeys.append(key)
        }
        return AuditAnchors(
            verifier: verifier,
            ledgerKeys: keys.logs,
            witnesses: keys.witnesses,
            quorum: keys.quorum,
            grantKeys: grantKeys,
            releaseKeys: bundle.releaseKeys,
            earlierReleaseKeys: earlier.dropLast().compactMap(\.releaseKeys),
            factory: try factory(),
            operators: try knownOperators(),
            zoneFile: { ZoneInfo.file(of: $0.text) }
        )
    }

    private func knownOperators() throws(CommandFailure) -> AuditAnchors.Operators? {
        guard let operators else { return nil }
        let since = try signedSince.map { text throws(CommandFailure) in
            try Moment.parse(text, option: "--signed-since")
        }
        let certificates: [ParsedCertificate]
        do throws(TrustDirectory.Failure) {
            certificates = try TrustDirectory.readFile(operators, allowing: [])
        } catch {
            throw CommandFailure(.malformed, error.description, hint: Self.operatorFiles)
        }
        guard !certificates.isEmpty else {
            throw CommandFailure(
                .malformed,
                "\(operators) holds no certificate",
                hint: Self.operatorFiles
            )
        }
        do throws(CertificateError) {
            return AuditAnchors.Operators(try OperatorTrust(certificates), signedSince: since ?? .min)
        } catch {
            throw CommandFailure(
                .malformed,
                "\(operators): a certificate is neither a CA's nor an operator's: \(error)",
                hint: Self.operatorFiles
            )
        }
    }

    /// The bundle and those that follow it, each judged by the one before.
    private func versions(from first: TrustBundle) throws(CommandFailure) -> [TrustBundle] {
        var (versions, held) = ([first], first)
        guard let successors else { return versions }
        let chain = try TrustChain.read(successors)
        for envelope in chain.successors where TrustStep.claimedVersion(of: envelope) ?? .max > first.number {
            held = try TrustStep.judged(envelope, after: held, from: successors).bundle
            versions.append(held)
        }
        return versions
    }

    private func factory() throws(CommandFailure) -> AuditAnchors.Factory? {
        guard let birthKeys, let factoryRoots else { return nil }
        let bytes = try InputFile.read(birthKeys, limit: StationKeys.maximumSize, what: "the stations' keys")
        let stations = try parsing(birthKeys, of: "birthmark-factory init") { () throws(MessageError) in
            try StationKeys(parsing: bytes)
        }
        let allowed = try ekAllowList.map { path throws(CommandFailure) in try AllowList.read(path) }
        do throws(TrustDirectory.Failure) {
            let (certificates, lists) = try TrustDirectory.contents(ofFile: factoryRoots, allowing: [])
            let endorsement = try ekRoots.map { path throws(TrustDirectory.Failure) in
                EndorsementPolicy(try TrustDirectory.contents(of: path))
            }
            return AuditAnchors.Factory(
                stations: stations,
                factories: FactoryPolicy(anchors: TrustAnchors(certificates), revocationLists: lists),
                endorsement: endorsement,
                allowed: allowed
            )
        } catch {
            throw CommandFailure(
                .malformed,
                error.description,
                hint:
                    "give factory-roots.pem of the station or its CA, and the directory of TPM vendors' CA certificates"
            )
        }
    }

    private static let operatorFiles = "give cert.pem of each operator, one behind the other, or the operator-ca.pem"
}
