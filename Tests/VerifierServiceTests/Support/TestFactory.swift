import Crypto
import Endorsement
import Messages
import SwiftASN1
import Synchronization
import TPMCrypto
import TPMWire
import X509

/// A factory: its CA, and a station that signs births.
struct TestFactory: Sendable {
    let authority: CertificateAuthority
    let station: StatementSigner
    let name: Label
    /// Other stations that a verifier of this factory trusts, too.
    var others: [StationKey] = []
    private let exported = Exported()

    /// The number of the station's latest bundle.
    private final class Exported: Sendable {
        private let number = Mutex<Int64>(0)

        func next() -> Int64 {
            number.withLock { number in
                number += 1
                return number
            }
        }
    }

    static let bornAt: Int64 = 1_750_000_000

    /// - Parameter authority: the CA of another station of the same factory.
    init(_ name: String = line, authority: CertificateAuthority? = nil) throws {
        self.name = try label(name)
        self.authority =
            try authority
            ?? CertificateAuthority.root(
                commonName: "Test Factory",
                key: Certificate.PrivateKey(P256.Signing.PrivateKey()),
                at: Self.bornAt - 1000
            )
        station = .ed25519(Curve25519.Signing.PrivateKey())
    }

    /// The first station's name.
    static let line = "line-1"
    static let from = bornAt - 1000
    /// In the year 2100.
    static let until: Int64 = 4_102_444_800

    var listed: StationKey { StationKey(name: name, key: station.key, from: Self.from, until: Self.until) }
    var birthKeys: StationKeys { get throws { try StationKeys([listed] + others) } }

    var rootsPEM: [UInt8] {
        get throws {
            Array((PEMDocument(type: "CERTIFICATE", derBytes: try authority.der()).pemString + "\n").utf8)
        }
    }

    /// Whom the certificates of a device's keys name.
    func subject(of device: SoftwareKeyDevice) throws -> DeviceSubject {
        let allowed = try EKAllowList(parsing: LowercaseHex.encode(EKAllowList.digest(of: device.ek.area))).found()
        let verdict = EndorsementPolicy(anchors: TrustAnchors([])).judge(uncertified: device.ek.area, allowed: allowed)
        guard case .accepted(let facts) = verdict else { throw Missing() }
        return DeviceSubject(model: "m1", serial: device.serial.text, endorsement: facts)
    }

    /// The record of a device's birth; `change` spoils it on the way to the signature.
    func record(of device: SoftwareKeyDevice) throws -> BirthRecord {
        let subject = try subject(of: device)
        func born(
            _ key: SoftwareKeyDevice.Key,
            _ template: String,
            _ handle: UInt32,
            _ certificate: [UInt8]?
        ) throws -> BornKey {
            BornKey(
                template: try label(template),
                handle: handle,
                publicArea: Blob(key.area.bytes),
                name: HexBytes(key.name.contents),
                qualifiedName: HexBytes(key.qualifiedName.contents),
                certificate: certificate.map { Blob($0) }
            )
        }
        let iakCreation = try device.creation(of: device.iak)
        let idevidCreation = try device.creation(of: device.idevid)
        let firstQuote = try device.quote(
            FirstBoot.qualifyingData(ekName: device.ek.name.contents, iakName: device.iak.name.contents)
        )
        return BirthRecord(
            serial: device.serial,
            model: try label("m1"),
            hardwareRevision: try label("r1"),
            environment: try label("lab"),
            tier: .vtpm,
            profile: try label("p256"),
            bornAt: Self.bornAt,
            station: name,
            bornWith: BornWith(name: try label("os"), version: try label("1.0"), securityVersion: 1),
            ek: try born(device.ek, "L-2", 0x8101_000A, nil),
            iak: try born(
                device.iak,
                "H-2",
                0x8102_0001,
                authority.issueDeviceCertificate(.iak, for: device.iak.area, of: subject, at: Self.bornAt)
            ),
            idevid: try born(
                device.idevid,
                "H-2",
                0x8102_0000,
                authority.issueDeviceCertificate(.idevid, for: device.idevid.area, of: subject, at: Self.bornAt)
            ),
            eccUniqueY: .empty,
            residency: Residency(
                enrolmentKey: Blob(device.enrolment.area.bytes),
                iakCreation: Blob(iakCreation.attest),
                iakSignature: Blob(iakCreation.signature),
                idevidCreation: Blob(idevidCreation.attest),
                idevidSignature: Blob(idevidCreation.signature)
            ),
            counters: SoftwareKeyDevice.bases,
            tpm: TPMIdentity(manufacturer: "TEST", vendor: "keys", firmwareVersion: SoftwareKeyDevice.firmwareVersion),
            selection: device.selection,
            firstBoot: FirstBoot(
                pcrs: firstQuote.pcrs,
                attest: Blob(firstQuote.attest),
                signature: Blob(firstQuote.signature),
                log: nil
            )
        )
    }

