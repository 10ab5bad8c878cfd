import Crypto
import Endorsement
import Messages
import SwiftASN1
import TPMCrypto
import TPMWire
import X509

/// A factory: its CA, and a station that signs births.
struct TestFactory {
    let authority: CertificateAuthority
    let station: StatementSigner

    static let bornAt: Int64 = 1_750_000_000

    init() throws {
        authority = try CertificateAuthority.root(
            commonName: "Test Factory",
            key: Certificate.PrivateKey(P256.Signing.PrivateKey()),
            at: Self.bornAt - 1000
        )
        station = .ed25519(Curve25519.Signing.PrivateKey())
    }

    var birthKeys: SigningKeys {
        get throws { try SigningKeys(threshold: 1, keys: [station.key]) }
    }

    var rootsPEM: [UInt8] {
        get throws {
            Array((PEMDocument(type: "CERTIFICATE", derBytes: try authority.der()).pemString + "\n").utf8)
        }
    }

    /// The record of a device's birth; `change` spoils it on the way to the signature.
    func record(of device: SoftwareKeyDevice) throws -> BirthRecord {
        let allowed = try EKAllowList(parsing: LowercaseHex.encode(EKAllowList.digest(of: device.ek.area))).found()
        let verdict = EndorsementPolicy(anchors: TrustAnchors([])).judge(uncertified: device.ek.area, allowed: allowed)
        guard case .accepted(let facts) = verdict else { throw Missing() }
        let subject = DeviceSubject(model: "m1", serial: device.serial.text, endorsement: facts)
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
            station: try label("line-1"),
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
        BirthBundle(births: try devices.map { try envelope(try record(of: $0)) }, logs: [])
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
