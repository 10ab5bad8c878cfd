import Messages

/// One at a time: a TPM does one thing at a time, and a later quote overtakes an earlier one.
///
/// Next is who comes from the address that had its turn the longest ago, and of those the first: who asks for many things at once waits for
/// himself, and holds nobody else up for longer than one turn.
actor Turns {
    private struct Waiting {
        var address: Label?
        var continuation: CheckedContinuation<Void, Never>
    }

    /// Those who have their turn or wait for it.
    private(set) var count = 0
    private var queue: [Waiting] = []
    private var isTaken = false
    /// Which turn an address had last, while others of it wait.
    private var served: [Label?: UInt64] = [:]
    private var turn: UInt64 = 0
    private let most: Int

    init(atMost most: Int) { self.most = most }

    /// Does the work when its turn has come; `nil` when too many wait already.
    func take<Result: Sendable>(
        at address: Label?,
        _ work: @escaping @Sendable () async -> Result
    ) async -> Result? {
        guard count < most else { return nil }
        count += 1
        if isTaken {
            // Who is not known comes before those who have their turn now, and behind those who wait longer.
            if served[address] == nil { served[address] = turn &- 1 }
            await withCheckedContinuation { queue.append(Waiting(address: address, continuation: $0)) }
        } else {
            isTaken = true
        }
        turn &+= 1
        served[address] = turn
        // What has begun is done, whether or not anybody waits for it still.
        let result = await Task { await work() }.value
        count -= 1
        handOver()
        return result
    }

    private func handOver() {
        let waiting = Set(queue.map(\.address))
        served = served.filter { waiting.contains($0.key) }
        let next = queue.indices.min { served[queue[$0].address] ?? 0 < served[queue[$1].address] ?? 0 }
        guard let next else {
            isTaken = false
            return
        }
        queue.remove(at: next).continuation.resume()
    }
}
