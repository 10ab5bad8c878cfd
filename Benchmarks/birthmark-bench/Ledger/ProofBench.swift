import Ledger
import StoreSQLite

/// Proofs that an entry is on the ledger, out of stored trees of several sizes, against reading the same nodes by SQLite alone.
enum ProofBench {
    static func suites(_ sizes: FleetSizes) -> [Suite] {
        [
            Suite(name: "ledger-proof", in: .ledger, minutes: 0.3 + 3 * Double(sizes.entries) / 10_000_000) {
                try await run($0, largest: sizes.entries)
            }
        ]
    }

    private static let rounds = 20
    private static let proofsPerRound = 200
    private static let quantiles = [(name: "p50", of: 0.5), (name: "p99", of: 0.99)]

    private static func run(_ name: String, largest: Int) async throws -> [Measurement] {
        var results: [Measurement] = []
        var trees: [(path: Double, time: Double)] = []
        for size in [FleetSizes.small, 1_000_000, largest] where size <= largest {
            let (path, samples) = try await withTemporaryDirectory { directory in
                let tree = try await StoredTree.make(at: directory + "/ledger.sqlite", size: size)
                let times = try await measure(tree)
                try tree.close()
                return times
            }
            trees.append((path, samples[0].quantile(0.5)))
            results += quantiles.map { quantile in
                Measurement(
                    "\(name)-of-\(size)-\(quantile.name)",
                    value: samples[0].quantile(quantile.of),
                    floor: samples[1].quantile(quantile.of),
                    unit: "us",
                    aim: nil,
                    spread: (samples[0] / samples[1]).spread,
                    note: "reading the \(Int(path.rounded())) hashes and those below them by SQLite alone"
                )
            }
        }
        if let first = trees.first, let last = trees.last, trees.count > 1 {
            results.append(
                Measurement(
                    "\(name)-growth",
                    value: last.time,
                    floor: first.time,
                    unit: "us",
                    aim: 1.5 * last.path / first.path,
                    spread: 0,
                    note:
                        "a proof of \(FleetSizes.small); the paths are \((10 * last.path / first.path).rounded() / 10) times as long"
                )
            )
        }
        return results
    }

    /// - Returns: how long the paths are on the average, and microseconds for each proof: the store's and SQLite's.
    private static func measure(_ tree: StoredTree) async throws -> (path: Double, times: [Samples]) {
        var times = [Samples(), Samples()]
        var hashes = 0
        for round in 0..<rounds {
            let indices = (0..<proofsPerRound).map { _ in Int.random(in: 0..<tree.size) }
            for way in round.isMultiple(of: 2) ? [0, 1] : [1, 0] {
                for index in indices {
                    let start = ContinuousClock.now
                    let path = way == 0 ? try await tree.path(of: index) : try tree.barePath(of: index)
                    times[way].append((ContinuousClock.now - start) / .microseconds(1))
                    hashes += path?.count ?? 0
                    guard let path, way == 0 else { continue }
                    let proof = InclusionProof(index: index, size: tree.size, path: path)
                    guard proof.verifies(leaf: StoredTree.leaf(index), root: tree.root) else {
                        throw WrongResult(name: "a proof of entry \(index)", wrong: 1, of: 1)
                    }
                }
            }
        }
        return (Double(hashes) / Double(2 * rounds * proofsPerRound), times)
    }
}
