import Ledger
import LedgerFiles
import Testing

/// Trees that are read out of tiles alone are those that were written.
@Suite struct TiledLogTests {
    @Test(arguments: [0, 1, 255, 256, 257, 700])
    func everySizeOfALogCanBeReadFromItsTiles(_ size: Int) async throws {
        let log = try ServedLog(count: size)
        for earlier in Set([0, 1, size / 3, size / 2, size - 1, size]).filter({ (0...size).contains($0) }) {
            let tree = try log.tiled.tree(size: earlier)
            let expected = ServedLog(Array(log.entries.prefix(earlier)))
            #expect(try await tree.root() == expected.root)
            #expect(try await tree.frontier().root == expected.root)
            #expect(try await tree.frontier().size == earlier)
        }
    }

    @Test func pathsComeOutOfTilesAsOutOfTheTree() async throws {
        let log = try ServedLog(count: 700)
        let tree = try log.tiled.tree(size: 700)
        for index in [0, 1, 255, 256, 511, 512, 699] {
            let path = try #require(try await tree.inclusionPath(of: index))
            let proof = InclusionProof(index: index, size: 700, path: path)
            #expect(proof.verifies(leaf: log.entries[index].leafHash, root: log.root))
        }
        #expect(try await tree.inclusionPath(of: 700) == nil)
        for earlier in [1, 255, 256, 300, 699] {
            let path = try #require(try await tree.consistencyPath(from: earlier))
            let proof = ConsistencyProof(oldSize: earlier, newSize: 700, path: path)
            #expect(proof.verifies(oldRoot: ServedLog(Array(log.entries.prefix(earlier))).root, newRoot: log.root))
        }
    }

    /// The first tile of the third row begins here.
    @Test func aLogOfMoreThanTwoRowsIsRead() async throws {
        let log = try ServedLog(count: 65_536 + 300)
        let tree = try log.tiled.tree(size: log.entries.count)
        #expect(try await tree.root() == log.root)
        #expect(try await tree.frontier().root == log.root)
    }

    @Test func bundlesAreThoseFromTheFirstThatHasMore() throws {
        let log = try ServedLog(count: 600).tiled
        #expect(log.bundles().map(\.text) == ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"])
        #expect(log.bundles(from: 511).map(\.text) == ["tile/entries/001", "tile/entries/002.p/88"])
        #expect(log.bundles(from: 512).map(\.text) == ["tile/entries/002.p/88"])
        #expect(Array(try ServedLog(count: 512).tiled.bundles(from: 512)).isEmpty)
    }
}
