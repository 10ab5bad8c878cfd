import Glibc

/// How often this thread has asked the heap for memory; known when `count-allocations.so` is preloaded, as `make bench` does.
enum Allocations {
    private typealias Counter = @convention(c) () -> UInt

    private static let counter: Counter? = {
        guard let symbol = unsafe dlsym(nil, "birthmark_allocations") else { return nil }
        return unsafe unsafeBitCast(symbol, to: Counter.self)
    }()

    /// Allocations until now; nil when nobody counts.
    static var count: Int? { counter.map { Int($0()) } }

    /// How many some work needs when it is done again and again.
    static func during(_ work: Work, times: Int = 200) throws -> Double? {
        for _ in 0..<8 { _ = try work.body() }
        guard let before = count else { return nil }
        for _ in 0..<times { _ = try work.body() }
        guard let after = count else { return nil }
        return Double(after - before) / Double(times)
    }

    /// What a subject asks for beside its floor; nothing when nobody counts.
    static func measurements(_ name: String, _ subject: Work, against floor: Work) throws -> [Measurement] {
        guard let subject = try during(subject), let floor = try during(floor) else { return [] }
        return [
            Measurement(
                name + "-allocations",
                value: subject,
                floor: floor,
                unit: "calls",
                aim: nil,
                spread: 0,
                note: "what the same floor asks the heap for"
            )
        ]
    }
}
