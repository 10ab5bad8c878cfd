import Messages
import NIOCore
import NIOPosix
import NIOSSL

@testable import VerifierService

/// A connection on which a test says what it likes, as slowly as it likes.
final class RawConnection: Sendable {
    private let channel: any Channel

    /// - Parameter encrypted: whether TLS is spoken; otherwise bytes go out as they are.
    static func open(_ service: TestVerifier, encrypted: Bool) async throws -> RawConnection {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv13
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(service.trust.tlsRoots.utf8)))
        let context = try NIOSSLContext(configuration: tls)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard encrypted else { return }
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: "localhost")
                    )
                }
            }
            .connect(host: "127.0.0.1", port: service.port).get()
        return RawConnection(channel)
    }

    private init(_ channel: any Channel) { self.channel = channel }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Writes without waiting for the peer to take anything; it may have closed already.
    func offer(_ text: String) { offer(Array(text.utf8)) }

    func offer(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    /// Reads nothing more, as a peer that lets its window fill up.
    func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }

    /// Returns when the other side has closed; a test's own time limit ends the wait for one that never does.
    func waitUntilClosed() async throws { try await channel.closeFuture.get() }

    func close() async { try? await channel.close() }

    var isOpen: Bool { channel.isActive }
}
