import Appraisal
import AttestationResults
import Messages

/// What an appraisal costs against a bare signature check of swift-crypto and a bare SHA-256 replay of the same log.
enum AppraisalBench {
    static let suites = suites("appraisal-p256") { .p256() } + suites("appraisal-rsa2048") { try .rsa2048() }

    private static func suites(_ name: String, _ key: @escaping @Sendable () throws -> AttestationKey) -> [Suite] {
        [
            Suite(name: name + "-no-log", in: .appraisal) { try withoutLog($0, QuoteScene(key())) },
            Suite(name: name + "-log-first-seen", in: .appraisal) { try firstSeenLog($0, QuoteScene(key())) },
            Suite(name: name + "-long-log-first-seen", in: .appraisal) {
                try firstSeenLog($0, QuoteScene(key(), log: .long))
            },
            Suite(name: name + "-log-known", in: .appraisal) { try knownLog($0, QuoteScene(key())) },
            Suite(name: name + "-key-and-log-known", in: .appraisal) { try keptKey($0, QuoteScene(key())) },
        ]
    }

    /// Every appraisal imports the key from the bytes of its public area, and judges it.
    static func appraisal(_ scene: QuoteScene, _ input: AppraisalInput) -> () throws -> Bool {
        var input = input
        return {
            input.key = try EnrolledKey(publicArea: scene.keyBytes, template: scene.key.template)
            return appraise(input)
        }
    }

    /// Whether some evidence is accepted.
    static func appraise(_ input: AppraisalInput) -> Bool {
        if case .accepted = Appraiser.appraise(input) { true } else { false }
    }

    private static func withoutLog(_ name: String, _ scene: QuoteScene) throws -> [Measurement] {
        return try signatureAlone(name, scene, scene.input(.none))
    }

    private static func firstSeenLog(_ name: String, _ scene: QuoteScene) throws -> [Measurement] {
        let replay = scene.machine.replay
        let subject = appraisal(scene, scene.input(scene.firstSeen, facts: QuoteScene.facts))
        let floor = Work("bare signature, replay and data") {
            try scene.signature.importAndVerify() && replay.replay() && replay.hashData()
        }
        let times = try alternate([
            Work("bare signature and replay") { try scene.signature.importAndVerify() && replay.replay() },
            floor,
            Work("appraisal without facts", appraisal(scene, scene.input(scene.firstSeen))),
            Work("appraisal", subject),
            Work("appraisal and content digest") {
                try ContentDigest(of: scene.machine.log) == scene.machine.logDigest && subject()
            },
        ])
        let events = "import + verify + \(replay.extended) extends (log of \(scene.machine.log.count) bytes)"
        return [
            Measurement(
                name,
                times[3],
                against: times[1],
                aim: 1.3,
                note: "\(events) + data of \(replay.hashed) events hashed; all facts asked for"
            ),
            Measurement(
                name + "-no-facts",
                times[2],
                against: times[0],
                aim: 1.3,
                note: "\(events); no facts asked for"
            ),
            Measurement(
                name + "-and-hashed-whole",
                times[4],
                against: times[1],
                aim: nil,
                note: "as the first; the subject also makes the log's content digest"
            ),
        ] + (try Allocations.measurements(name, Work("appraisal", subject), against: floor))
    }

    private static func knownLog(_ name: String, _ scene: QuoteScene) throws -> [Measurement] {
        return try signatureAlone(name, scene, scene.input(scene.known, facts: QuoteScene.facts))
    }

    private static func signatureAlone(
        _ name: String,
        _ scene: QuoteScene,
        _ input: AppraisalInput
    ) throws -> [Measurement] {
        let floor = Work("bare signature", scene.signature.importAndVerify)
        let subject = Work("appraisal", appraisal(scene, input))
        let times = try alternate([floor, subject])
        return [Measurement(name, times[1], against: times[0], aim: 1.15, note: "import + verify")]
            + (try Allocations.measurements(name, subject, against: floor))
    }

    /// As the service does it: the key of an instance that was seen before is kept.
    private static func keptKey(_ name: String, _ scene: QuoteScene) throws -> [Measurement] {
        let input = scene.input(scene.known, facts: QuoteScene.facts)
        let times = try alternate([
            Work("bare verification", try scene.signature.verifier()),
            Work("appraisal") { appraise(input) },
        ])
        return [Measurement(name, times[1], against: times[0], aim: nil, note: "verify")]
    }
}
