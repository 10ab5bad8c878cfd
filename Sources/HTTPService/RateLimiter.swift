import Synchronization

/// Token buckets, one a peer address: so many requests a second, with room for a burst.
final class RateLimiter: Sendable {
    private struct Bucket {
        var tokens: Double
        var filledAt: Int64
    }

    /// The most peers remembered; 100 bytes each.
    static let maximumPeers = 65_536

    private let perSecond: Double
    private let burst: Double
    private let buckets = Mutex<[PeerAddress: Bucket]>([:])

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
            let tokens = buckets[peer].map { filled($0, at: now) } ?? burst
            guard tokens >= 1 else {
                buckets[peer] = Bucket(tokens: tokens, filledAt: now)
                return false
            }
            buckets[peer] = Bucket(tokens: tokens - 1, filledAt: now)
            return true
        }
    }

    /// Takes further tokens for what turned out to be garbage, into debt if need be, so that guessing costs more than asking.
    func charge(_ peer: PeerAddress, tokens: Double, now: Int64) {
        guard tokens > 0 else { return }
        buckets.withLock { buckets in
            guard let bucket = buckets[peer] else { return }
            buckets[peer] = Bucket(tokens: max(-burst, filled(bucket, at: now) - tokens), filledAt: now)
        }
    }

    private func filled(_ bucket: Bucket, at now: Int64) -> Double {
        min(burst, bucket.tokens + Double(max(0, now - bucket.filledAt)) / 1000 * perSecond)
    }
}
