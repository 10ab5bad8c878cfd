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
    func isOvertaken(_ instance: InstanceID, expires: Int64) -> Bool {
        memory.withLock { memory in
            max(memory.newest[instance] ?? 0, memory.previousNewest[instance] ?? 0) > expires
        }
    }

    /// Takes note that evidence of an instance was accepted.
    func accepted(_ instance: InstanceID, expires: Int64) {
        memory.withLock { $0.newest[instance] = max($0.newest[instance] ?? 0, expires) }
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
