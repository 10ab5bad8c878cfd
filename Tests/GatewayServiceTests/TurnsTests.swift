import Synchronization
import Testing

@testable import GatewayService

@Suite struct TurnsTests {
    @Test func oneAtATimeAndNoneIsLost() async {
        let turns = Turns(atMost: 100)
        let inside = Counter()
        await withTaskGroup { group in
            for _ in 0..<50 {
                group.addTask {
                    _ = await turns.take {
                        inside.enter()
                        await Task.yield()
                        inside.leave()
                    }
                }
            }
        }
        #expect(inside.most == 1 && inside.done == 50)
    }

    private final class Counter: Sendable {
        private let state = Mutex((now: 0, most: 0, done: 0))
        var most: Int { state.withLock(\.most) }
        var done: Int { state.withLock(\.done) }

        func enter() {
            state.withLock { state in
                state.now += 1
                state.most = max(state.most, state.now)
            }
        }

        func leave() {
            state.withLock { state in
                state.now -= 1
                state.done += 1
            }
        }
    }

    @Test func whoComesWhenTooManyWaitIsToldSo() async {
        let turns = Turns(atMost: 1)
        let (opened, open) = AsyncStream<Void>.makeStream()
        let (entered, enter) = AsyncStream<Void>.makeStream()
        let first = Task {
            await turns.take {
                enter.yield()
                for await _ in opened { break }
                return true
            }
        }
        for await _ in entered { break }
        #expect(await turns.take { true } == nil)
        open.yield()
        #expect(await first.value == true)
        #expect(await turns.take { true } == true)
    }
}
