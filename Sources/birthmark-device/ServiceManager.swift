import Glibc

/// The service manager that started this program, if one did: what sd_notify(3) says to it, in datagrams of the program's own.
///
/// Nothing here can fail the program: who starts it otherwise, or does not listen, is told nothing.
struct ServiceManager: Sendable {
    /// What it is told.
    enum Message: Sendable {
        /// Other units need wait no longer.
        case ready
        /// One line for people.
        case status(String)
        /// Still alive.
        case watchdog
        /// On the way to its end.
        case stopping
    }

    /// The most characters of a status; part of it is what others have said.
    fileprivate static let longestStatus = 512
    /// A manager that is busy for longer does not hear this message.
    private static let patience = timeval(tv_sec: 2, tv_usec: 0)

    private let address: sockaddr_un
    private let length: socklen_t

    /// How often the manager wants to hear that the program is alive; nil when it does not.
    let watchdog: Duration?

    /// The manager that these variables name; nil when they name none.
    init?(_ environment: (String) -> String? = Self.variable) {
        guard let path = environment("NOTIFY_SOCKET").map({ Array($0.utf8) }), path.count > 1,
            path.first == UInt8(ascii: "/") || path.first == UInt8(ascii: "@")
        else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A path is ended by a zero; the name of an abstract socket begins with one, and ends where the length says (unix(7)).
        let isAbstract = path.first == UInt8(ascii: "@")
        let name = isAbstract ? [0] + path.dropFirst() : path + [0]
        guard name.count <= MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        self.address = address
        self.length = socklen_t(MemoryLayout.size(ofValue: address.sun_family) + name.count)
        watchdog = Self.watchdog(environment)
    }

    private static func watchdog(_ environment: (String) -> String?) -> Duration? {
        guard let text = environment("WATCHDOG_USEC"), let microseconds = Int64(text), microseconds > 0 else {
            return nil
        }
        if let process = environment("WATCHDOG_PID"), process != String(getpid()) { return nil }
        return .microseconds(microseconds)
    }

    private static func variable(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// Sends messages in one datagram.
    func notify(_ messages: Message...) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var patience = Self.patience
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let bytes = Array(messages.map(\.line).joined(separator: "\n").utf8)
        _ = unsafe withUnsafePointer(to: address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, length)
            }
        }
    }
}

extension ServiceManager.Message {
    /// A line of the datagram; a status must not become another message.
    fileprivate var line: String {
        switch self {
        case .ready: "READY=1"
        case .status(let text):
            "STATUS="
                + String(
                    text.unicodeScalars.prefix(ServiceManager.longestStatus).map { $0 < " " ? " " : Character($0) }
                )
        case .watchdog: "WATCHDOG=1"
        case .stopping: "STOPPING=1"
        }
    }
}
