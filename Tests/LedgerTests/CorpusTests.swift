import FoundationEssentials
import Ledger
import Testing

/// Where other people's vectors lie; the tests that need them are skipped without.
enum Corpus {
    static let root = ProcessInfo.processInfo.environment["BIRTHMARK_CORPUS"]

    static func data(_ path: String) throws -> Data {
        try Data(contentsOf: URL(filePath: "\(root ?? "")/\(path)"))
    }

    static func bytes(_ path: String) throws -> [UInt8] { Array(try data(path)) }

    static func decode<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        try JSONDecoder().decode(type, from: data(path))
    }
}

@Suite(.enabled(if: Corpus.root != nil, "needs BIRTHMARK_CORPUS"))
struct CorpusTests {
    private struct InclusionVector: Decodable {
        let desc: String
        let leafIdx: UInt64
        let treeSize: UInt64
        let root: String
        let leafHash: String
        let proof: [String]?
        let wantErr: Bool
    }

    @Test(arguments: ["0", "1", "2", "single-entry"])
    func inclusion(file: String) throws {
        let path = "transparency-dev+merkle/_derived/merkle_inclusion_\(file).json"
        let vectors = try Corpus.decode([InclusionVector].self, path)
        #expect(!vectors.isEmpty)
        for vector in vectors {
            let path = (vector.proof ?? []).map { TreeHash(base64: $0) }
            var accepted = false
            if let leaf = TreeHash(base64: vector.leafHash), let root = TreeHash(base64: vector.root),
                let index = Int(exactly: vector.leafIdx), let size = Int(exactly: vector.treeSize),
                path.allSatisfy({ $0 != nil })
            {
                accepted = InclusionProof(index: index, size: size, path: path.compactMap(\.self))
                    .verifies(leaf: leaf, root: root)
            }
            #expect(accepted == !vector.wantErr, "\(file): \(vector.desc)")
        }
    }

    private struct ConsistencyVector: Decodable {
        let desc: String
        let size1: UInt64
        let size2: UInt64
        let root1: String
        let root2: String
        let proof: [String]?
        let wantErr: Bool
    }

    @Test(arguments: ["0", "1", "2"])
    func consistency(file: String) throws {
        let path = "transparency-dev+merkle/_derived/merkle_consistency_\(file).json"
        let vectors = try Corpus.decode([ConsistencyVector].self, path)
        #expect(!vectors.isEmpty)
        for vector in vectors {
            let path = (vector.proof ?? []).map { TreeHash(base64: $0) }
            var accepted = false
            if let old = TreeHash(base64: vector.root1), let new = TreeHash(base64: vector.root2),
                let oldSize = Int(exactly: vector.size1), let newSize = Int(exactly: vector.size2),
                path.allSatisfy({ $0 != nil })
            {
                accepted = ConsistencyProof(oldSize: oldSize, newSize: newSize, path: path.compactMap(\.self))
                    .verifies(oldRoot: old, newRoot: new)
            }
            #expect(accepted == !vector.wantErr, "\(file): \(vector.desc)")
        }
    }

    private struct HashVector: Decodable {
        let desc: String
        let hex: String
    }

    @Test func hashes() throws {
        let vectors = try Corpus.decode([HashVector].self, "transparency-dev+merkle/_derived/rfc6962_hashes.json")
        let values = Dictionary(uniqueKeysWithValues: vectors.map { ($0.desc, $0.hex) })
        #expect("\(TreeHash.ofEmptyTree)" == values["empty root"])
        #expect("\(TreeHash.leaf([]))" == values["empty leaf"])
        #expect("\(TreeHash.leaf(Array("L123456".utf8)))" == values["leaf \"L123456\""])
    }

    /// Logs kept by tessera: checkpoints, and tiles of every width they passed through.
    @Test(arguments: [("checkpoint.3", 3), ("checkpoint.9", 9), ("checkpoint", 15)])
    func tessera(file: String, size: Int) throws {
        let folder = "transparency-dev+tessera"
        let vkey = String(decoding: try Corpus.data("\(folder)/_derived/testdata_log.vkey"), as: UTF8.self)
        let logKey = try VerifierKey(parsing: String(vkey.prefix { !$0.isNewline }))
        let bytes = try Corpus.bytes("\(folder)/testdata/log/\(file)")
        let signed = try SignedCheckpoint(parsing: bytes)
        let checkpoint = try signed.verify(logKey: logKey).get().checkpoint
        #expect(checkpoint.size == size)
        #expect(signed.bytes == bytes)
        let tile = try TilePath(.hashes(level: 0), index: 0, width: 15)
        let leaves = try HashTile.parse(Corpus.bytes("\(folder)/testdata/log/\(tile.text)"), width: tile.width)
        #expect(MemoryLog(leaves: leaves.prefix(size)).frontier.root == checkpoint.root)
    }

    /// A log whose signature type is not ours: its form is read, its signature stays unknown.
    @Test func sunlight() throws {
        let bytes = try Corpus.bytes("FiloSottile+sunlight/cmd/skylight/testdata/tree/checkpoint")
        let signed = try SignedCheckpoint(parsing: bytes)
        #expect(signed.claimed.size == 300)
        #expect(signed.bytes == bytes)
        let key = try CheckpointSigner(origin: signed.claimed.origin, privateKey: Vectors.key(seed: "x")).verifierKey
        #expect(signed.verify(logKey: key) == .failure(.logSignatureMissing(key: key.description)))
    }

    private struct NoteVector: Decodable {
        let name: String
        let note: String?
        let verifiers: [String]?
        let want: String?
    }

    @Test func notes() throws {
        let vectors = try Corpus.decode([NoteVector].self, "golang+mod/_derived/signed_notes.json")
        #expect(!vectors.isEmpty)
        for vector in vectors {
            let signers: Int? = try? {
                let keys = try (vector.verifiers ?? []).map { try VerifierKey(parsing: $0) }
                guard let text = vector.note else { return 0 }
                let note = try SignedNote(parsing: Array(text.utf8))
                #expect(note.bytes == Array(text.utf8), "\(vector.name)")
                return try note.signers(among: keys).get().keys.count
            }()
            switch vector.want {
            case "ok", "ok, 1 unverified": #expect(signers == 1, "\(vector.name)")
            case "ok 2 sigs": #expect(signers == 2, "\(vector.name)")
            case "error: no verifiable signatures": #expect(signers == 0, "\(vector.name)")
            default: #expect(signers == nil, "\(vector.name)")
            }
        }
    }

    private struct CheckpointVector: Decodable {
        let desc: String
        let checkpoint: String
        let wantErr: Bool
    }

    /// What others refuse we refuse; extension lines and roots that are no hash we refuse as well.
    @Test func checkpoints() throws {
        let vectors = try Corpus.decode(
            [CheckpointVector].self,
            "transparency-dev+formats/_derived/checkpoint_parse.json"
        )
        for vector in vectors where vector.wantErr {
            #expect(throws: LedgerFormatError.self, "\(vector.desc)") {
                try Checkpoint(parsing: Array(vector.checkpoint.utf8))
            }
        }
    }
}
