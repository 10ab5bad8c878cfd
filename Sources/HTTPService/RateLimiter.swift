import Synchronization

/// Token buckets, one a peer address: so many requests a second, with room for a burst.
final class RateLimiter: Sendable {
    private struct Bucket {
        var tokens: Double
        var filledAt: Int64
        /// When the log was told last that the peer was refused.
        var toldAt: Int64?
    }

    /// Milliseconds between lines of the log about one peer.
    private static let quiet: Int64 = 1000
    /// The most peers remembered; 100 bytes each.
    static let maximumPeers = 65_536

    private let perSecond: Double
    private let burst: Double
    private let buckets = Mutex<[PeerAddress: Bucket]>([:])
    /// When the log was told last of a peer that is refused because as many as are remembered ask already.
    private let othersToldAt = Mutex<Int64?>(nil)

    init(perSecond: Int, burst: Int) {
        self.perSecond = Double(perSecond)
        self.burst = Double(burst)
    }

    /// Takes a token from the peer's bucket; `false` when there is none.
    /// - Parameter now: milliseconds, of any clock that does not go back.
    func admits(_ peer: PeerAddress, now: Int64) -> Bool {
        buckets.withLock { buckets in
            if buckets[peer] == nil, buckets.count >= Self.maximumPeers {
                // A bucket that has filled up again remembers nothing.
                buckets = buckets.filter { filled($0.value, at: now) < burst }
                if buckets.count >= Self.maximumPeers { return false }
            }
            var bucket = buckets[peer] ?? Bucket(tokens: burst, filledAt: now)
            bucket.tokens = filled(bucket, at: now)
            bucket.filledAt = now
            let isAdmitted = bucket.tokens >= 1
            if isAdmitted { bucket.tokens -= 1 }
            buckets[peer] = bucket
            return isAdmitted
        }
    }

    /// Whether the log is to be told that a peer was refused: once a second, since nothing else bounds how often it is.
    ///
    /// Of those that are not remembered, because too many ask, one a second stands for all.
    func tells(of peer: PeerAddress, now: Int64) -> Bool {
        let isTold = buckets.withLock { buckets -> Bool? in
            guard let bucket = buckets[peer] else { return nil }
            guard Self.isDue(after: bucket.toldAt, now: now) else { return false }
            buckets[peer]?.toldAt = now
            return true
        }
        if let isTold { return isTold }
        return othersToldAt.withLock { toldAt in
            guard Self.isDue(after: toldAt, now: now) else { return false }
            toldAt = now
            return true
        }
    }

    private static func isDue(after last: Int64?, now: Int64) -> Bool { last.map { now - $0 >= quiet } ?? true }

    /// Takes further tokens for what turned out to be garbage, into debt if need be, so that guessing costs more than asking.
    func charge(_ peer: PeerAddress, tokens: Double, now: Int64) {
        guard tokens > 0 else { return }
        buckets.withLock { buckets in
            guard let bucket = buckets[peer] else { return }
            buckets[peer]?.tokens = max(-burst, filled(bucket, at: now) - tokens)
            buckets[peer]?.filledAt = now
        }
    }

    private func filled(_ bucket: Bucket, at now: Int64) -> Double {
        min(burst, bucket.tokens + Double(max(0, now - bucket.filledAt)) / 1000 * perSecond)
    }
}
