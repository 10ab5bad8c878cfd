public import HTTPService
public import Ledger
import Messages

/// `service.json`: who a witness is, where it listens, and which logs it watches.
///
/// It is read at a start, and what is changed in it counts from the next one on.
public struct WitnessConfiguration: EdgeSettings, Codable, Hashable, Sendable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The witness's name, also that of its key: usually a host name and a path, without a scheme (C2SP tlog-cosignature).
    public var name: String
    /// Address and port.
    public var listen: String
    /// Names and addresses in the TLS certificate.
    public var hosts: [String]
    /// The keys of the logs that it cosigns, as vkeys; several of one name are one log whose key is changed.
    public var logs: [String]
    /// Requests a second from one address on average: each costs a write to the disk.
    public var requestsPerSecond: Int

    static let maximumSize = 256 << 10
    /// A witness of more than this many logs is a public one, and another program.
    private static let maximumLogs = 256

    /// A configuration to begin with.
    public init(name: String, listen: String, hosts: [String], logs: [VerifierKey]) {
        formatVersion = 1
        self.name = name
        self.listen = listen
        self.hosts = hosts
        self.logs = logs.map(\.text)
        requestsPerSecond = 50
    }

    /// Reads the file.
    init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(WitnessConfiguration.self, from: bytes, limit: Self.maximumSize)
        try checkEdge(like: "192.168.7.1:8447")
        guard (1...100_000).contains(requestsPerSecond) else {
            throw MessageError(.outOfRange, "\"requestsPerSecond\" is \(requestsPerSecond), it must be 1 to 100000")
        }
        guard logs.count <= Self.maximumLogs, Set(logs).count == logs.count else {
            throw MessageError(.outOfRange, "\"logs\" names at most \(Self.maximumLogs) keys, each once")
        }
        _ = try keysByLog
    }

    /// The logs' keys, by the logs' names.
    var keysByLog: [String: [VerifierKey]] {
        get throws(MessageError) {
            var keys: [String: [VerifierKey]] = [:]
            for text in logs {
                let key: VerifierKey
                do { key = try VerifierKey(parsing: text) } catch {
                    throw MessageError(.malformed, "\"\(text)\" in \"logs\": \(error)")
                }
                guard key.kind == .log else {
                    throw MessageError(.outOfRange, "\"\(text)\" in \"logs\" is the key of a witness, not of a log")
                }
                keys[key.name, default: []].append(key)
            }
            return keys
        }
    }

    /// Those whom a stranger could be: the disk is the dearest thing here.
    var edge: EdgeLimits {
        EdgeLimits(
            requestsPerSecond: requestsPerSecond,
            requestBurst: 4 * requestsPerSecond,
            connections: 200,
            connectionsPerAddress: 20
        )
    }
}
