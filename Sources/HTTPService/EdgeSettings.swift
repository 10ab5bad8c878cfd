import Endorsement
package import Messages

/// What the configuration file of every service says of where it listens.
public protocol EdgeSettings {
    /// The format; 1 is the only one.
    var formatVersion: Int { get }
    /// Address and port.
    var listen: String { get }
    /// Names and addresses in the TLS certificate.
    var hosts: [String] { get }
}

extension EdgeSettings {
    /// Holds them to what can be meant.
    /// - Parameter example: an address and a port, for people.
    package func checkEdge(like example: String) throws(MessageError) {
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "\"formatVersion\" \(formatVersion) is not known here, only 1")
        }
        guard ListenAddress(listen) != nil else {
            throw MessageError(.outOfRange, "\"listen\" is not an address and a port, such as \(example)")
        }
        guard !hosts.isEmpty else { throw MessageError(.outOfRange, "\"hosts\" is empty, so no TLS certificate fits") }
        for host in hosts where !HostName.isUsable(host) {
            throw MessageError(.outOfRange, "\"\(host)\" in \"hosts\" is neither a host name nor an address")
        }
    }

    /// Holds to its form where others find the service.
    package func check(url: String, like example: String) throws(MessageError) {
        guard url.hasPrefix("https://"), url.count > "https://".count else {
            throw MessageError(.outOfRange, "\"url\" is not https:// and a host, such as \(example)")
        }
    }

    /// Where to listen.
    /// - Parameter given: takes the place of what the file says.
    /// - Throws: `SetupError`.
    package func address(unless given: ListenAddress?) throws -> ListenAddress {
        guard let address = given ?? ListenAddress(listen) else {
            throw SetupError(
                .malformed,
                "\"\(listen)\" is not an address and a port",
                hint:
                    "write \"listen\" in the service's configuration as 127.0.0.1:8443, or [::1]:8443, or give --listen"
            )
        }
        return address
    }
}
