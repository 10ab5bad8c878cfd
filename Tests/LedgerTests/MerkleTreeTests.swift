import Ledger
import SeededRandom
import Testing

@Suite struct MerkleTreeTests {
    @Test func rootsEqualTheDefinitionAtEverySize() throws {
        let log = MemoryLog(count: 300)
        for size in 0...300 {
            let expected = NaiveTree.root(log.leaves.prefix(size))
            #expect(try MerkleTree(size: size).root(node: log.node) == expected, "size \(size)")
        }
    }

    @Test func subtreesAreNumberedAsATreeCompletesThem() {
        var frontier = TreeFrontier()
        var numbers: [Int?] = []
        for leaf in 0..<300 {
            numbers += frontier.append(.leaf([UInt8(truncatingIfNeeded: leaf)])).map(\.place.number)
            #expect(numbers.count == MerkleTree.subtrees(ofLeaves: leaf + 1))
        }
        #expect(numbers == Array(0..<numbers.count))
        #expect(NodePlace(level: 60, index: 0).number == MerkleTree.subtrees(ofLeaves: MerkleTree.maxSize) - 1)
        for (level, index) in [(0, -1), (-1, 0), (0, MerkleTree.maxSize), (60, 1), (61, 0), (.max, 0), (3, .max)] {
            #expect(NodePlace(level: level, index: index).number == nil)
        }
    }

    @Test(arguments: [0, 1, 2, 3, 4, 7, 8, 9, 31, 33, 64, 100, 127, 255])
    func proofsEqualTheDefinition(size: Int) throws {
        let log = MemoryLog(count: size)
        let tree = try MerkleTree(size: size)
        for index in 0..<size {
            #expect(
                try tree.inclusionPath(of: index, node: log.node) == NaiveTree.inclusionPath(index, log.leaves[...])
            )
        }
        for oldSize in 1..<max(1, size) {
            #expect(
                try tree.consistencyPath(from: oldSize, node: log.node)
                    == NaiveTree.consistencyPath(oldSize, log.leaves[...])
            )
        }
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func randomTreesProveEveryIndexAndManyOldSizes(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let size = Int.random(in: 500...2500, using: &random)
        let log = MemoryLog(count: size, seed: seed)
        let tree = try MerkleTree(size: size)
        let root = log.frontier.root
        #expect(root == NaiveTree.root(log.leaves[...]))
        for index in 0..<size {
            let path = try #require(try tree.inclusionPath(of: index, node: log.node))
            let proof = InclusionProof(index: index, size: size, path: path)
            #expect(proof.verifies(leaf: log.leaves[index], root: root))
        }
        for oldSize in (0..<25).map({ _ in Int.random(in: 0...size, using: &random) }) {
            let path = try #require(try tree.consistencyPath(from: oldSize, node: log.node))
            let proof = ConsistencyProof(oldSize: oldSize, newSize: size, path: path)
            #expect(proof.verifies(oldRoot: NaiveTree.root(log.leaves.prefix(oldSize)), newRoot: root))
        }
    }

    @Test func everyNodeGivenOutIsTheCompleteSubtreeItSaysItIs() {
        let log = MemoryLog(count: 257)
        // 257 leaves divide into 256 + 1; a complete tree of 256 leaves has 511 nodes.
        #expect(log.nodes.count == 512)
        for (address, hash) in log.nodes {
            let start = address.index << address.level
            #expect(hash == NaiveTree.root(log.leaves[start..<start + (1 << address.level)]))
        }
    }

    @Test func frontierIsTakenUpWhereItWasLeft() throws {
        var log = MemoryLog()
        var random = SplitMix64(seed: 9)
        for size in 0...130 {
            let restored = try TreeFrontier(of: MerkleTree(size: size), node: log.node)
            #expect(restored == log.frontier)
            log.append(random.hash())
        }
    }

    @Test func aMissingNodeIsTheReadersErrorAndNotAWrongRoot() throws {
        let log = MemoryLog(count: 5)
        let tree = try MerkleTree(size: 6)
        #expect(throws: MemoryLog.NodeMissing.self) { try tree.root(node: log.node) }
        #expect(throws: MemoryLog.NodeMissing.self) { try TreeFrontier(of: tree, node: log.node) }
    }

    @Test func sizesAndIndicesOutsideTheTreeAreRefused() throws {
        #expect(throws: LedgerFormatError.self) { try MerkleTree(size: -1) }
        #expect(throws: LedgerFormatError.self) { try MerkleTree(size: .max) }
        let log = MemoryLog(count: 5)
        let tree = try MerkleTree(size: 5)
        for index in [-1, 5, Int.min, Int.max] {
            #expect(try tree.inclusionPath(of: index, node: log.node) == nil)
        }
        for oldSize in [-1, 6, Int.min, Int.max] {
            #expect(try tree.consistencyPath(from: oldSize, node: log.node) == nil)
        }
    }

    @Test func anEntryIsNotAnInteriorNode() {
        let left = TreeHash.leaf([1])
        let right = TreeHash.leaf([2])
        #expect(TreeHash.leaf(left.bytes + right.bytes) != TreeHash.node(left, right))
        #expect(TreeHash.leaf([0x01] + left.bytes + right.bytes) != TreeHash.node(left, right))
    }

    @Test func hashesAreReadFromExactly32Bytes() throws {
        let hash = TreeHash.leaf([7])
        #expect(TreeHash(hash.bytes) == hash)
        #expect(TreeHash(base64: hash.base64) == hash)
        #expect(TreeHash(hash.bytes.dropLast()) == nil)
        #expect(TreeHash(hash.bytes + [0]) == nil)
        #expect(TreeHash([UInt8]()) == nil)
        #expect(TreeHash(base64: hash.base64.dropLast()) == nil)
        #expect("\(TreeHash.ofEmptyTree)" == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        // The last character of 32 bytes carries two unused bits; only one spelling is accepted.
        let respelled = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV="
        #expect(TreeHash(base64: respelled) == nil)
    }
}
