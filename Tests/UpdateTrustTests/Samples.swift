import AttestationResults
import Crypto
import Messages
import TPMWire
import Testing

@testable import UpdateTrust

/// Values that every test may take, each made from nothing.
enum Sample {
    static let now: Int64 = 1_790_000_000
    static let verifier = label("verifier.example")

    static func label(_ text: String) -> Label {
        guard let label = Label(text) else {
            Issue.record("\(text) is not a label")
            return Label("invalid") ?? verifier
        }
        return label
    }

    static func digest(_ text: String) -> ContentDigest { ContentDigest(of: Array(text.utf8)) }

    /// PCRs 0 to 9 of a boot with a name.
    static func pcrs(_ boot: String, _ indices: some Sequence<Int> = 0..<10) throws -> PCRValues {
        let values = indices.map { ($0, digest("\(boot) \($0)").bytes) }
        return try #require(PCRValues(bank: .sha256, values: Dictionary(uniqueKeysWithValues: values)))
    }

    static func boot(_ name: String, _ indices: some Sequence<Int> = 0..<10) throws -> BootProfile {
        BootProfile(exact: try pcrs(name, indices), facts: BootFactRequirements())
    }

    static func publicArea(of key: P256.Signing.PublicKey) -> [UInt8] {
        let point = key.rawRepresentation
        return TPMTPublic(
            nameAlg: .sha256,
            objectAttributes: TPMAObject(rawValue: 0x0005_00F2),
            parameters: .ecc(
                TPMSECCParms(symmetric: .null, scheme: .ecdsa(.sha256), curveID: .p256),
                unique: TPMSECCPoint(x: [UInt8](point.prefix(32)), y: [UInt8](point.suffix(32)))
            )
        ).bytes
    }

    static func record(
        iak: P256.Signing.PublicKey,
        tier: Tier = .vtpm,
        environment: String = "production",
        model: String = "gw-100",
        securityVersion: UInt64 = 3
    ) throws -> BirthRecord {
        func key(_ area: [UInt8]) -> BornKey {
            let name = [0x00, 0x0B] + ContentDigest(of: area).bytes
            return BornKey(
                template: label("H-2"),
                handle: 0x8102_0001,
                publicArea: Blob(area),
                name: HexBytes(name),
                qualifiedName: HexBytes(name),
                certificate: nil
            )
        }
        let area = publicArea(of: iak)
        let selection = try #require(PCRSet(bank: .sha256, pcrs: 0..<10))
        return BirthRecord(
            serial: label("SN-1"),
            model: label(model),
            hardwareRevision: label("B"),
            environment: label(environment),
            tier: tier,
            profile: label("p256"),
            bornAt: now - 1000,
            station: label("station-1"),
            bornWith: BornWith(name: label("os"), version: label("1.0.0"), securityVersion: securityVersion),
            ek: key(area),
            iak: key(area),
            idevid: key(area),
            eccUniqueY: .empty,
            residency: Residency(
                enrolmentKey: Blob([]),
                iakCreation: Blob([]),
                iakSignature: Blob([]),
                idevidCreation: Blob([]),
                idevidSignature: Blob([])
            ),
            counters: BornCounters(
                securityFloor: BornCounter(index: 0x01D1_0240, base: 40),
                grants: BornCounter(index: 0x01D1_0241, base: 70)
            ),
            tpm: TPMIdentity(manufacturer: "IBM", vendor: "SW TPM", firmwareVersion: 1),
            selection: selection,
            firstBoot: FirstBoot(pcrs: try pcrs("1.0.0"), attest: Blob([]), signature: Blob([]), log: nil)
        )
    }

    /// A release whose boot has the version's name.
    static func release(
        _ version: String,
        securityVersion: UInt64,
        change: (inout Release) throws -> Void = { _ in }
    ) throws -> Release {
        let content = digest("artifact \(version)")
        var release = Release(
            name: label("os"),
            version: label(version),
            securityVersion: securityVersion,
            models: [label("gw-100")],
            hardwareRevisions: [label("A"), label("B")],
            artifact: Artifact(name: label("os-\(version).img"), size: 4096, sha256: content),
            boot: try boot(version)
        )
        try change(&release)
        return release
    }

    static func known(_ release: Release, standing: ReleaseStanding = .registered) throws -> KnownRelease {
        KnownRelease(
            release: release,
            manifest: ContentDigest(of: try CanonicalJSON.encode(release)),
            standing: standing
        )
    }

    static func reference(_ known: KnownRelease) -> PackageReference {
        PackageReference(
            name: known.release.name,
            version: known.release.version,
            sha256: known.release.artifact.sha256,
            manifest: known.manifest
        )
    }

    /// A policy of one rule that fits everything; the texts replace parts of it.
    static func policy(
        moves: String = #"{"upgrade":true,"reinstall":true,"downgrade":false}"#,
        boot: String = #"{"requireLog":false,"secureBoot":"any"}"#,
        lease: Int64 = 86_400,
        grant: Int64 = 3600,
        rescue: Int64? = nil,
        drift: Int64? = nil,
        window: String? = nil,
        delayed: String? = nil,
        approvals: String? = nil,
        witnesses: Int? = nil
    ) throws -> Policy {
        let rescue = rescue.map { #","rescue":{"seconds":\#($0)}"# } ?? ""
        let drift = drift.map { #","drift":{"seconds":\#($0)}"# } ?? ""
        let window = window.map { #","window":\#($0)"# } ?? ""
        let delayed = delayed.map { #","delayed":\#($0)"# } ?? ""
        let approvals = approvals.map { #","releaseApprovals":\#($0)"# } ?? ""
        let witnesses = witnesses.map { #","witnesses":\#($0)"# } ?? ""
        let text = #"""
            {"formatVersion":1,"rules":[{"id":"all","match":{"models":"*","hardwareRevisions":"*","environments":"*",
            "tiers":"*","packages":"*"},"moves":\#(moves),"boot":\#(boot),"lease":{"seconds":\#(lease)},
            "grant":{"seconds":\#(grant)}\#(rescue)\#(drift)\#(window)\#(delayed)\#(approvals)\#(witnesses)}]}
            """#
        return try Policy(parsing: Array(text.utf8))
    }
}
