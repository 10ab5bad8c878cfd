/// Files of a ledger that were fetched; forgotten all at once when they become many.
actor TileMemory {
    private let fetch: @Sendable (String) async throws -> [UInt8]
    private var held: [String: [UInt8]] = [:]

    // A tile has 8 KB: 64 MB.
    private static let limit = 8192

    init(_ fetch: @escaping @Sendable (String) async throws -> [UInt8]) { self.fetch = fetch }

    func file(_ path: String) async throws -> [UInt8] {
        if let bytes = held[path] { return bytes }
        let bytes = try await fetch(path)
        if held.count >= Self.limit { held = [:] }
        held[path] = bytes
        return bytes
    }
}
