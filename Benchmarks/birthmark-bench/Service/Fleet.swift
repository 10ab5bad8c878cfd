import AttestationResults
import Crypto
import Messages

/// What every device of the benchmark's fleet runs, and what it is to install.
struct Fleet: Sendable {
    let machine: MeasuredMachine
    let release: Release
    /// The release's exact bytes.
    let payload: [UInt8]
    /// Which of them asks is of no matter here.
    let installation: P256.Signing.PrivateKey

    var manifest: ContentDigest { ContentDigest(of: payload) }

    init() throws {
        machine = try MeasuredMachine()
        installation = try P256.Signing.PrivateKey(
            rawRepresentation: SHA256.hash(data: Array("the installation key".utf8))
        )
        let artifact = ContentDigest(of: Array("the package".utf8))
        guard
            let booted = PCRValues(
                bank: .sha256,
                values: machine.pcrs.values.mapValues { Array(SHA256.hash(data: $0)) }
            )
        else { throw WrongResult(name: "boot of the release", wrong: 1, of: 1) }
        release = Release(
            name: try Label(bench: "gateway-os"),
            version: try Label(bench: "2.5.0"),
            securityVersion: 4,
            models: [try Label(bench: "gw-100")],
            hardwareRevisions: [try Label(bench: "B")],
            artifact: Artifact(name: try Label(bench: "gateway-os-2.5.0.img"), size: 4096, sha256: artifact),
            boot: BootProfile(exact: booted, facts: BootFactRequirements())
        )
        payload = try CanonicalJSON.encode(release)
    }
}
