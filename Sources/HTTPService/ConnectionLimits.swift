import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// Counts open connections, in all and a peer, and says when there are too many.
final class ConnectionRegistry: Sendable {
    private struct Open {
        var total = 0
        var byPeer: [PeerAddress: Int] = [:]
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

    /// Takes a place; `false` when all are taken, or all of this peer's.
    func enters(_ peer: PeerAddress) -> Bool {
        let entered = open.withLock { open in
            guard open.total < maximum, open.byPeer[peer, default: 0] < maximumPerPeer else { return false }
            open.total += 1
            open.byPeer[peer, default: 0] += 1
            return true
        }
        if entered { metrics.move(.openConnections, by: 1) } else { metrics.count(.refusedConnections) }
        return entered
    }

    /// Gives the place back.
    func leaves(_ peer: PeerAddress) {
        open.withLock { open in
            open.total -= 1
            let rest = open.byPeer[peer, default: 1] - 1
            open.byPeer[peer] = rest > 0 ? rest : nil
        }
        metrics.move(.openConnections, by: -1)
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
        guard registry.enters(peer) else {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(TooManyConnections())
        }
        channel.closeFuture.whenComplete { [registry] _ in registry.leaves(peer) }
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
