package import NIOCore

/// Who is at the other end of a connection, as far as limits are concerned.
///
/// An IPv6 host commands a whole /64, so that is what counts as one peer.
package struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ address: SocketAddress?) {
        guard let text = Self.text(of: address) else {
            description = "local"
            return
        }
        description = text.contains(":") ? Self.network(of: text) : text
    }

    private static let mapped = "::ffff:"

    /// The IP address; of an IPv4 peer its own, also where one socket listens for both versions (RFC 4291 section 2.5.5.2).
    ///
    /// Otherwise all IPv4 peers of such a socket would count as one, and any of them could shut the others out.
    static func text(of address: SocketAddress?) -> String? {
        guard let text = address?.ipAddress else { return nil }
        return text.hasPrefix(mapped) && text.contains(".") ? String(text.dropFirst(mapped.count)) : text
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
