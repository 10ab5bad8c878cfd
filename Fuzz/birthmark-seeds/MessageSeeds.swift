import Messages
import ParserProperties
import UpdateTrust

/// Messages of every kind, written by the types that read them.
enum MessageSeeds {
    static let all: [String: [String: [UInt8]]] = [
        "evidence": evidence,
        "decision-request": requests,
        "challenge-request": [
            "attest": json(ChallengeRequest(instance: instance, purpose: .attest)),
            "update": json(ChallengeRequest(instance: instance, purpose: .update, package: digest, log: digest)),
        ],
        "enrolment-request": [
            "certified": json(enrolment(certificate: Blob([0x30, 0x00]), retired: [])),
            "of-a-new-board": json(enrolment(certificate: nil, retired: [digest])),
        ],
        "enrolment-answer": ["own-form": json(EnrolmentAnswer(request: Blob([1, 2, 3]), form: .own))],
        "birth-record": [
            "without-certificate": record, "with-log": json(birth(log: digest)),
            "of-a-new-board": json(birth(log: nil, replaces: replacement)),
        ],
        "birth-bundle": [
            "empty": json(envelope([1], "text/plain").first.map { BirthBundle(list: $0, births: [], logs: []) }),
            "one": json(bundle), "restored": json(restoredBundle),
        ],
        "bundle-manifest": [
            "one": bundle?.list.payload.bytes ?? [], "restored": restoredBundle?.list.payload.bytes ?? [],
        ],
        "station-keys": [
            "two":
                (try? StationKeys([
                    StationKey(
                        name: label("line-1"),
                        key: StatementSigner.p256(FixedKeys.signing).key,
                        from: 1,
                        until: 2
                    ),
                    StationKey(
                        name: label("line-2"),
                        key: StatementSigner.ed25519(FixedKeys.log).key,
                        from: 0,
                        until: Int64.max
                    ),
                ])).flatMap { try? EditedJSON.encode($0) } ?? []
        ],
        "restoration": ["cleared": json(restoration)],
        "rework": ["born": json(rework(record: digest)), "never-born": json(rework(record: nil))],
        "birth-tag": [
            "tag": json(
                selection.map { selection in
                    BirthTag(
                        instance: instance,
                        serial: label("SN-1"),
                        counters: counters,
                        selection: selection,
                        iakHandle: 0x8102_0001,
                        profile: label("p256"),
                        idevidHandle: 0x8102_0000,
                        certificates: [0x01C9_0100, 0x01C9_0200]
                    )
                }
            )
        ],
        "release": [
            "plain": release(), "timed": release { ($0.notBefore, $0.expires, $0.notes) = (1, 2, "notes \u{e9}\"\\/") },
        ],
        "release-envelope": [
            "unsigned": json(try? SignedEnvelope(payload: [1, 2, 3], payloadType: "text/plain", signers: [])),
            "signed": json(envelope(release(), Release.payloadType).first),
        ],
        "ledger-entry": entries.mapValues { Array($0.utf8) },
        "policy": [
            "one-rule": Array(policy(["\"models\":\"*\""]).utf8),
            "two-rules": Array(policy(["\"models\":[\"gw-100\"]", "\"models\":\"*\""]).utf8),
        ],
    ]

    static let digest = ContentDigest(of: [1, 2, 3])
    static let instance = InstanceID(iakName: key(2).name.bytes)

    static func label(_ text: String) -> Label {
        guard let label = Label(text) else { fatalError("\(text) is no label") }
        return label
    }

    private static func json(_ value: (some Encodable)?) -> [UInt8] {
        value.flatMap { try? CanonicalJSON.encode($0) } ?? []
    }

    private static let selection = PCRSet(bank: .sha256, pcrs: [0, 7])
    private static let counters = BornCounters(
        securityFloor: BornCounter(index: 0x01D1_0240, base: 1),
        grants: BornCounter(index: 0x01D1_0241, base: UInt64.max)
    )

    private static let pcrs = PCRValues(bank: .sha256, values: [0: digest.bytes, 7: ContentDigest(of: [7]).bytes])

    private static func envelope(_ payload: [UInt8], _ type: String) -> [SignedEnvelope] {
        // Ed25519 signs the same bytes the same way every time.
        (try? SignedEnvelope(payload: payload, payloadType: type, signers: [.ed25519(FixedKeys.log)])).map { [$0] }
            ?? []
    }

