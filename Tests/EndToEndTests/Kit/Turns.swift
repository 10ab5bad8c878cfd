/// Lets a few tests of many processes each go on at a time, so that none is starved on a small machine.
actor Turns {
    static let shared = Turns(3)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    /// Runs `body` when it is its turn.
    nonisolated func take<Result>(_ body: () async throws -> Result) async throws -> Result {
        await begin()
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await body())
        } catch {
            outcome = .failure(error)
        }
        await end()
        return try outcome.get()
    }

    private func begin() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func end() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
