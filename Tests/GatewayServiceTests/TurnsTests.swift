import Messages
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
                    _ = await turns.take(at: nil) {
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
            await turns.take(at: nil) {
                enter.yield()
                for await _ in opened { break }
                return true
            }
        }
        for await _ in entered { break }
        #expect(await turns.take(at: nil) { true } == nil)
        open.yield()
        #expect(await first.value == true)
        #expect(await turns.take(at: nil) { true } == true)
    }

    /// A stranger's requests cost the TPM as much as anybody's: those that he makes at once wait behind one another.
    @Test func attack74_aNeighbourWhoAsksForManyHoldsNobodyUp() async {
        let turns = Turns(atMost: 100)
        let (own, neighbours) = (Label("192.168.7.20"), Label("192.168.7.66"))
        let (opened, open) = AsyncStream<Void>.makeStream()
        let order = Order()
        await withTaskGroup(of: Void.self) { group in
            for address in [Label?](repeating: neighbours, count: 5) + [own] {
                let before = await turns.count
                group.addTask {
                    _ = await turns.take(at: address) {
                        // The first one has its turn until all the others wait.
                        if before == 0 { for await _ in opened { break } }
                        order.add(address)
                    }
                }
                while await turns.count == before { await Task.yield() }
            }
            open.yield()
        }
        #expect(order.addresses == [neighbours, own] + [Label?](repeating: neighbours, count: 4))
    }

    /// Who had a turn, one after the other.
    private final class Order: Sendable {
        private let noted = Mutex<[Label?]>([])

        var addresses: [Label?] { noted.withLock { $0 } }

        func add(_ address: Label?) { noted.withLock { $0.append(address) } }
    }
}
