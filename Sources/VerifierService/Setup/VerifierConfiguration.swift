public import HTTPService
public import Messages

/// `config.json`: what an operator may edit; everything else in the directory is named here.
///
/// It is read at a start, and what is changed in it counts from the next one on; but for ``revokedOperators``.
public struct VerifierConfiguration: EdgeSettings, Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The verifier's name: `iss` of its grants, and the name of its ledger.
    public var name: Label
    /// Address and port to listen on; port 0 takes any that is free.
    public var listen: String
    /// Where devices and operators find it: `https://host:port`.
    public var url: String
    /// The names and addresses that its TLS certificate is for.
    public var hosts: [String]
    /// The record: `sqlite:<file>`.
    public var store: String
    /// The policy's file.
    public var policy: String
    /// Who may change the policy; absent: ``PolicySource/files``.
    public var policies: PolicySource?
    /// The keys whose word makes a release: `SigningKeys`.
    public var releaseKeys: String
    /// The stations whose word makes a birth: `StationKeys`.
    public var birthKeys: String
    /// The CA certificates of the factories.
    public var factoryRoots: String
    /// A directory of TPM vendors' CA certificates; while it holds none, the factory's judgement of endorsement keys stands alone.
    public var ekRoots: String
    /// Endorsement keys that are believed without a certificate: one SHA-256 of a TPMT_PUBLIC a line; the file may be missing.
    public var ekAllowList: String
    /// Operators whose certificates count no more; the only key that is read again while it serves.
    public var revokedOperators: [Label]
    /// How much, how often, how long.
    public var limits: ServiceLimits
    /// Who cosigns the ledger; absent: nobody.
    public var witnesses: WitnessSettings?

    /// The most bytes of the file.
    public static let maximumSize = 64 << 10

    /// A configuration to begin with.
    public init(name: Label, listen: String, url: String, hosts: [String]) {
        formatVersion = 1
        self.name = name
        self.listen = listen
        self.url = url
        self.hosts = hosts
        store = "sqlite:verifier.sqlite"
        policy = "policy.json"
        releaseKeys = "release-keys.json"
        birthKeys = "birth-keys.json"
        factoryRoots = "factory-roots.pem"
        ekRoots = "ek-roots"
        ekAllowList = "ek-allowed.txt"
        revokedOperators = []
        limits = ServiceLimits()
    }

    /// Reads the file.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(VerifierConfiguration.self, from: bytes, limit: Self.maximumSize)
        try checkEdge(like: "127.0.0.1:8443")
        try check(url: url, like: "https://verifier.example:8443")
        guard store.hasPrefix(Self.storePrefix), !databaseFile.isEmpty else {
            throw MessageError(.outOfRange, "\"store\" is not sqlite: and a file name")
        }
        try limits.check()
        try witnesses?.check()
    }

    private static let storePrefix = "sqlite:"

    /// The database's file; that the store is one was checked when the configuration was read.
    var databaseFile: String { String(store.dropFirst(Self.storePrefix.count)) }

    /// The ledger's name, also that of its key (C2SP tlog-checkpoint: origin).
    public var ledgerOrigin: String { name.text + "/ledger" }
}

/// Who may change the policy that is in force.
public enum PolicySource: String, Hashable, Sendable, Codable {
    /// Whoever may write its file, and an operator.
    case files
    /// An operator who signs for it, and nobody else: a file with another policy is refused.
    case signed
}

/// Bounds of the service, each with its reason.
public struct ServiceLimits: Hashable, Sendable, Codable {
    /// Requests a second that one address may make on average: a site's devices share one behind a NAT.
    public var requestsPerSecond: Int
    /// Requests that it may make at once.
    public var requestBurst: Int
    /// Connections open at once; each takes about 100 KB.
    public var connections: Int
    /// Connections open at once from one address.
    public var connectionsPerAddress: Int
    /// Seconds that a connection may say nothing, and that a peer may take to read what it was sent.
    public var idleSeconds: Int
    /// Seconds from the head of a request to the last byte of its body, and to the answer; a bundle of births on a slow link needs the most.
    public var requestSeconds: Int
    /// Seconds that a change may wait for the disk.
    public var commitSeconds: Int
    /// Seconds that a challenge is good for: a TPM signs in less than one, a slow link adds some.
    public var challengeSeconds: Int
    /// Seconds of an epoch: what requests of devices that are off line carry, good for one to two of them; absent: a day.
    public var epochSeconds: Int?
    /// Days that the archive keeps what decisions rested on; absent: for ever.
    public var archiveDays: Int?
    /// Seconds that requests in progress are given when the service is told to stop.
    public var stopSeconds: Int

    /// Bounds that suit a fleet of some ten thousand devices on one machine.
    public init() {
        requestsPerSecond = 200
        requestBurst = 400
        connections = 1000
        connectionsPerAddress = 200
        let times = PeerTimes()
        idleSeconds = times.idleSeconds
        requestSeconds = times.requestSeconds
        commitSeconds = 10
        challengeSeconds = 120
        stopSeconds = 10
    }

    var edge: EdgeLimits {
        EdgeLimits(
            requestsPerSecond: requestsPerSecond,
            requestBurst: requestBurst,
            connections: connections,
            connectionsPerAddress: connectionsPerAddress,
            // A bundle of births may take all of a request's time to come.
            times: PeerTimes(
                idleSeconds: idleSeconds,
                bodySeconds: requestSeconds,
                requestSeconds: requestSeconds,
                readingSeconds: idleSeconds
            )
        )
    }

    func check() throws(MessageError) {
        let values = [
            ("requestsPerSecond", requestsPerSecond), ("requestBurst", requestBurst), ("connections", connections),
            ("connectionsPerAddress", connectionsPerAddress), ("idleSeconds", idleSeconds),
            ("requestSeconds", requestSeconds), ("commitSeconds", commitSeconds),
            ("challengeSeconds", challengeSeconds),
            ("epochSeconds", epochSeconds ?? Self.defaultEpochSeconds), ("stopSeconds", stopSeconds),
            ("archiveDays", archiveDays ?? 1),
        ]
        for (key, value) in values where !(1...1_000_000).contains(value) {
            throw MessageError(.outOfRange, "\"limits.\(key)\" is \(value), it must be 1 to 1000000")
        }
        guard challengeSeconds <= Self.longestChallenge else {
            throw MessageError(
                .outOfRange,
                "\"limits.challengeSeconds\" is \(challengeSeconds), at most \(Self.longestChallenge)"
            )
        }
    }

    static let defaultEpochSeconds = 86_400
    // A quote must say something of the device now.
    private static let longestChallenge = 3600
}