    private static let installation = InstallationProof(
        key: Blob([UInt8](repeating: 4, count: InstallationProof.partSize)),
        signature: Blob([UInt8](repeating: 5, count: InstallationProof.partSize))
    )

    private static let requests: [String: [UInt8]] = [
        "attest": json(
            DecisionRequest(instance: instance, purpose: .attest, challenge: "AAECAw", installation: installation)
        ),
        "update": json(
            DecisionRequest(
                instance: instance,
                purpose: .update,
                challenge: "AAECAw",
                installation: installation,
                package: PackageReference(name: label("os"), version: label("1.1.0"), sha256: digest, manifest: digest),
                counters: CounterReadings(securityFloor: 1, grants: UInt64.max)
            )
        ),
        "confirm": json(
            DecisionRequest(
                instance: instance,
                purpose: .confirm,
                challenge: "AAECAw",
                installation: installation,
                grant: "AAECAw"
            )
        ),
    ]

    private static let evidence: [String: [UInt8]] = {
        guard let pcrs, let request = requests["attest"] else { return [:] }
        let plain = Evidence(request: Blob(request), attest: Blob([1]), signature: Blob([2]), pcrs: pcrs)
        var full = plain
        (full.log, full.logBytes) = (digest, Blob([1, 2, 3]))
        return ["without-log": json(plain), "with-log": json(full)]
    }()

    private static func enrolment(certificate: Blob?, retired: [ContentDigest]) -> EnrolmentRequest {
        EnrolmentRequest(
            serial: label("SN-1"),
            model: label("gw-100"),
            tier: .vtpm,
            endorsementKey: Blob([1]),
            certificateIndex: 0x01C0_000A,
            certificate: certificate,
            intermediates: [Blob([0x30, 0x00])],
            enrolmentKey: Blob([2]),
            retired: retired
        )
    }

    private static let record = json(birth(log: nil))

    private static let bundle = try? BirthBundle(
        births: envelope(record, BirthRecord.payloadType),
        logs: [Blob([1, 2, 3])],
        station: label("station-1"),
        number: 1,
        at: 2,
        signer: .ed25519(FixedKeys.log)
    )

    private static let restoredBundle = try? BirthBundle(
        births: [],
        logs: [],
        restorations: envelope(json(restoration), Restoration.payloadType),
        station: label("station-1"),
        number: 2,
        at: 3,
        signer: .ed25519(FixedKeys.log)
    )

    private static let restoration = Restoration(
        instance: instance,
        serial: label("SN-1"),
        birth: digest,
        number: 1,
        station: label("station-1"),
        restoredAt: 2,
        securityFloor: 3,
        counters: counters
    )

    private static let replacement = Remark("dead").map {
        Replacement(instance: InstanceID(iakName: [1]), reason: $0, by: label("bob"))
    }

    private static func rework(record: ContentDigest?) -> Rework? {
        replacement.map { replacement in
            Rework(
                station: label("station-1"),
                serial: label("SN-1"),
                instance: replacement.instance,
                endorsementKey: digest,
                record: record,
                reason: replacement.reason,
                by: replacement.by,
                at: 1
            )
        }
    }

    private static func key(_ seed: UInt8) -> BornKey {
        BornKey(
            template: label("H-2"),
            handle: 0x8102_0000 + UInt32(seed),
            publicArea: Blob([seed]),
            name: HexBytes([0, 11] + [UInt8](repeating: seed, count: 32)),
            qualifiedName: HexBytes([0, 11] + [UInt8](repeating: seed, count: 32)),
            certificate: seed == 1 ? nil : Blob([0x30, 0x00])
        )
    }

    private static func birth(log: ContentDigest?, replaces: Replacement? = nil) -> BirthRecord? {
        guard let selection, let pcrs else { return nil }
        return BirthRecord(
            serial: label("SN-1"),
            model: label("gw-100"),
            hardwareRevision: label("B"),
            environment: label("production"),
            tier: .tpm,
            profile: label("p256"),
            bornAt: 1,
            station: label("station-1"),
            replaces: replaces,
            bornWith: BornWith(name: label("os"), version: label("1.0.0"), securityVersion: 1),
            ek: key(1),
            iak: key(2),
            idevid: key(3),
            endorsementIntermediates: log == nil ? [] : [Blob([0x30, 0x00])],
            eccUniqueY: .empty,
            residency: Residency(
                enrolmentKey: Blob([1]),
                iakCreation: Blob([2]),
                iakSignature: Blob([3]),
                idevidCreation: Blob([4]),
                idevidSignature: Blob([5])
            ),
            counters: counters,
            tpm: TPMIdentity(manufacturer: "IBM", vendor: "SW TPM", firmwareVersion: UInt64.max),
            selection: selection,
            firstBoot: FirstBoot(pcrs: pcrs, attest: Blob([6]), signature: Blob([7]), log: log)
        )
    }

