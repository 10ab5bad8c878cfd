import Crypto
import FoundationEssentials
import Ledger
import SeededRandom

extension SplitMix64 {
    mutating func hash() -> TreeHash {
        .leaf((0..<8).map { _ in UInt8.random(in: 0...255, using: &self) })
    }
}

/// A log in memory, grown through the frontier, as a store keeps it.
struct MemoryLog {
    struct Address: Hashable {
        let level: Int
        let index: Int
    }

    struct NodeMissing: Error {
        let level: Int
        let index: Int
    }

    private(set) var frontier = TreeFrontier()
    private(set) var nodes: [Address: TreeHash] = [:]
    private(set) var leaves: [TreeHash] = []

    init(leaves: some Sequence<TreeHash> = []) {
        for leaf in leaves { append(leaf) }
    }

    init(count: Int, seed: UInt64 = 1) {
        var random = SplitMix64(seed: seed)
        self.init(leaves: (0..<count).map { _ in random.hash() })
    }

    mutating func append(_ leaf: TreeHash) {
        leaves.append(leaf)
        for node in frontier.append(leaf) {
            nodes[Address(level: node.level, index: node.index)] = node.hash
        }
    }

    func node(_ level: Int, _ index: Int) throws(NodeMissing) -> TreeHash {
        guard let hash = nodes[Address(level: level, index: index)] else {
            throw NodeMissing(level: level, index: index)
        }
        return hash
    }
}

/// RFC 9162 section 2.1 word for word: slow, and nothing to get wrong.
enum NaiveTree {
    static func root(_ leaves: ArraySlice<TreeHash>) -> TreeHash {
        guard let first = leaves.first else { return .ofEmptyTree }
        guard leaves.count > 1 else { return first }
        let (left, right) = split(leaves)
        return .node(root(left), root(right))
    }

    static func inclusionPath(_ index: Int, _ leaves: ArraySlice<TreeHash>) -> [TreeHash] {
        guard leaves.count > 1 else { return [] }
        let (left, right) = split(leaves)
        return index < left.count
            ? inclusionPath(index, left) + [root(right)]
            : inclusionPath(index - left.count, right) + [root(left)]
    }

    static func consistencyPath(_ oldSize: Int, _ leaves: ArraySlice<TreeHash>, wholeOld: Bool = true) -> [TreeHash] {
        guard oldSize < leaves.count else { return wholeOld ? [] : [root(leaves)] }
        let (left, right) = split(leaves)
        return oldSize <= left.count
            ? consistencyPath(oldSize, left, wholeOld: wholeOld) + [root(right)]
            : consistencyPath(oldSize - left.count, right, wholeOld: false) + [root(left)]
    }

    private static func split(_ leaves: ArraySlice<TreeHash>) -> (ArraySlice<TreeHash>, ArraySlice<TreeHash>) {
        var half = 1
        while half * 2 < leaves.count { half *= 2 }
        return (leaves.prefix(half), leaves.dropFirst(half))
    }
}

/// The keys and the tree of UPDATE.md section 3.
enum Vectors {
    static let origin = "ledger.example/update-provenance/v1"
    static let vkey = "ledger.example/update-provenance/v1+ae43e4a3+ATHv+nvmT3QswRGSFLvWKXd6cwZsl4Gw93CukV4EglZN"
    static let witnessVkey = "witness.example/w1+85b9de22+BDmKbdMPpNG5rIAO47za36XhZOMXoTZPqUAACGoLYor4"
    static let witnessTime = 1_790_000_000

    static func key(seed: String) throws -> Curve25519.Signing.PrivateKey {
        try Curve25519.Signing.PrivateKey(rawRepresentation: Array(SHA256.hash(data: Array(seed.utf8))))
    }

    static func logSigner() throws -> CheckpointSigner {
        try CheckpointSigner(origin: origin, privateKey: key(seed: "bridge-ledger-test-key"))
    }

    static func witness() throws -> WitnessSigner {
        try WitnessSigner(name: "witness.example/w1", privateKey: key(seed: "bridge-witness-test-key"))
    }

    static func entries() throws -> [LogEntry] {
        try (0..<5).map { try LogEntry(Array("entry-\($0)".utf8)) }
    }

    static func log(size: Int = 5) throws -> MemoryLog {
        MemoryLog(leaves: try entries().prefix(size).map(\.leafHash))
    }

    static func hashes(_ text: String) throws -> [TreeHash] {
        text.split(separator: " ").compactMap { TreeHash(base64: $0) }
    }
}
