import CommandLineContract
import Crypto
import DurableFiles
import FoundationEssentials
import Messages

/// What was measured, suite by suite, and kept as each ends: a run that is interrupted is not lost.
struct Results: Codable {
    struct Finished: Codable {
        var suite: String
        var section: PageSection
        var measurements: [Measurement]
    }

    /// How large the large records were.
    private let sizes: [Int]
    /// The program that measured; nil in what was kept before this was noted.
    private let program: ContentDigest?
    private(set) var finished: [Finished] = []

    /// For scripts.
    private static let summary = ".build/bench.json"
    /// All of it, for whoever goes on.
    private static let whole = ".build/bench-suites.json"
    /// Forty times what a whole run writes.
    private static let limit = 1 << 20

    init(_ sizes: FleetSizes) throws {
        self.sizes = sizes.all
        program = try Self.running
    }

    /// What the run before had measured when it was interrupted.
    ///
    /// Figures of another program would stand in one table with those of this one, and nobody could tell them apart.
    static func kept(_ sizes: FleetSizes) throws -> Results {
        let bytes = try InputFile.read(whole, limit: limit, what: "the run to go on with")
        let results = try JSONDecoder().decode(Results.self, from: Data(bytes))
        guard results.sizes == sizes.all else {
            throw CommandFailure(
                .malformed,
                "the run to go on with was of other sizes: \(results.sizes.map(String.init).joined(separator: ", "))",
                hint: "give the same --devices, --leases and --entries, or leave --resume out"
            )
        }
        guard try results.program == running else {
            throw CommandFailure(
                .malformed,
                "the run to go on with was of another build of this program, whose figures are not this one's",
                hint: "leave --resume (BENCH_RESUME) out, which measures all of it anew"
            )
        }
        return results
    }

    /// The program that runs, read piece by piece: the heap is as it was afterwards.
    private static var running: ContentDigest {
        get throws {
            let program = "/proc/self/exe"
            var digest = SHA256()
            try ChunkReader.pieces(of: program) { digest.update(data: $0) }
            guard let sha256 = ContentDigest(bytes: Array(digest.finalize())) else {
                throw WrongResult(name: program, wrong: 1, of: 1)
            }
            return sha256
        }
    }

    /// Whether a suite was measured already.
    func hold(_ suite: Suite) -> Bool { finished.contains { $0.suite == suite.name } }

    mutating func append(_ measurements: [Measurement], of suite: Suite) {
        finished.append(Finished(suite: suite.name, section: suite.section, measurements: measurements))
    }

    /// Writes `[{"name", "value", "unit", "floor", "ratio"}]`, and what is needed to go on.
    func write() throws {
        struct Figure: Encodable {
            var name: String
            var value: Double
            var unit: String
            var floor: Double
            var ratio: Double
        }
        let figures = finished.flatMap(\.measurements).map { line in
            Figure(name: line.name, value: line.value, unit: line.unit, floor: line.floor, ratio: line.ratio)
        }
        try write(figures, to: Self.summary)
        try write(self, to: Self.whole)
    }

    private func write(_ value: some Encodable, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try OutputFile.write([UInt8](encoder.encode(value)) + [0x0A], to: path, mode: 0o644)
    }
}

extension FleetSizes {
    fileprivate var all: [Int] { [devices, leases, entries] }
}
