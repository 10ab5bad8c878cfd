import Messages
import Synchronization

/// The challenges that were presented here, whatever came of it: a second use is refused even when the first failed.
///
/// What was committed is remembered by the store as well, and for longer; this memory covers what was not.
///
/// Whoever asks for challenges can present them, and so can fill it. What an instance's own key has signed has a memory of its own
/// beside it, in which no instance has more than its share: strangers cannot fill that one, and an instance keeps out itself alone.
final class ConsumedChallenges: Sendable {
    enum Consumption: Hashable {
        case first
        case repeated
        /// More challenges were presented in one lifetime than can be remembered.
        case full
    }

    /// As many as a table of 2^20 places takes, at 16 bytes a place; there are four such tables at worst.
    static let usualLimit = 3 << 18
    /// More than a gateway, which asks for each of its children, has its TPM sign in the lifetime of a challenge.
    static let usualShare = 4096

    /// What was presented in one lifetime.
    private struct Generation {
        /// By anybody.
        var presented: Set<UInt128> = []
        /// By instances whose key has signed, when there was no room among the former.
        var signed: Set<UInt128> = []
        /// How many of those each has.
        var shares: [InstanceID: Int] = [:]
        /// When the challenge expires of the latest evidence that was accepted.
        var newest: [InstanceID: Int64] = [:]

        func has(_ place: UInt128) -> Bool { presented.contains(place) || signed.contains(place) }
    }

    private struct Memory {
        // Two generations, each a lifetime long: a challenge is in one of them until it has expired.
        var current = Generation()
        var previous = Generation()
        var rotated: Int64?
    }

    private let memory = Mutex(Memory())
    private let lifetime: Int64
    private let limit: Int
    private let share: Int

    /// - Parameters:
    ///   - lifetime: of a challenge, in milliseconds.
    ///   - limit: the most challenges remembered a lifetime, and the most of signed evidence beyond them.
    ///   - share: the most of the latter that are one instance's.
    init(lifetime: Int64, limit: Int = usualLimit, share: Int = usualShare) {
        self.lifetime = lifetime
        self.limit = limit
        self.share = share
    }

    /// Takes note that a challenge was presented.
    /// - Parameters:
    ///   - nonce: its random bytes, of which the first 16 tell it from all others.
    ///   - signer: the instance whose own key has signed the evidence with it; `nil` while that is not known.
    ///   - now: milliseconds since 1970.
    func consume(_ nonce: [UInt8], signedBy signer: InstanceID? = nil, now: Int64) -> Consumption {
        let place = Self.place(of: nonce)
        return memory.withLock { memory in
            rotate(&memory, now)
            guard !memory.current.has(place), !memory.previous.has(place) else { return .repeated }
            if memory.current.presented.count < limit {
                memory.current.presented.insert(place)
                return .first
            }
            guard let signer else { return .full }
            let taken = memory.current.shares[signer] ?? 0
            guard taken < share, memory.current.signed.count < limit else { return .full }
            memory.current.shares[signer] = taken + 1
            memory.current.signed.insert(place)
            return .first
        }
    }

    /// Whether evidence of this instance for a later challenge was accepted already, or is about to be.
    ///
    /// Then this evidence was overtaken on its way: its clock reading is older, or its keys were left behind, and nothing
    /// follows from that.
    /// - Parameters:
    ///   - expires: when the challenge of this evidence does; milliseconds since 1970.
    ///   - now: milliseconds since 1970.
    func isOvertaken(_ instance: InstanceID, expires: Int64, now: Int64) -> Bool {
        memory.withLock { memory in
            [memory.current.newest[instance], memory.previous.newest[instance]].contains {
                comparable($0, now).map { $0 > expires } ?? false
            }
        }
    }

    /// Takes note that evidence of an instance is accepted: before that is on record, where earlier evidence is held to it.
    func accepted(_ instance: InstanceID, expires: Int64, now: Int64) {
        memory.withLock { memory in
            memory.current.newest[instance] = max(comparable(memory.current.newest[instance], now) ?? 0, expires)
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
        memory.current = Generation()
        memory.rotated = now
    }

    private static func place(of nonce: [UInt8]) -> UInt128 {
        nonce.prefix(16).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
    }
}
