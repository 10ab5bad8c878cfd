import Ledger

/// Nodes of a ledger's tree that were worked out from its tiles; forgotten all at once when they become many.
actor NodeMemory {
    private let log: TiledLog
    private var held: [NodePlace: TreeHash] = [:]

    private static let limit = 1 << 20

    init(_ log: TiledLog) { self.log = log }

    func node(_ level: Int, _ index: Int) async throws -> TreeHash {
        let place = NodePlace(level: level, index: index)
        if let hash = held[place] { return hash }
        let hash = try await log.node(level, index)
        if held.count >= Self.limit { held = [:] }
        held[place] = hash
        return hash
    }
}
