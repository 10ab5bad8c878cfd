import Messages

/// The files of a factory's CA, all below one private directory.
public struct AuthorityDirectory: Sendable, Hashable {
    /// The directory.
    public let path: String
    /// The CA certificates of the TPM vendors that are believed, and `ek-allowed.txt` beside it.
    public let ekRoots: String
    /// Endorsement keys that are believed without a certificate.
    public let ekAllowList: String

    /// Names a directory; nothing is read.
    /// - Parameter trust: where `ek-roots` and `ek-allowed.txt` are, if not in it.
    public init(_ path: String, trust: String? = nil) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        ekRoots = (trust ?? self.path) + "/ek-roots"
        ekAllowList = (trust ?? self.path) + "/ek-allowed.txt"
    }

    var config: String { path + "/config.json" }
    var keys: String { path + "/keys" }
    /// The root's certificate, and that of the issuing level.
    var root: String { path + "/root.pem" }
    public var issuing: String { path + "/ca.pem" }
    /// Both, for verifiers.
    public var factoryRoots: String { path + "/factory-roots.pem" }
    /// The issuing level's revocation list, in PEM.
    public var revocationList: String { path + "/ca.crl" }
    var revoked: String { path + "/revoked.json" }
    var issued: String { path + "/issued" }

    /// Everything that is made before anything else, parents first.
    var directories: [String] { [path, keys, ekRoots, issued] }

    /// A key that is a file here.
    func key(_ level: AuthorityLevel) -> String { "\(keys)/\(level.rawValue).key" }

    /// What was issued for one TPM, known by the digest of its endorsement key's public area.
    func entry(of tpm: ContentDigest) -> String { "\(issued)/tpm-\(tpm).json" }

    /// Held while certificates are issued for one TPM.
    func lock(of tpm: ContentDigest) -> String { "\(issued)/tpm-\(tpm).lock" }

    /// Which TPM has a serial number.
    func claim(of serial: Label) -> String { "\(issued)/serial-\(serial)" }

    /// One claim at a time; held for moments only.
    var claimLock: String { issued + "/lock" }
}

/// The two levels of a factory's CA.
enum AuthorityLevel: String, Sendable, CaseIterable {
    /// What verifiers trust; its key is needed only to make another issuing level.
    case root
    /// What certifies devices.
    case issuing = "ca"
}
