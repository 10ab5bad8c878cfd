import Messages
import ParserProperties
import UpdateTrust

/// What travels as files to devices and back, and orders that come as files from operators.
enum FileSeeds {
    static let all: [String: [String: [UInt8]]] = [
        "freshness": [
            "epoch": json(Freshness(challenge: "AAECAw", expires: 1)),
            "challenge": json(
                Freshness(challenge: "AAECAw", expires: Int64.max, instance: MessageSeeds.instance, imaPCR: 10)
            ),
        ],
        "grant-file": [
            "grant": json(
                GrantFile(
                    request: Blob([1, 2, 3]),
                    delivery: GrantDelivery(grant: "a.b.c", entry: Blob([4, 5]), proof: "c2sp.org/tlog-proof@v1\n")
                )
            )
        ],
        "trust-chain": [
            "none": json(TrustChain([])),
            "unsigned": json(
                try? TrustChain([
                    SignedEnvelope(payload: [1, 2, 3], payloadType: TrustBundle.payloadType, signers: [])
                ])
            ),
        ],
        "compromise-order": [
            "rehearsal": json(CompromiseOrder(.station, "line-1", reason: "laptop stolen", isRehearsal: true)),
            "grant": json(CompromiseOrder(.grant, "kid", reason: "found in a paste \u{e9}")),
        ],
        "policy-order": [
            "put": json(PolicyOrder(Array(#"{"formatVersion":1,"rules":[]}"#.utf8), reason: "nights only \u{e9}"))
        ],
        "rollout-order": [
            "set": json(
                RolloutPlan(percent: 5, cohorts: [MessageSeeds.label("lab")], haltAbove: 0, haltAfter: 1).flatMap {
                    RolloutOrder(.set, plan: $0, reason: "first the lab")
                }
            ),
            "pause": json(RolloutOrder(.pause, reason: "the line calls")),
            "resume": json(
                RolloutPlan(percent: 100).flatMap { RolloutOrder(.resume, plan: $0, reason: "it was the cable \u{e9}") }
            ),
        ],
    ]

    private static func json(_ value: (some Encodable)?) -> [UInt8] {
        value.flatMap { try? CanonicalJSON.encode($0) } ?? []
    }
}
