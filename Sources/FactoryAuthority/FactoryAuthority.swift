import Crypto
import DurableFiles
public import Endorsement
public import Messages
import SwiftASN1
import X509

/// A factory's CA: a root that verifiers trust, an issuing level that certifies devices, and what it has issued.
public struct FactoryAuthority: Sendable {
    /// Where its files are.
    public let directory: AuthorityDirectory
    /// What it is called.
    public let name: Label
    /// Root and issuing level, as verifiers trust them.
    public let policy: FactoryPolicy
    let issuing: CertificateAuthority
    let register: IssuedRegister

    private static let maximumFile = 16 << 10

    /// Makes a CA, or finishes making one that was interrupted; keys that are there stay.
    ///
    /// - Parameters:
    ///   - rootKey: where the root's key is or shall be; `issuingKey` likewise.
    ///   - date: seconds since 1970 from which both levels are valid.
    /// - Returns: the CA, and whether anything had to be made.
    public static func make(
        in directory: AuthorityDirectory,
        name: Label,
        rootKey: KeyLocation = .file,
        issuingKey: KeyLocation = .file,
        passphrase: Passphrase? = nil,
        at date: Int64
    ) throws(AuthorityFailure) -> (authority: FactoryAuthority, made: Bool) {
        for path in directory.directories {
            try AuthorityFailure.run { () throws(FileError) in try PrivateDirectory.make(path) }
        }
        let wanted = AuthorityConfig(name: name, rootKey: rootKey, issuingKey: issuingKey)
        let config = try config(of: directory)
        if let config, config != wanted {
            throw .damaged(
                path: directory.config,
                "this CA is called \(config.name) and has its keys elsewhere; choose another directory"
            )
        }
        var made = config == nil
        if try AuthorityFailure.read(directory.issuing, limit: maximumFile) == nil {
            made = true
            try makeLevels(directory, wanted, AuthorityKeys(directory: directory, passphrase: passphrase), date)
        }
        // The configuration comes last: with it the CA is whole.
        if config == nil {
            let bytes: [UInt8]
            do throws(MessageError) {
                bytes = try EditedJSON.encode(wanted)
            } catch { throw .damaged(path: directory.config, error.detail) }
            try write(bytes, to: directory.config)
        }
        return (try FactoryAuthority(opening: directory, passphrase: passphrase), made)
    }

    /// The root signs the issuing level once; its key can then go where nobody reaches it.
    private static func makeLevels(
        _ directory: AuthorityDirectory,
        _ config: AuthorityConfig,
        _ keys: AuthorityKeys,
        _ date: Int64
    ) throws(AuthorityFailure) {
        let rootKey = try keys.make(.root, at: config.rootKey)
        let root: CertificateAuthority
        if let pem = try AuthorityFailure.read(directory.root, limit: maximumFile) {
            root = try authority(pem, at: directory.root, rootKey)
        } else {
            root = try AuthorityFailure.run { () throws(CertificateAuthority.Failure) in
                try CertificateAuthority.root(commonName: "\(config.name) factory root", key: rootKey, at: date)
            }
            try write(try pem(root), to: directory.root)
        }
        let issuingKey = try keys.make(.issuing, at: config.issuingKey)
        let issuing = try AuthorityFailure.run { () throws(CertificateAuthority.Failure) in
            try root.issuingLevel(commonName: "\(config.name) factory CA", key: issuingKey, at: date)
        }
        try write(try pem(root) + pem(issuing), to: directory.factoryRoots)
        try write(try pem(issuing), to: directory.issuing)
    }

