import Crypto
import FoundationEssentials
import Ledger
import LedgerFiles

/// A log as its keeper serves it, file by file.
struct ServedLog: Sendable {
    let entries: [LogEntry]
    private let levels: [[TreeHash]]
    private let frontier: TreeFrontier
    private static let key = Curve25519.Signing.PrivateKey()
    private static let signer = try? CheckpointSigner(origin: "log.example", privateKey: key)

    struct NotServed: Error, Hashable {
        var path: String
    }

    init(_ entries: [LogEntry]) {
        self.entries = entries
        var frontier = TreeFrontier()
        var levels: [[TreeHash]] = []
        for entry in entries {
            for node in frontier.append(entry.leafHash) {
                if levels.count == node.level { levels.append([]) }
                levels[node.level].append(node.hash)
            }
        }
        self.frontier = frontier
        self.levels = levels
    }

    /// Entries that differ from one another, and with `salt` from those of another history.
    init(count: Int, salt: Int = 0) throws {
        self.init(try (0..<count).map { try LogEntry(Array("entry \($0) \(salt)".utf8)) })
    }

    static var logKey: VerifierKey {
        get throws { try signerOrThrow().verifierKey }
    }

    private static func signerOrThrow() throws -> CheckpointSigner {
        guard let signer else { throw NotServed(path: "the signer") }
        return signer
    }

    var root: TreeHash { frontier.root }

    var checkpoint: SignedCheckpoint {
        get throws { try Self.signerOrThrow().sign(size: entries.count, root: root) }
    }

    func file(_ path: String) throws -> [UInt8] {
        if path == "checkpoint" { return try checkpoint.bytes }
        let tile = try TilePath(parsing: path)
        guard tile.exists(inTreeOf: entries.count) else { throw NotServed(path: path) }
        let (level, indices) = tile.nodes
        return switch tile.content {
        case .entries: EntryBundle.encode(entries[indices])
        case .hashes: HashTile.encode(levels[level][indices])
        }
    }

    var tiled: TiledLog {
        TiledLog(size: entries.count) { path in try file(path) }
    }
}

/// Runs `body` with a directory of its own, and removes it afterwards.
func withDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appending(path: "birthmark-ledger-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try await body(directory)
}
