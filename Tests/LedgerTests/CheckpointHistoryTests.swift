import Ledger
import Testing

/// What a device, an auditor or the log's keeper does with the checkpoint it saw last.
@Suite struct CheckpointHistoryTests {
    private func checkpoint(_ log: MemoryLog, size: Int? = nil) throws -> Checkpoint {
        let tree = try MerkleTree(size: size ?? log.frontier.size)
        return try Checkpoint(origin: "log.example", size: tree.size, root: tree.root(node: log.node))
    }

    private func path(_ log: MemoryLog, from oldSize: Int) throws -> [TreeHash] {
        try MerkleTree(size: log.frontier.size).consistencyPath(from: oldSize, node: log.node) ?? []
    }

    @Test func aGrownLogContinuesTheOneSeen() throws {
        let log = MemoryLog(count: 40)
        for size in 0...40 {
            let seen = try checkpoint(log, size: size)
            #expect(try checkpoint(log).refusal(toContinue: seen, path: path(log, from: size)) == nil)
        }
    }

    @Test func attack71_ledgerTruncatedOrForked() throws {
        let log = MemoryLog(count: 40)
        let seen = try checkpoint(log)

        // The keeper restores last week's backup: fewer entries than were signed for.
        let backup = MemoryLog(leaves: log.leaves.prefix(31))
        #expect(
            try checkpoint(backup).refusal(toContinue: seen, path: path(backup, from: 40))
                == .truncated(seen: 40, offered: 31)
        )

        // Rewritten in place: the same number of entries, one of them another.
        var leaves = log.leaves
        leaves[12] = .leaf([0])
        let rewritten = MemoryLog(leaves: leaves)
        #expect(
            try checkpoint(rewritten).refusal(toContinue: seen, path: path(rewritten, from: 40))
                == .forked(seen: 40, offered: 40)
        )

        // Cut and grown again past the size that was seen.
        let regrown = MemoryLog(leaves: log.leaves.prefix(31) + (0..<20).map { TreeHash.leaf([$0]) })
        #expect(
            try checkpoint(regrown).refusal(toContinue: seen, path: path(regrown, from: 40))
                == .forked(seen: 40, offered: 51)
        )

        // An honest path does not help a forked root, nor a forked path an honest one.
        var grown = log
        for value in 0..<11 { grown.append(.leaf([UInt8(value)])) }
        #expect(
            try checkpoint(regrown).refusal(toContinue: seen, path: path(grown, from: 40))
                == .forked(seen: 40, offered: 51)
        )
        #expect(
            try checkpoint(grown).refusal(toContinue: seen, path: path(regrown, from: 40))
                == .forked(seen: 40, offered: 51)
        )
        #expect(try checkpoint(grown).refusal(toContinue: seen, path: path(grown, from: 40)) == nil)

        // Another log under another name is not a continuation, however long.
        let other = try Checkpoint(origin: "other.example", size: 40, root: seen.root)
        #expect(
            other.refusal(toContinue: seen, path: [])
                == .wrongOrigin(expected: "log.example", found: "other.example")
        )
    }
}