    /// Opens a CA that ``make(in:name:rootKey:issuingKey:passphrase:at:)`` made; the root's key is not looked at.
    public init(opening directory: AuthorityDirectory, passphrase: Passphrase? = nil) throws(AuthorityFailure) {
        guard let config = try Self.config(of: directory) else {
            throw .damaged(
                path: directory.path,
                "holds no CA; make one with `birthmark-factory ca init \(directory.path) --name …`"
            )
        }
        guard let pem = try AuthorityFailure.read(directory.issuing, limit: Self.maximumFile) else {
            throw .damaged(path: directory.issuing, "is missing; restore it from a backup")
        }
        // What another process put down before it was killed is relied on from now on; perhaps only the kernel has it.
        try AuthorityFailure.run { () throws(FileError) in
            try AtomicFile.synchronize(directory: directory.issued)
        }
        self.directory = directory
        name = config.name
        let key = try AuthorityKeys(directory: directory, passphrase: passphrase)
            .open(.issuing, at: config.issuingKey)
        let issuing = try Self.authority(pem, at: directory.issuing, key)
        self.issuing = issuing
        register = IssuedRegister(directory: directory)
        guard let anchors = try? TrustDirectory.readFile(directory.factoryRoots, allowing: []), anchors.count == 2
        else { throw .damaged(path: directory.factoryRoots, "is not root and issuing level; restore it from a backup") }
        policy = FactoryPolicy(anchors: TrustAnchors(anchors))
        // By it the list that is served is known for this CA's own: another one's would pass for none, and what it takes back be forgotten.
        let own = try AuthorityFailure.run { () throws(CertificateAuthority.Failure) in try issuing.der() }
        guard policy.anchors.intermediates.map(\.bytes) == [own] else {
            throw .damaged(
                path: directory.factoryRoots,
                "names another issuing level than \(directory.issuing); restore both from the same backup"
            )
        }
    }

    /// The TPM that certificates were issued for under a serial number, by the CA in a directory; nil when there is none.
    public static func holder(of serial: Label, in directory: AuthorityDirectory) throws -> ContentDigest? {
        try IssuedRegister(directory: directory).holder(issuedTo: serial)
    }

    /// What the CA in a directory is called; its keys are not looked at.
    public static func name(of directory: AuthorityDirectory) throws(AuthorityFailure) -> Label {
        guard let config = try config(of: directory) else {
            throw .damaged(path: directory.path, "holds no CA; make one with `birthmark-factory ca init`")
        }
        return config.name
    }

    /// Whom the CA believes about endorsement keys: read anew each time, since people add roots while a line runs.
    func endorsementPolicy() throws -> (policy: EndorsementPolicy, allowed: EKAllowList) {
        var allowed = EKAllowList()
        if let bytes = try AuthorityFailure.read(directory.ekAllowList, limit: 1 << 20) {
            guard let text = String(validating: bytes, as: UTF8.self), let list = EKAllowList(parsing: text) else {
                throw AuthorityFailure.damaged(
                    path: directory.ekAllowList,
                    "each line must be the SHA-256 of an EK public area in hexadecimal"
                )
            }
            allowed = list
        }
        // With an allow list there may be no root at all.
        do throws(TrustDirectory.Failure) {
            return (EndorsementPolicy(try TrustDirectory.contents(of: directory.ekRoots)), allowed)
        } catch {
            guard case .noCertificates = error else { throw error }
            return (EndorsementPolicy(anchors: TrustAnchors([])), allowed)
        }
    }

    private static func config(of directory: AuthorityDirectory) throws(AuthorityFailure) -> AuthorityConfig? {
        guard let bytes = try AuthorityFailure.read(directory.config, limit: AuthorityConfig.maximumSize) else {
            return nil
        }
        do throws(MessageError) {
            return try AuthorityConfig(parsing: bytes)
        } catch { throw .damaged(path: directory.config, error.detail) }
    }

    private static func authority(
        _ pem: [UInt8],
        at path: String,
        _ key: Certificate.PrivateKey
    ) throws(AuthorityFailure) -> CertificateAuthority {
        guard let text = String(validating: pem, as: UTF8.self), let certificate = try? Certificate(pemEncoded: text)
        else { throw .damaged(path: path, "is not a CA's certificate; restore it from a backup") }
        return try AuthorityFailure.run { () throws(CertificateAuthority.Failure) in
            try CertificateAuthority(certificate: certificate, key: key)
        }
    }

    private static func pem(_ authority: CertificateAuthority) throws(AuthorityFailure) -> [UInt8] {
        let der = try AuthorityFailure.run { () throws(CertificateAuthority.Failure) in try authority.der() }
        return CertificateAuthority.pem(der)
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(AuthorityFailure) {
        try AuthorityFailure.run { () throws(FileError) in try AtomicFile.write(bytes, to: path, mode: 0o644) }
    }
}
