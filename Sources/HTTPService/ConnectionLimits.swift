import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// Counts open connections, in all and a peer, and says when there are too many.
final class ConnectionRegistry: Sendable {
    typealias Close = @Sendable () -> Void

    private struct Open {
        var total = 0
        var entered: UInt64 = 0
        /// How each connection is closed; those that came later have higher numbers.
        var byPeer: [PeerAddress: [UInt64: Close]] = [:]

        mutating func add(_ peer: PeerAddress, _ close: @escaping Close) -> UInt64 {
            total += 1
            entered += 1
            byPeer[peer, default: [:]][entered] = close
            return entered
        }

        mutating func remove(_ place: UInt64, of peer: PeerAddress) -> Close? {
            guard let close = byPeer[peer]?.removeValue(forKey: place) else { return nil }
            if byPeer[peer]?.isEmpty == true { byPeer[peer] = nil }
            total -= 1
            return close
        }

        /// Takes the oldest place of the peer that has most, if it has still as many as `peer` afterwards.
        mutating func makeRoom(for peer: PeerAddress) -> Close? {
            guard let greediest = byPeer.max(by: { $0.value.count < $1.value.count }),
                greediest.value.count > byPeer[peer, default: [:]].count + 1,
                let oldest = greediest.value.keys.min()
            else { return nil }
            return remove(oldest, of: greediest.key)
        }
    }

    private let open = Mutex(Open())
    private let maximum: Int
    private let maximumPerPeer: Int
    private let metrics: Metrics

    init(maximum: Int, maximumPerPeer: Int, metrics: Metrics) {
        self.maximum = maximum
        self.maximumPerPeer = maximumPerPeer
        self.metrics = metrics
    }

    /// Takes a place: when all are taken, one of the peer that has most, so that a few addresses shut nobody out.
    /// - Parameter close: closes the connection at once; called when its place goes to another peer.
    /// - Returns: what `leaves` takes; `nil` when this peer has all that it may have, or nobody has more than it would have.
    func enters(_ peer: PeerAddress, close: @escaping Close) -> UInt64? {
        let (place, evicted) = open.withLock { open -> (UInt64?, Close?) in
            guard open.byPeer[peer, default: [:]].count < maximumPerPeer else { return (nil, nil) }
            guard open.total >= maximum else { return (open.add(peer, close), nil) }
            guard let evicted = open.makeRoom(for: peer) else { return (nil, nil) }
            return (open.add(peer, close), evicted)
        }
        if place == nil || evicted != nil {
            metrics.count(.refusedConnections)
        } else {
            metrics.move(.openConnections, by: 1)
        }
        evicted?()
        return place
    }

    /// Gives the place back, unless another peer has it by now.
    func leaves(_ peer: PeerAddress, _ place: UInt64) {
        let wasHeld = open.withLock { $0.remove(place, of: peer) != nil }
        if wasHeld { metrics.move(.openConnections, by: -1) }
    }
}

/// Stands before TLS: refuses connections above the limits, and closes those whose peer no longer reads.
struct LimitedChannel<Base: ServerChildChannel>: ServerChildChannel {
    struct TooManyConnections: Error {}

    let base: Base
    let registry: ConnectionRegistry
    let stall: TimeAmount

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        let peer = PeerAddress(channel.remoteAddress)
        guard let place = registry.enters(peer, close: { StalledWriteHandler.drop(channel) }) else {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(TooManyConnections())
        }
        channel.closeFuture.whenComplete { [registry] _ in registry.leaves(peer, place) }
        let stall = stall
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(StalledWriteHandler(limit: stall))
        }.flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}

/// Closes a connection whose peer takes nothing of what was written for too long.
///
/// The idle timeout of the HTTP layer does not see this: to it, a response in progress is activity.
private final class StalledWriteHandler: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let limit: TimeAmount
    private var outstanding = 0
    /// When a write was taken last, or the first of those outstanding was made.
    private var progress = NIODeadline.now()
    private var timer: Scheduled<Void>?

    init(limit: TimeAmount) { self.limit = limit }

    /// Closes a connection without a word: from before TLS, which would wait for the peer's.
    static func drop(_ channel: any Channel) {
        channel.eventLoop.execute {
            let context = try? channel.pipeline.syncOperations.context(handlerType: StalledWriteHandler.self)
            context?.close(promise: nil)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let done = promise ?? context.eventLoop.makePromise()
        if outstanding == 0 { progress = .now() }
        outstanding += 1
        if timer == nil { arm(context) }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        done.futureResult.whenComplete { _ in
            // Every write that completes gives the others the whole time again.
            bound.value.outstanding -= 1
            bound.value.progress = .now()
        }
        context.write(data, promise: done)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    /// The timer is left to run out: nearly always nothing is outstanding then, and the next write sets it again.
    private func arm(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: progress + limit) {
            let (handler, context) = bound.value
            handler.timer = nil
            guard handler.outstanding > 0 else { return }
            if handler.progress + handler.limit <= .now() {
                context.channel.close(promise: nil)
            } else {
                handler.arm(context)
            }
        }
    }
}
