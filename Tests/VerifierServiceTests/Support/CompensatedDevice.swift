import Crypto
import Messages
import Synchronization
import VerifierClient

@testable import VerifierService

/// A device without a TPM: what its agent has on its disk.
struct CompensatedDevice: Sendable {
    let record: CompensatedBirthRecord
    var key: P256.Signing.PrivateKey
    /// Made before the request that names it, and kept until its answer has come.
    var next = P256.Signing.PrivateKey()
    var running: ClaimedRelease
    var claims: HardwareClaims

    /// The device with a TPM whose tier was lowered for this one's key; `nil` for one that was born without.
    var speaksFor: InstanceID?

    var instance: InstanceID { speaksFor ?? record.instance }
    var serial: Label { record.serial }

    init(
        serial: String,
        at factory: TestFactory,
        claims values: [String: String] = ["mmc-cid": "15010038474e4434"]
    ) throws {
        key = P256.Signing.PrivateKey()
        let pairs = try values.map { (try label($0.key), try label($0.value)) }
        claims = try HardwareClaims(Dictionary(uniqueKeysWithValues: pairs)).found()
        running = ClaimedRelease(name: try label("os"), version: try label("1.0"), manifest: nil)
        record = CompensatedBirthRecord(
            serial: try label(serial),
            model: try label("m1"),
            hardwareRevision: try label("r1"),
            environment: try label("lab"),
            profile: try label("no-tpm"),
            bornAt: TestFactory.bornAt,
            station: factory.name,
            bornWith: BornWith(name: running.name, version: running.version, securityVersion: 1),
            key: SoftwareKey(of: key),
            keyOrigin: .device,
            claims: claims
        )
    }

    /// Runs another release from here on.
    mutating func boot(_ package: PackageReference) {
        running = ClaimedRelease(name: package.name, version: package.version, manifest: package.manifest)
    }

    mutating func moveOn() { (key, next) = (next, P256.Signing.PrivateKey()) }

    func evidence(
        _ purpose: Purpose,
        _ challenge: String,
        package: PackageReference? = nil,
        grant: String? = nil,
        witness: WitnessCode? = nil
    ) throws -> CompensatedEvidence {
        try CompensatedEvidence(
            CompensatedRequest(
                instance: instance,
                purpose: purpose,
                challenge: challenge,
                key: SoftwareKey(of: key),
                next: SoftwareKey(of: next),
                claims: claims,
                running: running,
                package: package,
                grant: grant,
                witness: witness
            ),
            signedBy: key,
            next: next
        )
    }
}

extension VerifierClient {
    /// What an agent without a TPM does: its key moves on with the answer.
    @discardableResult
    func ask(
        _ device: inout CompensatedDevice,
        _ purpose: Purpose = .attest,
        package: PackageReference? = nil,
        grant: String? = nil,
        witness: WitnessCode? = nil
    ) async throws -> CompensatedAnswer {
        let order = ChallengeRequest(instance: device.instance, purpose: purpose, package: package?.sha256)
        let challenge = try await challenge(order).challenge
        let evidence = try device.evidence(purpose, challenge, package: package, grant: grant, witness: witness)
        let answer = try await decide(evidence)
        guard answer.key == SoftwareKey(of: device.next) else {
            throw UnexpectedAnswer(text: "another key is committed")
        }
        device.moveOn()
        return answer
    }
}

extension TestFactory {
    func envelope(_ record: CompensatedBirthRecord) throws -> SignedEnvelope {
        try SignedEnvelope(
            payload: try CanonicalJSON.encode(record),
            payloadType: CompensatedBirthRecord.payloadType,
            signers: [station]
        )
    }
}

extension TestVerifier {
    func importBirth(of device: CompensatedDevice, by factory: TestFactory) async throws {
        let bundle = try factory.bundle(of: [try factory.envelope(device.record)])
        let answer = try await operating(as: .factory) { try await $0.importBirths(bundle) }
        guard answer.births.map(\.outcome) == [.imported] else {
            throw UnexpectedAnswer(text: answer.births.first?.detail ?? "nothing imported")
        }
    }
}
