/// One of several ways to do some work.
struct Work {
    let name: String
    /// Does the work once and says whether it came to the right result, so that nothing of it can be left out.
    let body: () throws -> Bool

    init(_ name: String, _ body: @escaping () throws -> Bool) {
        self.name = name
        self.body = body
    }

    /// The time of a batch, in nanoseconds of this thread's processor time.
    fileprivate func time(_ count: Int) throws -> UInt64 {
        let start = CPUClock.thread.now
        var right = 0
        for _ in 0..<count where try body() { right += 1 }
        let time = CPUClock.thread.now - start
        guard right == count else { throw WrongResult(name: name, wrong: count - right, of: count) }
        return time
    }
}

/// A benchmark whose work failed, so that its time means nothing.
struct WrongResult: Error, CustomStringConvertible {
    var name: String
    var wrong: Int
    var of: Int

    /// What is done once only has no count that would say anything.
    var description: String { of == 1 ? "failed: \(name)" : "\(name): \(wrong) of \(of) results were wrong" }
}

/// Times several ways to do some work in turn, so that whatever slows the machine down for a while slows all of them.
///
/// - Parameter rounds: batches of each.
/// - Returns: for each, microseconds an iteration in each batch.
func alternate(_ works: [Work], rounds: Int = 150) throws -> [Samples] {
    let counts = try works.map(batchSize)
    var samples = works.map { _ in Samples() }
    for round in 0..<rounds {
        // Every other round backwards: no one always runs after the same other.
        for index in round.isMultiple(of: 2) ? Array(works.indices) : works.indices.reversed() {
            let time = try works[index].time(counts[index])
            samples[index].append(Double(time) / Double(counts[index]) / 1_000)
        }
    }
    return samples
}

/// How often to do it for a batch of 3 ms: long against the clock's own cost, short against the scheduler's slices.
private func batchSize(_ work: Work) throws -> Int {
    let target: UInt64 = 3_000_000
    var count = 8
    while true {
        let time = try work.time(count)
        if time >= target / 2 { return max(1, Int(UInt64(count) * target / time)) }
        count *= 2
    }
}
