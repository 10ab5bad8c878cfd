import Messages
import Synchronization

/// The challenges that were presented here, whatever came of it: a second use is refused even when the first failed.
///
/// What was committed is remembered by the store as well, and for longer; this memory covers what was not.
final class ConsumedChallenges: Sendable {
    enum Consumption: Hashable {
        case first
        case repeated
        /// More challenges were presented in one lifetime than can be remembered.
        case full
    }

    private struct Memory {
        // Two generations, each a lifetime long: a challenge is in one of them until it has expired.
        var current: Set<[UInt8]> = []
        var previous: Set<[UInt8]> = []
        var newest: [InstanceID: Int64] = [:]
        var previousNewest: [InstanceID: Int64] = [:]
        var rotated: Int64?
    }

    private let memory = Mutex(Memory())
    private let lifetime: Int64
    private let limit: Int

    /// - Parameters:
    ///   - lifetime: of a challenge, in milliseconds.
    ///   - limit: the most challenges remembered a lifetime; 100 bytes each.
    init(lifetime: Int64, limit: Int = 200_000) {
        self.lifetime = lifetime
        self.limit = limit
    }

    /// Takes note that a challenge was presented.
    /// - Parameter now: milliseconds since 1970.
    func consume(_ nonce: [UInt8], now: Int64) -> Consumption {
        memory.withLock { memory in
            rotate(&memory, now)
            guard !memory.current.contains(nonce), !memory.previous.contains(nonce) else { return .repeated }
            guard memory.current.count < limit else { return .full }
            memory.current.insert(nonce)
            return .first
        }
    }

    /// Whether evidence of this instance for a later challenge was accepted already.
    ///
    /// Then this evidence was overtaken on its way: its clock reading is older, and nothing follows from that.
    /// - Parameters:
    ///   - expires: when the challenge of this evidence does; milliseconds since 1970.
    ///   - now: milliseconds since 1970.
    func isOvertaken(_ instance: InstanceID, expires: Int64, now: Int64) -> Bool {
        memory.withLock { memory in
            [memory.newest[instance], memory.previousNewest[instance]].contains {
                comparable($0, now).map { $0 > expires } ?? false
            }
        }
    }

    /// Takes note that evidence of an instance was accepted.
    func accepted(_ instance: InstanceID, expires: Int64, now: Int64) {
        memory.withLock { memory in
            memory.newest[instance] = max(comparable(memory.newest[instance], now) ?? 0, expires)
        }
    }

    /// A challenge from further ahead than any is given was made while this clock was wrong: since it was put right, none is
    /// later than that one by its expiry, and every one is in truth.
    private func comparable(_ newest: Int64?, _ now: Int64) -> Int64? {
        newest.flatMap { $0 - now <= lifetime ? $0 : nil }
    }

    private func rotate(_ memory: inout Memory, _ now: Int64) {
        let rotated = memory.rotated ?? now
        memory.rotated = rotated
        // A clock that went back rotates too late, never too early.
        guard now - rotated >= lifetime else { return }
        memory.previous = memory.current
        memory.previousNewest = memory.newest
        memory.current = []
        memory.newest = [:]
        memory.rotated = now
    }
}