    func envelope(_ record: BirthRecord, by signer: StatementSigner? = nil) throws -> SignedEnvelope {
        try SignedEnvelope(
            payload: try CanonicalJSON.encode(record),
            payloadType: BirthRecord.payloadType,
            signers: [signer ?? station]
        )
    }

    func bundle(_ devices: SoftwareKeyDevice...) throws -> BirthBundle {
        try bundle(of: try devices.map { try envelope(try record(of: $0)) })
    }

    /// A bundle with the next number of the station's sequence, unless another is given.
    func bundle(
        _ number: Int64? = nil,
        of births: [SignedEnvelope],
        logs: [Blob] = [],
        restorations: [SignedEnvelope] = []
    ) throws -> BirthBundle {
        try BirthBundle(
            births: births,
            logs: logs,
            restorations: restorations,
            station: name,
            number: number ?? exported.next(),
            at: Self.bornAt + 1,
            signer: station
        )
    }

    /// What the station says of a device that was cleared: its counters stand as the device's do.
    func restoration(
        of device: SoftwareKeyDevice,
        _ birth: BirthRecord,
        number: UInt32 = 1,
        floor: UInt64 = 1
    ) throws -> Restoration {
        Restoration(
            instance: device.instance,
            serial: device.serial,
            birth: ContentDigest(of: try CanonicalJSON.encode(birth)),
            number: number,
            station: name,
            restoredAt: Self.bornAt + 1,
            securityFloor: floor,
            counters: BornCounters(
                securityFloor: BornCounter(
                    index: SoftwareKeyDevice.bases.securityFloor.index,
                    base: device.counters.securityFloor - floor
                ),
                grants: BornCounter(
                    index: SoftwareKeyDevice.bases.grants.index,
                    base: device.counters.grants
                )
            )
        )
    }

    func envelope(_ restoration: Restoration) throws -> SignedEnvelope {
        try SignedEnvelope(
            payload: try CanonicalJSON.encode(restoration),
            payloadType: Restoration.payloadType,
            signers: [station]
        )
    }

    /// The birth of a device whose board takes the place of another's.
    func record(of device: SoftwareKeyDevice, replacing instance: InstanceID) throws -> BirthRecord {
        var record = try record(of: device)
        record.replaces = Replacement(
            instance: instance,
            reason: try Remark("the TPM does not answer").found(),
            by: try label("bob")
        )
        return record
    }

    /// The birth of a device whose keys a former owner had certified.
    func record(takingOver device: SoftwareKeyDevice) throws -> BirthRecord {
        var record = try record(of: device)
        record.takesOver = Takeover(
            instance: device.instance,
            reason: try Remark("bought").found(),
            by: try label("bob")
        )
        return record
    }

    /// The birth of a TPM that was another instance before.
    func record(of device: SoftwareKeyDevice, following instance: InstanceID) throws -> BirthRecord {
        var record = try record(of: device)
        record.follows = Replacement(
            instance: instance,
            reason: try Remark("refurbished").found(),
            by: try label("bob")
        )
        return record
    }
}

/// A release and the keys that sign one.
struct TestReleases {
    let signers = [
        StatementSigner.ed25519(Curve25519.Signing.PrivateKey()), .p256(P256.Signing.PrivateKey()),
    ]

    var keys: SigningKeys {
        get throws { try SigningKeys(threshold: 2, keys: signers.map(\.key)) }
    }

    func release(_ version: String, securityVersion: UInt64 = 2, boot: String? = nil) throws -> Release {
        Release(
            name: try label("os"),
            version: try label(version),
            securityVersion: securityVersion,
            models: [try label("m1")],
            hardwareRevisions: [try label("r1")],
            artifact: Artifact(
                name: try label("os-\(version).img"),
                size: 4096,
                sha256: ContentDigest(of: Array(version.utf8))
            ),
            boot: try SoftwareKeyDevice.profile(boot ?? "os \(version)")
        )
    }

    func envelope(_ release: Release, by signers: [StatementSigner]? = nil) throws -> SignedEnvelope {
        try SignedEnvelope(
            payload: try CanonicalJSON.encode(release),
            payloadType: Release.payloadType,
            signers: signers ?? self.signers
        )
    }

    func reference(_ release: Release) throws -> PackageReference {
        PackageReference(
            name: release.name,
            version: release.version,
            sha256: release.artifact.sha256,
            manifest: ContentDigest(of: try CanonicalJSON.encode(release))
        )
    }
}
