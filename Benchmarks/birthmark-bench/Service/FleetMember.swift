import AttestationResults
import Crypto
import Messages
import TPMCrypto
import TPMWire

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

/// One device of the fleet, whose TPM signs in no time at all.
///
/// Its keys follow from its number, so that the service and those who ask it know them without a word.
struct FleetMember: Sendable {
    let fleet: Fleet
    let record: BirthRecord
    private let iak: AttestationKey
    private let signer: Name
    private var clock: UInt64 = 100_000

    private static let counterBase: UInt64 = 40
    private static let bornAt: Int64 = 1_790_000_000

    init(_ number: Int, of fleet: Fleet) throws {
        self.fleet = fleet
        func key(_ kind: String, _ template: String, _ handle: UInt32) throws -> (AttestationKey, BornKey, Name) {
            let secret = try P256.Signing.PrivateKey(
                rawRepresentation: SHA256.hash(data: Array("\(kind) of \(number)".utf8)).map(\.self)
            )
            let key = AttestationKey.p256(secret)
            let name = try Name(of: key.publicArea)
            let qualified = try name.qualified(under: Name(handle: .endorsement))
            let born = BornKey(
                template: try Label(bench: template),
                handle: handle,
                publicArea: Blob(key.publicArea.bytes),
                name: HexBytes(name.contents),
                qualifiedName: HexBytes(qualified.contents),
                certificate: nil
            )
            return (key, born, qualified)
        }
        let iak = try key("iak", "H-2", 0x8102_0001)
        self.iak = iak.0
        signer = iak.2
        let nothing = Blob([])
        record = BirthRecord(
            serial: try Label(bench: "BENCH-\(number)"),
            model: try Label(bench: "gw-100"),
            hardwareRevision: try Label(bench: "B"),
            environment: try Label(bench: "lab"),
            tier: .vtpm,
            profile: try Label(bench: "p256"),
            bornAt: Self.bornAt,
            station: try Label(bench: "bench"),
            bornWith: BornWith(
                name: try Label(bench: "gateway-os"),
                version: try Label(bench: "2.4.0"),
                securityVersion: 3
            ),
            ek: try key("ek", "L-2", 0x8101_000A).1,
            iak: iak.1,
            idevid: try key("idevid", "H-2", 0x8102_0000).1,
            eccUniqueY: .empty,
            residency: Residency(
                enrolmentKey: nothing,
                iakCreation: nothing,
                iakSignature: nothing,
                idevidCreation: nothing,
                idevidSignature: nothing
            ),
            counters: BornCounters(
                securityFloor: BornCounter(index: 0x01D1_0240, base: Self.counterBase),
                grants: BornCounter(index: 0x01D1_0241, base: Self.counterBase)
            ),
            tpm: TPMIdentity(
                manufacturer: "IBM",
                vendor: "SW   TPM",
                firmwareVersion: MeasuredMachine.firmwareVersion
            ),
            selection: fleet.machine.selection,
            firstBoot: FirstBoot(
                pcrs: fleet.machine.pcrs,
                attest: nothing,
                signature: nothing,
                log: fleet.machine.logDigest
            )
        )
    }

    /// What it asks for before it asks for the update.
    var challengeRequest: ChallengeRequest {
        ChallengeRequest(
            instance: record.instance,
            purpose: .update,
            package: fleet.release.artifact.sha256,
            log: fleet.machine.logDigest
        )
    }

    /// What it asks with: request and quote.
    mutating func evidence(for challenge: ChallengeAnswer) throws -> Evidence {
        clock += 1_000
        let request = try DecisionRequest(
            instance: record.instance,
            purpose: .update,
            challenge: challenge.challenge,
            installation: InstallationProof(
                by: fleet.installation,
                for: record.instance,
                challenge: challenge.challenge
            ),
            package: PackageReference(
                name: fleet.release.name,
                version: fleet.release.version,
                sha256: fleet.release.artifact.sha256,
                manifest: fleet.manifest
            ),
            counters: CounterReadings(
                securityFloor: Self.counterBase + record.bornWith.securityVersion,
                grants: Self.counterBase
            )
        ).bytes
        let attest = fleet.machine.attest(signer: signer, request: request, clock: clock)
        return Evidence(
            request: Blob(request),
            attest: Blob(attest),
            signature: Blob(try iak.sign(attest).bytes),
            pcrs: fleet.machine.pcrs,
            log: fleet.machine.logDigest
        )
    }
}
