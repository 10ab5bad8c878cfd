import Ledger
import SeededRandom
import Testing

@Suite struct TileTests {
    @Test(arguments: [
        ("tile/0/000", TilePath.Content.hashes(level: 0), 0, 256),
        ("tile/0/000.p/1", .hashes(level: 0), 0, 1),
        ("tile/0/000.p/255", .hashes(level: 0), 0, 255),
        ("tile/1/067", .hashes(level: 1), 67, 256),
        ("tile/2/x001/234", .hashes(level: 2), 1234, 256),
        ("tile/0/x001/x234/067", .hashes(level: 0), 1_234_067, 256),
        ("tile/0/x001/x234/067.p/8", .hashes(level: 0), 1_234_067, 8),
        ("tile/entries/x001/000", .entries, 1000, 256),
        ("tile/entries/000.p/5", .entries, 0, 5),
    ])
    func pathsAreSpelledOneWay(text: String, content: TilePath.Content, index: Int, width: Int) throws {
        let path = try TilePath(content, index: index, width: width)
        #expect(path.text == text)
        #expect(try TilePath(parsing: text) == path)
    }

    @Test(arguments: [
        "", "tile", "tile/0", "tile/0/", "/tile/0/000", "tile/0/000/", "tile//000", "tile/8/000", "tile/00/000",
        "tile/-1/000", "tile/a/000", "tile/0/0", "tile/0/0000", "tile/0/x000/001", "tile/0/001/234",
        "tile/0/x001", "tile/0/xx01/234", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256",
        "tile/0/000.p/01", "tile/0/000.p/1/2", "tile/0/.p/1", "tile/0/x000.p/1", "tile/0/../000", "tile/0/12a",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999", "tile/entries/000.q/5", "tile/0/000 ", "tile/0/+01",
    ])
    func otherSpellingsAreRefused(text: String) {
        #expect(throws: LedgerFormatError.self) { try TilePath(parsing: text) }
    }

    @Test func randomPathsSurviveTheRoundTrip() throws {
        var random = SplitMix64(seed: 4)
        for _ in 0..<500 {
            let path = try TilePath(
                Bool.random(using: &random) ? .entries : .hashes(level: Int.random(in: 0...5, using: &random)),
                index: Int.random(in: 0...(1 << Int.random(in: 0...50, using: &random)), using: &random),
                width: Int.random(in: 1...256, using: &random)
            )
            #expect(try TilePath(parsing: path.text) == path)
        }
    }

    @Test func aTileHoldsTheNodesItNames() throws {
        let log = MemoryLog(count: 600)
        let path = try TilePath(parsing: "tile/0/002.p/88")
        #expect(path.nodes.level == 0)
        #expect(path.nodes.indices == 512..<600)
        #expect(path.exists(inTreeOf: 600))
        #expect(!path.exists(inTreeOf: 599))
        let upper = try TilePath(parsing: "tile/1/000.p/2")
        #expect(upper.nodes.level == 8)
        #expect(upper.exists(inTreeOf: 600))
        #expect(!(try TilePath(parsing: "tile/1/000.p/3").exists(inTreeOf: 600)))
        let hashes = try upper.nodes.indices.map { try log.node(upper.nodes.level, $0) }
        #expect(hashes[1] == NaiveTree.root(log.leaves[256..<512]))
        let bytes = HashTile.encode(hashes)
        #expect(try HashTile.parse(bytes, width: upper.width) == hashes)
    }

    @Test func tilesAreExactlyAsLargeAsPromised() throws {
        let hashes = (0..<3).map { TreeHash.leaf([$0]) }
        let bytes = HashTile.encode(hashes)
        #expect(bytes.count == 96)
        for width in [-1, 0, 2, 4, 257, Int.max / 32] {
            #expect(throws: LedgerFormatError.self) { try HashTile.parse(bytes, width: width) }
        }
        #expect(throws: LedgerFormatError.self) { try HashTile.parse(Array(bytes.dropLast()), width: 3) }
    }

    @Test func bundlesAreReadToTheLastByte() throws {
        let entries = try [[], [1], Array(repeating: 7, count: LogEntry.maxByteCount)].map { try LogEntry($0) }
        let bytes = EntryBundle.encode(entries)
        #expect(try EntryBundle.parse(bytes, width: 3) == entries)
        for width in [-1, 0, 2, 4] {
            #expect(throws: LedgerFormatError.self) { try EntryBundle.parse(bytes, width: width) }
        }
        let small = EntryBundle.encode(entries.prefix(2))
        for count in 0..<small.count {
            #expect(throws: LedgerFormatError.self) { try EntryBundle.parse(Array(small.prefix(count)), width: 2) }
        }
        #expect(throws: LedgerFormatError.self) { try EntryBundle.parse(small + [0], width: 2) }
    }

    @Test func anEntryTooLargeForABundleIsNoEntry() {
        #expect(throws: LedgerFormatError.self) {
            try LogEntry([UInt8](repeating: 0, count: LogEntry.maxByteCount + 1))
        }
    }
}
