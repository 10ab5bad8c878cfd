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
    @Option(help: ArgumentHelp("The stations whose births count.", valueName: "file"))
    var birthKeys: String?
    @Option(help: ArgumentHelp("The factories' CA certificates and revocation lists (PEM).", valueName: "file"))
    var factoryRoots: String?
    @Option(help: ArgumentHelp("The directory of TPM vendors' CA certificates.", valueName: "dir"))
    var ekRoots: String?
    @Option(help: ArgumentHelp("Endorsement keys that count without a certificate.", valueName: "file"))
    var ekAllowList: String?

    func validate() throws {
        guard (birthKeys == nil) == (factoryRoots == nil) else {
            throw ValidationError("--birth-keys and --factory-roots belong together.")
        }
        guard birthKeys != nil || (ekRoots == nil && ekAllowList == nil) else {
            throw ValidationError(
                "--ek-roots and --ek-allow-list are of births: give --birth-keys and --factory-roots too."
            )
        }
    }

    /// What the trust bundle and the options name.
    func anchors(_ bundle: TrustBundle) throws(CommandFailure) -> AuditAnchors {
        guard let verifier = Label(bundle.verifier) else {
            throw CommandFailure(.malformed, "the trust bundle's verifier is no name")
        }
        let keys = try LedgerKeys(bundle)
        return AuditAnchors(
            verifier: verifier,
            ledgerKey: keys.log,
            witnesses: keys.witnesses,
            quorum: keys.quorum,
            grantKeys: bundle.grantKeys,
            releaseKeys: bundle.releaseKeys,
            factory: try factory(),
            zoneFile: { ZoneInfo.file(of: $0.text) }
        )
    }

    private func factory() throws(CommandFailure) -> AuditAnchors.Factory? {
        guard let birthKeys, let factoryRoots else { return nil }
        let bytes = try InputFile.read(birthKeys, limit: StationKeys.maximumSize, what: "the stations' keys")
        let stations = try parsing(birthKeys) { () throws(MessageError) in try StationKeys(parsing: bytes) }
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
            throw CommandFailure(.malformed, error.description)
        }
    }
}
