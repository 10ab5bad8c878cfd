package import NIOCore

/// Who is at the other end of a connection, as far as limits are concerned.
///
/// An IPv6 host commands a whole /64, so that is what counts as one peer.
package struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ address: SocketAddress?) {
        guard let text = address?.ipAddress else {
            description = "local"
            return
        }
        description = text.contains(":") ? Self.network(of: text) : text
    }

    /// The first four of the eight groups of an IPv6 address.
    static func network(of text: String) -> String {
        let halves = text.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
        let head = halves[0].split(separator: ":").map(String.init)
        let tail = halves.count > 1 ? halves[1].split(separator: ":").map(String.init) : []
        let zeros = Array(repeating: "0", count: max(0, 8 - head.count - tail.count))
        return (head + zeros + tail).prefix(4).joined(separator: ":") + "::/64"
    }
}
