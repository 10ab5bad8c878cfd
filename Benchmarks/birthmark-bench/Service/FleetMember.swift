import AttestationResults
import Crypto
import FoundationEssentials
import Messages
import TPMCrypto
import TPMWire

/// One device of the fleet, whose TPM signs in no time at all.
///
/// Its keys follow from its number, so that the service and those who ask it know them without a word.
struct FleetMember: Sendable {
    let fleet: Fleet
    let record: BirthRecord
    private let iak: AttestationKey
    private let signer: Name
    // Whoever makes the device anew goes on above every clock that it has shown.
    private var clock = UInt64(Date.now.timeIntervalSince1970 * 1000)

    private static let counterBase: UInt64 = 40
    private static let bornAt: Int64 = 1_790_000_000

    init(_ number: Int, of fleet: Fleet) throws {
        self.fleet = fleet
        // As long as real ones, for the sake of the record's size.
        func filler(_ size: Int) -> Blob { Blob([UInt8](repeating: 0x30, count: size)) }
        func key(
            _ kind: String,
            _ template: String,
            _ handle: UInt32,
            certificate: Int
        ) throws -> (AttestationKey, BornKey, Name) {
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
                certificate: filler(certificate)
            )
            return (key, born, qualified)
        }
        let iak = try key("iak", "H-2", 0x8102_0001, certificate: 850)
        self.iak = iak.0
        signer = iak.2
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
            ek: try key("ek", "L-2", 0x8101_000A, certificate: 1100).1,
            iak: iak.1,
            idevid: try key("idevid", "H-2", 0x8102_0000, certificate: 850).1,
            eccUniqueY: .empty,
            residency: Residency(
                enrolmentKey: filler(120),
                iakCreation: filler(160),
                iakSignature: filler(72),
                idevidCreation: filler(160),
                idevidSignature: filler(72)
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
                attest: filler(145),
                signature: filler(72),
                log: fleet.machine.logDigest
            )
        )
    }

    /// What it asks for before it asks for the update, or for its lease to be renewed.
    func challengeRequest(_ purpose: Purpose = .update) -> ChallengeRequest {
        ChallengeRequest(
            instance: record.instance,
            purpose: purpose,
            package: purpose == .update ? fleet.release.artifact.sha256 : nil,
            log: fleet.machine.logDigest
        )
    }

    /// What it asks with: request and quote.
    mutating func evidence(for challenge: ChallengeAnswer, _ purpose: Purpose = .update) throws -> Evidence {
        clock += 1
        let request = try DecisionRequest(
            instance: record.instance,
            purpose: purpose,
            challenge: challenge.challenge,
            installation: InstallationProof(
                by: fleet.installation,
                for: record.instance,
                challenge: challenge.challenge
            ),
            package: purpose == .update
                ? PackageReference(
                    name: fleet.release.name,
                    version: fleet.release.version,
                    sha256: fleet.release.artifact.sha256,
                    manifest: fleet.manifest
                ) : nil,
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
