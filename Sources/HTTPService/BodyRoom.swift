import Synchronization

/// The memory that bodies of strangers may take at once, in all and of one peer.
///
/// The bound of a route holds one body, and a peer has many connections: without a bound for all of them the memory of a machine would be
/// anybody's. A body takes its room as it comes, and gives it back when its request is answered.
final class BodyRoom: Sendable {
    private struct Taken {
        var total = 0
        var byPeer: [PeerAddress: Int] = [:]
    }

    /// The bytes of each body that need no room: most have no more, and get through when others have taken all there is.
    static let free = 64 << 10
    /// The part of all that one peer may have: others are not to be shut out by one.
    private static let peersPart = 4

    private let taken = Mutex(Taken())
    private let maximum: Int
    private let maximumPerPeer: Int

    init(_ maximum: Int) {
        self.maximum = maximum
        maximumPerPeer = maximum / Self.peersPart
    }

    /// Takes room for a body that has grown.
    /// - Parameters:
    ///   - count: the bytes that have come of it.
    ///   - held: the room that it has already.
    /// - Returns: the room that it has now; `nil` when there is no more.
    func grown(to count: Int, from held: Int, of peer: PeerAddress) -> Int? {
        let wanted = max(0, count - Self.free)
        guard wanted > held else { return held }
        return taken.withLock { taken in
            let more = wanted - held
            let own = taken.byPeer[peer, default: 0]
            guard more <= maximum - taken.total, more <= maximumPerPeer - own else { return nil }
            taken.total += more
            taken.byPeer[peer] = own + more
            return wanted
        }
    }

    /// Gives back what a body has held.
    func leave(_ held: Int, of peer: PeerAddress) {
        guard held > 0 else { return }
        taken.withLock { taken in
            taken.total -= held
            let rest = taken.byPeer[peer, default: held] - held
            taken.byPeer[peer] = rest > 0 ? rest : nil
        }
    }
}
