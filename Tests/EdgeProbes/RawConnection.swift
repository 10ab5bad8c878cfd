import NIOCore
import NIOPosix
import NIOSSL

/// A connection on which a test says what it likes, as slowly as it likes.
package final class RawConnection: Sendable {
    private let channel: any Channel

    /// - Parameter encrypted: whether TLS is spoken; otherwise bytes go out as they are.
    package static func open(_ edge: ProbedEdge, encrypted: Bool) async throws -> RawConnection {
        let context = try edge.context
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard encrypted else { return }
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: "localhost")
                    )
                }
            }
            .connect(host: "127.0.0.1", port: edge.port).get()
        return RawConnection(channel)
    }

    private init(_ channel: any Channel) { self.channel = channel }

    package func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Writes without waiting for the peer to take anything; it may have closed already.
    package func offer(_ text: String) { offer(Array(text.utf8)) }

    package func offer(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    /// Says a byte at a time until the other side has had enough.
    package func drip(_ byte: UInt8) async throws {
        while isOpen {
            offer([byte])
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Reads nothing more, as a peer that lets its window fill up.
    package func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }

    /// Returns when the other side has closed; a test's own time limit ends the wait for one that never does.
    package func waitUntilClosed() async throws { try await channel.closeFuture.get() }

    package func close() async { try? await channel.close() }

    package var isOpen: Bool { channel.isActive }
}
