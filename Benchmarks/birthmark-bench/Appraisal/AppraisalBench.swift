import Appraisal
import AttestationResults
import Messages

/// What an appraisal costs against a bare signature check of swift-crypto and a bare SHA-256 replay of the same log.
enum AppraisalBench {
    static let suites = suites("appraisal-p256") { .p256() } + suites("appraisal-rsa2048") { try .rsa2048() }

    private static func suites(_ name: String, _ key: @escaping @Sendable () throws -> AttestationKey) -> [Suite] {
        [
            Suite(name: name + "-no-log") { try withoutLog($0, QuoteScene(key())) },
            Suite(name: name + "-log-first-seen") { try firstSeenLog($0, QuoteScene(key())) },
            Suite(name: name + "-log-known") { try knownLog($0, QuoteScene(key())) },
            Suite(name: name + "-key-and-log-known") { try keptKey($0, QuoteScene(key())) },
        ]
    }

    /// Every appraisal imports the key from the bytes of its public area, and judges it.
    private static func appraisal(_ scene: QuoteScene, _ log: LogEvidence) -> () throws -> Bool {
        let input = scene.input(log)
        return {
            var input = input
            input.key = try EnrolledKey(publicArea: scene.keyBytes, template: scene.key.template)
            return isAccepted(Appraiser.appraise(input))
        }
    }

    private static func isAccepted(_ verdict: Verdict) -> Bool {
        if case .accepted = verdict { true } else { false }
    }

    private static func withoutLog(_ name: String, _ scene: QuoteScene) throws -> [Measurement] {
        let times = try alternate([
            Work("bare signature", scene.signature.importAndVerify),
            Work("appraisal", appraisal(scene, .none)),
        ])
        return [
            Measurement(name, times[1], against: times[0], aim: 1.15, note: "import + verify")
        ]
    }

    private static func firstSeenLog(_ name: String, _ scene: QuoteScene) throws -> [Measurement] {
        let subject = appraisal(scene, .bytes(scene.log, digest: scene.logDigest))
        let times = try alternate([
            Work("bare signature and replay") { try scene.signature.importAndVerify() && scene.replay.replay() },
            Work("bare signature, replay and data") {
                try scene.signature.importAndVerify() && scene.replay.replay() && scene.replay.hashData()
            },
            Work("appraisal", subject),
            Work("appraisal and content digest") { try ContentDigest(of: scene.log) == scene.logDigest && subject() },
        ])
        let events = "\(scene.replay.extended) extends"
        let data = "data of \(scene.replay.hashed) events hashed"
        return [
            Measurement(
                name,
                times[2],
                against: times[1],
                aim: 1.3,
                note: "import + verify + \(events) + \(data)"
            ),
            Measurement(
                name + "-digests-only",
                times[2],
                against: times[0],
                aim: nil,
                note: "import + verify + \(events); no event data read"
            ),
            Measurement(
                name + "-with-content-digest",
                times[3],
                against: times[1],
                aim: nil,
                note: "as the first; the subject also hashes the \(scene.log.count) bytes of the log"
            ),
        ]
    }

    private static func knownLog(_ name: String, _ scene: QuoteScene) throws -> [Measurement] {
        let times = try alternate([
            Work("bare signature", scene.signature.importAndVerify),
            Work("appraisal", appraisal(scene, .replayed(scene.replayed))),
        ])
        return [
            Measurement(name, times[1], against: times[0], aim: 1.15, note: "import + verify")
        ]
    }

    /// As the service does it: the key of an instance that was seen before is kept.
    private static func keptKey(_ name: String, _ scene: QuoteScene) throws -> [Measurement] {
        let input = scene.input(.replayed(scene.replayed))
        let times = try alternate([
            Work("bare verification", try scene.signature.verifier()),
            Work("appraisal") { isAccepted(Appraiser.appraise(input)) },
        ])
        return [
            Measurement(name, times[1], against: times[0], aim: nil, note: "verify")
        ]
    }
}
