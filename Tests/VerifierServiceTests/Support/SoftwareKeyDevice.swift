import Crypto
import Endorsement
import Messages
import TPMCrypto
import TPMWire

/// A device whose TPM is P-256 keys in memory: it says what a TPM would say, so that the service is tested without one.
///
/// Owned by one test; its clock goes on with every quote.
final class SoftwareKeyDevice {
    struct Key {
        let secret: P256.Signing.PrivateKey
        let area: TPMTPublic
        let name: Name
        let qualifiedName: Name

        init(_ template: TPMTPublic) throws {
            secret = P256.Signing.PrivateKey()
            let point = Array(secret.publicKey.rawRepresentation)
            guard case .ecc(let detail, _) = template.parameters else { throw Missing() }
            var area = template
            area.parameters = .ecc(detail, unique: TPMSECCPoint(x: Array(point[..<32]), y: Array(point[32...])))
            self.area = area
            name = try Name(of: area)
            qualifiedName = try name.qualified(under: Name(handle: .endorsement))
        }

        func sign(_ attest: TPMSAttest) throws -> (attest: [UInt8], signature: [UInt8]) {
            let bytes = attest.bytes
            let signature = Array(try secret.signature(for: bytes).rawRepresentation)
            let wire = TPMTSignature.ecdsa(.sha256, r: Array(signature[..<32]), s: Array(signature[32...]))
            return (bytes, wire.bytes)
        }
    }

    let ek: Key
    let iak: Key
    let idevid: Key
    let enrolment: Key
    let serial: Label
    /// Made with a state directory; another one is another installation.
    var installation = P256.Signing.PrivateKey()
    let selection: PCRSet

    // The TPM.
    var clock: UInt64 = 10_000
    var resetCount: UInt32 = 1
    var pcrs: [Int: [UInt8]]
    var counters = CounterReadings(securityFloor: 101, grants: 200)

    static let firmwareVersion: UInt64 = 0x2026_0001_0002_0003
    static let bases = BornCounters(
        securityFloor: BornCounter(index: 0x01D1_0240, base: 100),
        grants: BornCounter(index: 0x01D1_0241, base: 200)
    )

    init(serial: String, ek: Key? = nil) throws {
        self.ek = try ek ?? Key(EndorsementKeyTemplate.eccP256.area)
        iak = try Key(DeviceIdentityTemplate.eccP256.iak())
        idevid = try Key(DeviceIdentityTemplate.eccP256.idevid())
        enrolment = try Key(ResidencyProof.enrolmentTemplate)
        self.serial = try label(serial)
        selection = try PCRSet(bank: .sha256, pcrs: 0..<10).found()
        pcrs = Self.boot("os 1.0")
    }

    var instance: InstanceID { InstanceID(iakName: iak.name.contents) }

    /// PCR values of a boot that somebody gave a name.
    static func boot(_ name: String) -> [Int: [UInt8]] {
        Dictionary(uniqueKeysWithValues: (0..<10).map { ($0, ContentDigest(of: Array("\(name) \($0)".utf8)).bytes) })
    }

    static func profile(_ name: String) throws -> BootProfile {
        BootProfile(
            exact: try PCRValues(bank: .sha256, values: boot(name)).found(),
            facts: BootFactRequirements()
        )
    }

    /// A power cycle into a boot.
    func reboot(into name: String) {
        clock += 1000
        resetCount += 1
        pcrs = Self.boot(name)
    }

    func quote(_ qualifyingData: [UInt8]) throws -> (attest: [UInt8], signature: [UInt8], pcrs: PCRValues) {
        clock += 100
        let select = try TPMSPCRSelection(bank: .sha256, pcrs: Set(selection.pcrs)).found()
        let digest = ContentDigest(of: selection.pcrs.flatMap { pcrs[$0] ?? [] })
        let attest = TPMSAttest(
            qualifiedSigner: iak.qualifiedName,
            extraData: qualifyingData,
            clockInfo: clockInfo,
            firmwareVersion: Self.firmwareVersion,
            attested: .quote(TPMSQuoteInfo(pcrSelect: TPMLPCRSelection(select), pcrDigest: digest.bytes))
        )
        let signed = try iak.sign(attest)
        return (signed.attest, signed.signature, try PCRValues(bank: .sha256, values: pcrs).found())
    }

    /// What TPM2_CertifyCreation says of a key: by the enrolment key of the IAK, by the IAK of the IDevID.
    func creation(of key: Key) throws -> (attest: [UInt8], signature: [UInt8]) {
        let signer = key.name == idevid.name ? iak : enrolment
        return try signer.sign(
            TPMSAttest(
                qualifiedSigner: signer.qualifiedName,
                extraData: ResidencyProof.qualifyingData(
                    endorsementKey: ek.name,
                    enrolmentKey: enrolment.name,
                    certified: key.name
                ),
                clockInfo: clockInfo,
                firmwareVersion: Self.firmwareVersion,
                attested: .creation(objectName: key.name, creationHash: ContentDigest(of: []).bytes)
            )
        )
    }

    private var clockInfo: TPMSClockInfo {
        TPMSClockInfo(clock: clock, resetCount: resetCount, restartCount: 0, safe: true)
    }

    /// Evidence for a request.
    func evidence(for request: DecisionRequest) throws -> Evidence {
        let bytes = try request.bytes
        let quote = try quote(DecisionRequest.qualifyingData(for: bytes))
        return Evidence(
            request: Blob(bytes),
            attest: Blob(quote.attest),
            signature: Blob(quote.signature),
            pcrs: quote.pcrs
        )
    }

    func request(
        _ purpose: Purpose,
        challenge: String,
        package: PackageReference? = nil,
        grant: String? = nil,
        as claimed: InstanceID? = nil
    ) throws -> DecisionRequest {
        let instance = claimed ?? instance
        return DecisionRequest(
            instance: instance,
            purpose: purpose,
            challenge: challenge,
            installation: try InstallationProof(by: installation, for: instance, challenge: challenge),
            package: package,
            grant: grant,
            counters: counters
        )
    }
}
