import Crypto
import Messages
import ParserProperties

/// What devices without a TPM say and keep, with keys that everybody knows.
enum CompensatedSeeds {
    static let all: [String: [String: [UInt8]]] = [
        "key-request": [
            "without-claims": json(HardwareClaims([:]).flatMap { try? KeyRequest(by: key, claims: $0) }),
            "two-claims": json(claims.flatMap { try? KeyRequest(by: key, claims: $0) }),
        ],
        "compensated-birth-record": [
            "of-the-device": json(record(.device)),
            "of-the-station": json(record(.station)),
            "of-a-new-board": json(
                Remark("dead").flatMap {
                    record(
                        .device,
                        replaces: Replacement(instance: MessageSeeds.instance, reason: $0, by: label("bob"))
                    )
                }
            ),
        ],
        "compensated-request": [
            "attest": json(request(.attest)),
            "update": json(request(.update, package: package)),
            "confirm": json(request(.confirm, grant: "AAECAw")),
        ],
        "compensated-evidence": [
            "attest": json(
                request(.attest).flatMap { try? CompensatedEvidence($0, signedBy: key, next: FixedKeys.signing) }
            )
        ],
        "approval-order": [
            "all-devices": json(
                ApprovalOrder(
                    release: digest,
                    device: nil,
                    environment: nil,
                    allDevices: true,
                    role: .releaseManager,
                    hours: 168,
                    reason: "change 12"
                )
            ),
            "device": json(
                ApprovalOrder(
                    release: digest,
                    device: label("SN-1"),
                    environment: nil,
                    role: .releaseManager,
                    hours: 1,
                    reason: "change 12"
                )
            ),
            "environment": json(
                ApprovalOrder(
                    release: digest,
                    device: nil,
                    environment: label("lab"),
                    role: .operator,
                    hours: ApprovalOrder.maximumHours,
                    reason: "after the test \u{e9}"
                )
            ),
        ],
        "fork-order": [
            "known": json(ForkOrder(.known, reason: "the copy was in the shop")),
            "other": json(ForkOrder(.other, reason: "restored from its backup")),
        ],
        "vouch-statement": ["seen": json(statement(readBack: nil)), "read-back": json(statement(readBack: digest))],
        "vouched-evidence": ["attest": json(vouched)],
        "gateway-order": [
            "two": json(GatewayOrder([label("GW-1"), label("GW-2")], reason: "hall 3")),
            "none": json(GatewayOrder([], reason: "moved to the network")),
        ],
        "software-identity": [
            "asking": json(identity),
            "born": json(born { _ in }),
            "moved-on": json(born { $0.moveOn(to: key) }),
        ],
        "injected-identity": [
            "of-a-sensor": json(
                claims.map { InjectedIdentity(serial: label("SN-1"), key: key, claims: $0, bornWith: bornWith) }
            )
        ],
        "compensated-orders": [
            "emergency": json(
                EmergencyOrder(
                    release: digest,
                    overrides: [.window, .haltedRollout],
                    hours: 4,
                    reason: "incident 7"
                )
            ),
            "witness": json(WitnessCodeOrder(release: digest, minutes: 15, reason: "Bob is on site")),
            "lower-tier": json(
                claims.flatMap { try? KeyRequest(by: key, claims: $0) }.flatMap { try? CanonicalJSON.encode($0) }
                    .flatMap { LowerTierOrder(request: Blob($0), days: 7, reason: "TPM dead, board ordered") }
            ),
        ],
        "compensated-answers": CompensatedAnswerSeeds.all,
    ]

    /// Any number from 1 to the order of P-256 is a private key.
    static let key: P256.Signing.PrivateKey = {
        do {
            return try P256.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 0x29, count: 32))
        } catch { fatalError("a fixed key is not one: \(error)") }
    }()

    private static let digest = MessageSeeds.digest
    static let bornWith = BornWith(name: label("os"), version: label("1.0.0"), securityVersion: 3)
    private static let claims = HardwareClaims([
        label("mmc-cid"): label("15010038474e4434"), label("mac"): label("02:00:00:00:00:01"),
    ])
    private static let package = PackageReference(
        name: label("os"),
        version: label("1.1.0"),
        sha256: digest,
        manifest: digest
    )
    private static let identity = SoftwareIdentity(
        first: key,
        next: FixedKeys.signing,
        sources: [ClaimSource(name: label("mmc-cid"), path: "/sys/block/mmcblk0/device/cid")]
    )

    private static func statement(readBack: ContentDigest?) -> VouchStatement {
        let link = label("52:54:00:12:34:56")
        return VouchStatement(
            child: MessageSeeds.instance,
            evidence: digest,
            observed: readBack == nil
                ? ChildObservation(port: label("lan"), address: label("192.168.7.20"), link: link)
                : ChildObservation(port: label("line"), readBack: readBack)
        )
    }

    private static var vouched: VouchedEvidence? {
        guard let asked = request(.attest),
            let child = try? CompensatedEvidence(asked, signedBy: key, next: FixedKeys.signing),
            let statement = try? statement(readBack: nil).bytes,
            let gateway = MessageSeeds.all["evidence"]?["without-log"].flatMap({ try? Evidence(parsing: $0) })
        else { return nil }
        return VouchedEvidence(child: child, statement: Blob(statement), gateway: gateway)
    }

    private static func label(_ text: String) -> Label { MessageSeeds.label(text) }

    static func json(_ value: (some Encodable)?) -> [UInt8] {
        value.flatMap { try? CanonicalJSON.encode($0) } ?? []
    }

    private static func born(_ change: (inout SoftwareIdentity) -> Void) -> SoftwareIdentity {
        var born = identity
        born.setBirth(label("SN-1"), with: bornWith)
        change(&born)
        return born
    }

    private static func record(
        _ origin: CompensatedBirthRecord.KeyOrigin,
        replaces: Replacement? = nil
    ) -> CompensatedBirthRecord? {
        claims.map { claims in
            CompensatedBirthRecord(
                serial: label("SN-1"),
                model: label("sn-10"),
                hardwareRevision: label("A"),
                environment: label("production"),
                profile: label("sensor"),
                bornAt: 1,
                station: label("station-1"),
                replaces: replaces,
                bornWith: bornWith,
                key: SoftwareKey(of: key),
                keyOrigin: origin,
                claims: claims
            )
        }
    }

    private static func request(
        _ purpose: Purpose,
        package: PackageReference? = nil,
        grant: String? = nil
    ) -> CompensatedRequest? {
        claims.map { claims in
            CompensatedRequest(
                instance: InstanceID(firstKey: SoftwareKey(of: key)),
                purpose: purpose,
                challenge: "AAECAw",
                key: SoftwareKey(of: key),
                next: SoftwareKey(of: FixedKeys.signing),
                claims: claims,
                running: ClaimedRelease(
                    name: label("os"),
                    version: label("1.0.0"),
                    manifest: package.map { _ in digest }
                ),
                package: package,
                grant: grant
            )
        }
    }
}
