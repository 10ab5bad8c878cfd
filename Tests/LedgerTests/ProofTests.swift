import Ledger
import SeededRandom
import Testing

@Suite struct ProofTests {
    static let sizes = [1, 2, 3, 5, 6, 7, 8, 11, 16, 21, 33]

    @Test(arguments: sizes)
    func everyMutatedInclusionProofIsRefused(size: Int) throws {
        let log = MemoryLog(count: size)
        let tree = try MerkleTree(size: size)
        let root = log.frontier.root
        var random = SplitMix64(seed: UInt64(size))
        for index in 0..<size {
            let path = try #require(try tree.inclusionPath(of: index, node: log.node))
            let leaf = log.leaves[index]
            #expect(InclusionProof(index: index, size: size, path: path).verifies(leaf: leaf, root: root))
            for mutated in mutations(of: path, random: &random) {
                #expect(!InclusionProof(index: index, size: size, path: mutated).verifies(leaf: leaf, root: root))
            }
            for other in -1...size where other != index {
                #expect(!InclusionProof(index: other, size: size, path: path).verifies(leaf: leaf, root: root))
            }
            #expect(!InclusionProof(index: index, size: size, path: path).verifies(leaf: random.hash(), root: root))
            #expect(!InclusionProof(index: index, size: size, path: path).verifies(leaf: leaf, root: random.hash()))
            #expect(!InclusionProof(index: .max, size: size, path: path).verifies(leaf: leaf, root: root))
            #expect(!InclusionProof(index: index, size: .min, path: path).verifies(leaf: leaf, root: root))
        }
    }

    @Test(arguments: sizes)
    func everyMutatedConsistencyProofIsRefused(size: Int) throws {
        let log = MemoryLog(count: size)
        let tree = try MerkleTree(size: size)
        let root = log.frontier.root
        var random = SplitMix64(seed: UInt64(size))
        for oldSize in 0...size {
            let path = try #require(try tree.consistencyPath(from: oldSize, node: log.node))
            let oldRoot = try MerkleTree(size: oldSize).root(node: log.node)
            let proof = ConsistencyProof(oldSize: oldSize, newSize: size, path: path)
            #expect(proof.verifies(oldRoot: oldRoot, newRoot: root))
            for mutated in mutations(of: path, random: &random) {
                let proof = ConsistencyProof(oldSize: oldSize, newSize: size, path: mutated)
                #expect(!proof.verifies(oldRoot: oldRoot, newRoot: root))
            }
            #expect(!proof.verifies(oldRoot: random.hash(), newRoot: root))
            // Every tree continues the empty one, so from size 0 no new root can be disproved.
            if oldSize > 0 { #expect(!proof.verifies(oldRoot: oldRoot, newRoot: random.hash())) }
            for other in -1...size where other != oldSize && other != 0 {
                let proof = ConsistencyProof(oldSize: other, newSize: size, path: path)
                #expect(!proof.verifies(oldRoot: oldRoot, newRoot: root))
            }
        }
    }

    @Test func aPathLongerThanAnyTreeIsRefusedWithoutHashingIt() {
        let hash = TreeHash.leaf([1])
        let path = [TreeHash](repeating: hash, count: 100_000)
        #expect(!InclusionProof(index: 0, size: .max, path: path).verifies(leaf: hash, root: hash))
        #expect(!ConsistencyProof(oldSize: 1, newSize: .max, path: path).verifies(oldRoot: hash, newRoot: hash))
    }

    /// Each hash altered, removed, doubled, swapped with its neighbour; one put before, one put after.
    private func mutations(of path: [TreeHash], random: inout SplitMix64) -> [[TreeHash]] {
        var mutations = [path + [random.hash()], [random.hash()] + path]
        for position in path.indices {
            var altered = path
            altered[position] = random.hash()
            var shorter = path
            shorter.remove(at: position)
            var longer = path
            longer.insert(path[position], at: position)
            mutations += [altered, shorter, longer]
            if position + 1 < path.count {
                var swapped = path
                swapped.swapAt(position, position + 1)
                mutations.append(swapped)
            }
        }
        return mutations
    }
}
