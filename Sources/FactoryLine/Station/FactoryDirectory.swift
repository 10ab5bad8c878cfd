public import FactoryAuthority
public import Messages

/// The files of a factory station, all below one private directory.
public struct FactoryDirectory: Sendable, Hashable {
    /// The directory.
    public let path: String

    /// Names a directory; nothing is read.
    public init(_ path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    var config: String { path + "/config.json" }
    var keys: String { path + "/keys" }
    /// The CA, of a station that is its own.
    public var authority: AuthorityDirectory { AuthorityDirectory(path + "/ca", trust: path) }
    /// Where the CA host is, of a station that asks one; and what it shows there.
    var authorityBundle: String { path + "/authority.json" }
    var enrolmentKey: String { keys + "/enrolment.key" }
    var enrolmentCertificate: String { path + "/enrolment.pem" }
    var stationKey: String { keys + "/station.key" }
    public var birthKeys: String { path + "/birth-keys.json" }
    public var factoryRoots: String { path + "/factory-roots.pem" }
    public var ekRoots: String { authority.ekRoots }
    /// The list of known-bad TPM firmware; may be a link to one that several stations share.
    public var advisories: String { path + "/tpm-advisories.json" }
    /// The operator's public key to which authorization values are encrypted.
    var escrowKey: String { path + "/escrow-key.pem" }
    var escrows: String { path + "/escrows" }
    var restorations: String { path + "/restorations" }
    var journal: String { path + "/journal" }
    var births: String { path + "/births" }
    var logs: String { births + "/logs" }
    var reworks: String { path + "/reworks" }
    var bundles: String { path + "/bundles" }

    /// Everything that `init` makes and `provision` needs, parents first.
    var directories: [String] {
        [path, keys, ekRoots, journal, births, logs, reworks, bundles, escrows, restorations]
    }

    /// One bundle at a time is numbered.
    var bundleLock: String { bundles + "/lock" }

    /// One birth at a time is written down; held for moments only.
    var claimLock: String { journal + "/lock" }

    /// The journal of one TPM, known by the digest of its endorsement key's public area.
    func journal(of tpm: ContentDigest) -> String { "\(journal)/tpm-\(tpm).json" }

    /// The authorization values of a birth under way.
    func values(of tpm: ContentDigest) -> String { "\(journal)/tpm-\(tpm).auth" }

    /// The same, encrypted to the operator's key, for good.
    func escrow(_ name: BirthName) -> String { "\(escrows)/\(name).json" }

    /// What was signed when a device was restored for the n-th time.
    public func restoration(_ number: UInt32, of instance: InstanceID) -> String {
        "\(restorations)/\(instance)-\(number).json"
    }

    /// Held while one TPM is provisioned.
    func lock(of tpm: ContentDigest) -> String { "\(journal)/tpm-\(tpm).lock" }

    /// Which TPM has a serial number.
    func claim(of serial: Label) -> String { "\(journal)/serial-\(serial)" }

    /// The finished birth.
    ///
    /// A label cannot name another directory.
    func birth(_ name: BirthName) -> String { "\(births)/\(name).json" }

    /// The signed rework that made room for this birth; the first of a serial number has none.
    func rework(before name: BirthName) -> String { "\(reworks)/\(name).json" }

    /// The signed list of a bundle: with the births and logs that it names it is the bundle.
    func list(of number: Int64) -> String { "\(bundles)/\(number).json" }

    func log(_ digest: ContentDigest) -> String { "\(logs)/\(digest)" }
}
