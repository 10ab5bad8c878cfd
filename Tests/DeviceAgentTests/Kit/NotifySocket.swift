import Glibc
import Synchronization

/// What systemd is to a service: a datagram socket that is told how it stands.
final class NotifySocket: Sendable {
    private let descriptor: Int32
    private let received = Mutex<[String]>([])

    /// Listens at a path, or under an abstract name that begins with "@".
    init(_ name: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = name.hasPrefix("@") ? [0] + Array(name.utf8.dropFirst()) : Array(name.utf8) + [0]
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let bound = unsafe withUnsafePointer(to: address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, length) }
        }
        guard descriptor >= 0, bound == 0 else { throw Unexpected("no socket \(name): \(errno)") }
    }

    deinit { close(descriptor) }

    /// Every line that has come.
    var lines: [String] {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        return received.withLock { lines in
            while true {
                let count = unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                guard count > 0 else { return lines }
                lines += String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
            }
        }
    }

    /// Waits for a line that begins so.
    @discardableResult
    func line(_ beginning: String, containing words: String = "") async throws -> String {
        try await eventually("\(beginning)…\(words), got \(lines)") {
            lines.first { $0.hasPrefix(beginning) && $0.contains(words) }
        }
    }
}
