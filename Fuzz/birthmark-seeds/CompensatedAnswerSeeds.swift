import Messages
import ParserProperties

/// What is answered to devices without a TPM and to those who act for them.
enum CompensatedAnswerSeeds {
    static let all: [String: [UInt8]] = [
        "lease": CompensatedSeeds.json(answer(grant: nil, lowered: nil)),
        "grant": CompensatedSeeds.json(
            answer(grant: GrantDelivery(grant: "a.b.c", entry: Blob([1, 2, 3]), proof: "index 0\n"), lowered: mark)
        ),
        "lowered-tier": CompensatedSeeds.json(
            mark.map { mark in
                LoweredTierFile(
                    instance: MessageSeeds.instance,
                    serial: label("GW-1"),
                    key: SoftwareKey(of: CompensatedSeeds.key),
                    bornWith: CompensatedSeeds.bornWith,
                    running: RunningPackage(
                        name: label("os"),
                        version: label("1.1.0"),
                        securityVersion: 4,
                        manifest: MessageSeeds.digest
                    ),
                    securityFloor: 4,
                    lowered: mark
                )
            }
        ),
        "witness": CompensatedSeeds.json(
            WitnessCode(number: 42).map { code in
                WitnessCodeAnswer(
                    code: code,
                    instance: MessageSeeds.instance,
                    release: MessageSeeds.digest,
                    until: 2,
                    entry: MessageSeeds.digest
                )
            }
        ),
        "approvals": CompensatedSeeds.json(
            ApprovalList(approvals: [
                ApprovalReport(
                    entry: MessageSeeds.digest,
                    release: MessageSeeds.digest,
                    instance: nil,
                    environment: label("lab"),
                    by: label("alice"),
                    role: .operator,
                    reason: "change 12",
                    until: 2
                )
            ])
        ),
        "package": CompensatedSeeds.json(
            PackageStatus(
                sha256: MessageSeeds.digest,
                size: 9,
                received: 3,
                isReady: false,
                trouble: "the source is not there"
            )
        ),
        "gateway-contact":
            (try? EditedJSON.encode(GatewayContact(url: "https://192.168.7.1:8445", tlsRoots: "PEM\n"))) ?? [],
    ]

    private static func label(_ text: String) -> Label { MessageSeeds.label(text) }

    private static let mark = Remark("TPM dead").map {
        LoweredMark(by: label("alice"), until: 2, reason: $0, entry: MessageSeeds.digest)
    }

    private static func answer(grant: GrantDelivery?, lowered: LoweredMark?) -> CompensatedAnswer {
        CompensatedAnswer(
            key: SoftwareKey(of: FixedKeys.signing),
            position: 1,
            lease: LeaseStatement(id: "AAECAw", expires: 2),
            grant: grant,
            ear: "a.b.c",
            rule: "no-tpm",
            controls: [
                ControlReport(.ratchet, isMet: true),
                ControlReport(.witness, isMet: true, evidence: [MessageSeeds.digest]),
            ],
            lowered: lowered,
            commitment: "a.b.c"
        )
    }
}
