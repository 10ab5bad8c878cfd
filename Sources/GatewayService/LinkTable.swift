import DurableFiles
import Messages

/// Which link-layer address belongs to a network address, as the kernel has learned it (`/proc/net/arp`, proc(5)).
enum LinkTable {
    private static let path = "/proc/net/arp"
    /// A line has some 80 characters; a gateway has hundreds of neighbours, not thousands.
    private static let maximumSize = 256 << 10
    /// ATF_COM: the entry is complete (netdevice(7), if_arp.h).
    private static let complete = 0x2

    /// The address in the kernel's spelling, such as `52:54:00:12:34:56`; `nil` when the kernel knows none.
    static func link(of address: String) -> Label? {
        guard let bytes = try? BoundedFile.read(path, limit: maximumSize) else { return nil }
        return link(of: address, in: String(decoding: bytes, as: UTF8.self))
    }

    static func link(of address: String, in table: String) -> Label? {
        for line in table.split(separator: "\n").dropFirst() {
            let columns = line.split(separator: " ", omittingEmptySubsequences: true)
            guard columns.count >= 4, columns[0] == address, columns[2].hasPrefix("0x"),
                let flags = Int(columns[2].dropFirst(2), radix: 16), flags & complete != 0
            else { continue }
            return Label(columns[3])
        }
        return nil
    }
}
