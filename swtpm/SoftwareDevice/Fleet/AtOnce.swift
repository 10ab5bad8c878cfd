/// Does the same for many, several at once.
enum AtOnce {
    /// - Parameters:
    ///   - limit: how many are worked on at any moment.
    ///   - done: is told of each result as it comes.
    /// - Returns: the results in the order of the items.
    static func map<Item: Sendable, Result: Sendable>(
        _ items: [Item],
        limit: Int,
        done: (Result) -> Void = { _ in },
        _ body: @escaping @Sendable (Item) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var waiting = items.enumerated().makeIterator()
            func beginNext() {
                guard let (number, item) = waiting.next() else { return }
                group.addTask { (number, try await body(item)) }
            }
            for _ in 0..<max(limit, 1) { beginNext() }
            var results: [Int: Result] = [:]
            for try await (number, result) in group {
                results[number] = result
                done(result)
                beginNext()
            }
            return results.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}
