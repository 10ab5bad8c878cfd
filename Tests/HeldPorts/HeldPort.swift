import Glibc

/// A TCP port of the loopback that is nobody else's for as long as this lives: for a service that listens there, ends and comes back, or
/// for one that is not there.
///
/// It is bound and never listens. Linux gives such a port to nobody who asks for any, and lets a listener bind it that names it, because
/// both say SO_REUSEADDR; whoever connects while nobody listens is refused.
public final class HeldPort: Sendable {
    private let descriptor: Int32
    /// The port.
    public let number: Int

    private struct NoPort: Error {
        var errno: Int32
    }

    /// Takes a free one.
    public init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard let number = Self.bound(descriptor) else {
            let error = NoPort(errno: errno)
            close(descriptor)
            throw error
        }
        (self.descriptor, self.number) = (descriptor, number)
    }

    deinit { close(descriptor) }

    /// Binds a socket to a port of 127.0.0.1 that is free; nil when that cannot be.
    private static func bound(_ descriptor: Int32) -> Int? {
        var isShared: Int32 = 1
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isShared, length) == 0 else { return nil }
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0
            }
        }
        return isBound ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }
}
