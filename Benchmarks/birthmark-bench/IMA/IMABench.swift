import Appraisal
import AttestationResults
import MeasuredBoot
import Messages
import TPMWire

/// What judging a list of what Linux measured costs, beside a quote, against SHA-256 over its entries.
enum IMABench {
    /// To be run before everything else; see `PeakMemory`.
    static let memorySuite = Suite(name: "ima-100-mb-memory", in: .linux) { [try memory($0)] }

    static let suites = [
        Suite(name: "ima-10000-entries", in: .linux) { try measure($0, entries: 10_000, rounds: 60) },
        Suite(name: "ima-100000-entries", in: .linux, minutes: 0.2) { try measure($0, entries: 100_000, rounds: 8) },
    ]

    private static let reason = "the bench's own"

    private static func policy(_ list: LinuxList) -> IMAPolicy {
        IMAPolicy(identity: ContentDigest(of: Array(reason.utf8)), digests: list.digests)
    }

    private static func measure(_ name: String, entries: Int, rounds: Int) throws -> [Measurement] {
        let aggregate = try MeasuredMachine().bootAggregate
        var list = LinuxList(entries: entries, aggregate: aggregate)
        let whole = try scene(list, from: 0, after: nil)
        guard case .accepted(let state) = Appraiser.appraise(whole.input), let progress = state.ima else {
            throw WrongResult(name: name, wrong: 1, of: 1)
        }
        let known = list.bytes.count
        for index in entries..<entries + 10 { list.append(index: index) }
        let more = try scene(list, from: known, after: progress)
        let short = LinuxList(entries: entries, aggregate: aggregate)
        let times = try alternate(
            [
                Work("bare signature and SHA-256 of the list") {
                    try whole.scene.signature.importAndVerify() && short.replay()
                },
                Work("appraisal", AppraisalBench.appraisal(whole.scene, whole.input)),
            ],
            rounds: rounds
        )
        let again = try alternate([
            Work("bare signature", more.scene.signature.importAndVerify),
            Work("appraisal of what is new", AppraisalBench.appraisal(more.scene, more.input)),
        ])
        return [
            Measurement(
                name,
                times[1],
                against: times[0],
                aim: nil,
                note: "import + verify + \(entries) x (SHA-256 + extend); \(known) bytes, every digest looked up"
            ),
            Measurement(
                name + "-and-10-new",
                again[1],
                against: again[0],
                aim: nil,
                note: "import + verify; the list was judged before but for its last 10 entries"
            ),
        ]
    }

    private static func scene(
        _ list: LinuxList,
        from offset: Int,
        after progress: IMAProgress?
    ) throws -> (scene: QuoteScene, input: AppraisalInput) {
        let scene = try QuoteScene(.p256(), linux: list.value)
        var input = scene.input(.none)
        input.ima = IMAEvidence(
            pcr: IMABounds.usualPCR,
            list: IMAListPart(offset: UInt64(offset), bytes: Blob(Array(list.bytes[offset...]))),
            progress: progress,
            policy: policy(list)
        )
        return (scene, input)
    }

    /// Follows a list of 100 MB piece by piece, as `birthmark log replay` does with a file.
    private static func memory(_ name: String) throws -> Measurement {
        let size = 100 << 20
        let part = LinuxList(entries: 8_000, aggregate: [UInt8](repeating: 0, count: 32)).bytes
        let never = [UInt8](repeating: 0xEE, count: 32)
        var prefix = try IMAPrefix(.binary(), to: never, bank: .sha256)
        let peak = try PeakMemory.during {
            var read = 0
            while read < size {
                for start in stride(from: 0, to: part.count, by: 1 << 16) {
                    try prefix.read(part[start..<min(start + 1 << 16, part.count)])
                }
                read += part.count
            }
        }
        return Measurement(
            name,
            value: Double(peak) / 1024,
            floor: Double(size) / Double(1 << 20),
            unit: "MiB",
            // Bounded, whatever the list's length.
            aim: 0.05,
            spread: 0,
            note: "the list itself, \(prefix.entries) entries; the value is how far resident memory grew"
        )
    }
}