    private static func release(_ change: (inout Release) -> Void = { _ in }) -> [UInt8] {
        guard let pcrs else { return [] }
        var release = Release(
            name: label("os"),
            version: label("1.1.0"),
            securityVersion: 4,
            models: [label("gw-100")],
            hardwareRevisions: [label("A"), label("B")],
            artifact: Artifact(name: label("os.img"), size: 10, sha256: digest),
            boot: BootProfile(exact: pcrs, facts: BootFactRequirements(secureBoot: true, kernelCommandLine: "ro"))
        )
        change(&release)
        return json(release)
    }

    private static func policy(_ models: [String]) -> String {
        let rules = models.enumerated().map { index, models in
            #"""
            {"id":"r\#(index)","match":{\#(models),"hardwareRevisions":["A","B"],"environments":["lab","production"],
            "tiers":["tpm"],"packages":"*"},"moves":{"upgrade":true,"reinstall":true,"downgrade":false},
            "boot":{"requireLog":true,"secureBoot":"required","firmwareVersions":["1"]},"lease":{"seconds":86400},
            "grant":{"seconds":60},"window":{"days":["mon","sun"],"from":"22:00","to":"04:00"}}
            """#
        }
        return #"{"formatVersion":1,"rules":[\#(rules.joined(separator: ",\n"))]}"# + "\n"
    }

    /// One entry of each type, as the verifier writes them.
    private static let entries: [String: String] = {
        let package = #"{"manifest":"\#(digest)","name":"os","sha256":"\#(digest)","version":"1.1.0"}"#
        let bodies = [
            "withdrawal": #"{"manifest":"\#(digest)","reason":"broken"}"#,
            "policy": #"{"policy":"\#(digest)","reason":"nights only","replaces":"\#(digest)"}"#,
            "lease": #"{"cause":"attested","event":"issued","expires":2,"id":"AAECAw"}"#,
            "operator": #"{"act":"suspend","reason":"lost"}"#,
            "restoration":
                #"{"counters":\#(String(decoding: json(counters), as: UTF8.self)),"number":1,"securityFloor":3,"statement":"\#(digest)"}"#,
            "rework": #"{"by":"bob","reason":"dead","record":"\#(digest)","replacedBy":"\#(instance)"}"#,
            "birth": #"{"bornWith":{"name":"os","securityVersion":1,"version":"1.0.0"},"record":"\#(digest)","#
                + #""station":"station-1","tier":"tpm"}"#,
            "release": #"{"artifact":"\#(digest)","manifest":"\#(digest)","name":"os","securityVersion":4,"#
                + #""version":"1.1.0"}"#,
            "grant": #"{"expires":2,"grant":"\#(digest)","jti":"AAECAw","lease":"AAECAw","package":\#(package),"#
                + #""request":"\#(digest)"}"#,
            "receipt": #"{"grant":"\#(digest)","jti":"AAECAw","package":\#(package),"quote":"\#(digest)","#
                + #""securityFloor":4}"#,
            "decision": #"{"accepted":false,"boot":"current","lifecycle":"suspended","policy":"\#(digest)","#
                + #""purpose":"attest","quote":"\#(digest)","reasons":["signature"],"request":"\#(digest)","rule":"all","#
                + #""seen":{"clock":{"clock":1,"resetCount":2,"restartCount":3,"safe":true},"firmwareVersion":4}}"#,
        ]
        let signed = [
            "signed":
                #"{"actor":"operator:alice","at":1,"body":{"act":"suspend","reason":"lost"},"instance":"\#(instance)","#
                + #""prev":"\#(digest)","statement":"\#(digest)","type":"operator","v":1}"#
        ]
        return bodies.reduce(into: signed) { entries, body in
            entries[body.key] =
                #"{"actor":"verifier:verifier.example","at":1,"body":\#(body.value),"instance":"\#(instance)","#
                + #""prev":"\#(digest)","type":"\#(body.key)","v":1}"#
        }
    }()
}
