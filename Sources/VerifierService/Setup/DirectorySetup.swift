import Crypto
import DurableFiles
import Endorsement
import FoundationEssentials
import HTTPService
public import Messages
import SwiftASN1
import UpdateTrust
import X509

/// Makes the verifier's directory, and finishes one that was begun: run twice it changes nothing, and no key is ever replaced.
public struct DirectorySetup: Sendable {
    /// What an operator may give at `init`; files are checked before they are taken over.
    public struct Options: Sendable {
        public var name: Label?
        public var listen: String?
        public var hosts: [String]
        public var url: String?
        public var policy: String?
        public var releaseKeys: String?
        /// The keys of people whose word makes the second trust bundle; later ones come with a bundle.
        public var trustKeys: String?
        /// Files of stations' keys; together they take the place of the ones that were trusted before.
        public var birthKeys: [String]
        /// A file of CA certificates, or a directory of such files.
        public var factoryRoots: String?
        /// Files of TPM vendors' CA certificates, or directories of such files.
        public var ekRoots: [String]
        /// SHA-256 digests of the public areas of endorsement keys without a certificate.
        public var ekAllowList: String?

        /// Gives nothing: the defaults hold.
        public init() {
            hosts = []
            birthKeys = []
            ekRoots = []
        }
    }

    private let directory: VerifierDirectory
    private let options: Options
    private let now: Int64

    // Browsers accept no longer ones; `init` renews.
    private static let serverValidity: Int64 = 825 * 86_400
    private static let defaultPort = 8443

    /// - Parameter now: seconds since 1970.
    public init(_ directory: VerifierDirectory, _ options: Options, now: Int64) {
        self.directory = directory
        self.options = options
        self.now = now
    }

    /// Makes what is missing.
    /// - Parameters:
    ///   - defaultPolicy: the policy to begin with, when none is given.
    ///   - makeStore: makes the record; called only when there is none and there never was one.
    ///   - storeExists: whether there is one.
    public func run(
        defaultPolicy: [UInt8],
        storeExists: (VerifierConfiguration) -> Bool,
        makeStore: (VerifierConfiguration) throws -> Void
    ) throws {
        // What is wrong with the directory is told where it is made, when all that is given was looked at.
        let isMade = (try? PrivateDirectory.check(directory.path)) != nil
        let exists = try isMade && FilePresence.isThere(directory.configuration)
        let configuration = try exists ? keptConfiguration() : newConfiguration()
        let given = try GivenFiles(options, for: configuration)
        try PrivateDirectory.make(directory.path)
        if !exists {
            try AtomicFile.write(
                try EditedJSON.encode(configuration),
                to: directory.configuration,
                existing: .keep
            )
        }
        // Two at once would each find a part of what the other makes.
        let lock = try FileLock.waiting(for: directory.setupLock)
        defer { lock.release() }
        let keys = KeyFiles(directory: directory)
        let isNew = !keys.exist
        guard isNew || storeExists(configuration) else {
            throw SetupError(
                .environment,
                "the verifier's keys are here, but its record \(configuration.store) is gone",
                hint: "restore the record from a backup; to begin anew, choose another directory"
            )
        }
        let handedOut = try handedOut()
        if given.trustKeys != nil { try checkNothingIsPublished(handedOut) }
        try takeOver(given, configuration, defaultPolicy)
        // The record comes first: keys without a record would look like a record that was lost.
        if !storeExists(configuration) { try makeStore(configuration) }
        try keys.make()
        try issueCertificates(configuration, keys)
        let materials = try VerifierMaterials(directory)
        // What was published is what people have signed, to the byte.
        guard materials.published == nil else { return }
        let bundle = try materials.firstTrustBundle
        try AtomicFile.write(try EditedJSON.encode(bundle), to: directory.trustBundle, mode: 0o644)
    }

    /// The trust bundle that is handed out; `nil` while none is.
    /// - Throws: when it cannot be read, because it may be one that people have signed.
    private func handedOut() throws -> TrustBundle? {
        let path = directory.trustBundle
        guard try FilePresence.isThere(path) else { return nil }
        let bytes = try BoundedFile.readKept(path, limit: TrustBundle.maximumSize)
        do throws(MessageError) {
            return try TrustBundle(parsing: bytes)
        } catch {
            throw SetupError(
                .malformed,
                "\(path) cannot be read: \(error.detail)",
                hint:
                    "birthmark-verifier serve \(directory.path) puts back what was published; where nothing was, remove it"
            )
        }
    }

    /// The trust keys of the first bundle make the second; from then on they change with the versions.
    private func checkNothingIsPublished(_ handedOut: TrustBundle?) throws {
        guard let published = handedOut, published.number > 1 else { return }
        throw SetupError(
            .environment,
            "version \(published.number) of the trust bundle is published, and says which trust keys count",
            hint: "they change with the next version: birthmark trust draft --trust-keys FILE"
        )
    }

    private func keptConfiguration() throws -> VerifierConfiguration {
        let configuration = try directory.readConfiguration()
        var changed: [String] = []
        if let name = options.name, name != configuration.name { changed.append("name") }
        if let listen = options.listen, listen != configuration.listen { changed.append("listen") }
        if let url = options.url, url != configuration.url { changed.append("url") }
        if !options.hosts.isEmpty, options.hosts != configuration.hosts { changed.append("hosts") }
        guard changed.isEmpty else {
            throw SetupError(
                .environment,
                "\(directory.configuration) exists already and says otherwise of \(changed.joined(separator: ", "))",
                hint: "edit it, then run birthmark-verifier init \(directory.path) without those options"
            )
        }
        return configuration
    }

    private func newConfiguration() throws -> VerifierConfiguration {
        guard let name = options.name ?? Label("birthmark") else {
            throw SetupError(.malformed, "the verifier has no name", hint: "give it one with --name")
        }
        let listen = options.listen ?? "127.0.0.1:\(Self.defaultPort)"
        let hosts = options.hosts.isEmpty ? ["localhost", "127.0.0.1"] : options.hosts
        let port = ListenAddress(listen)?.port ?? Self.defaultPort
        let url = options.url ?? "https://\(hosts[0]):\(port)"
        let configuration = VerifierConfiguration(name: name, listen: listen, url: url, hosts: hosts)
        do {
            return try VerifierConfiguration(parsing: try EditedJSON.encode(configuration))
        } catch {
            throw SetupError(.malformed, error.detail, hint: "birthmark-verifier init --help shows how it is meant")
        }
    }

    /// Puts what was given in its place.
    private func takeOver(_ given: GivenFiles, _ configuration: VerifierConfiguration, _ defaultPolicy: [UInt8]) throws
    {
        let policy = directory.file(configuration.policy)
        if try given.policy != nil || !FilePresence.isThere(policy) {
            try AtomicFile.write(given.policy ?? defaultPolicy, to: policy)
        }
        for (bytes, place) in [
            (given.releaseKeys, configuration.releaseKeys), (given.birthKeys, configuration.birthKeys),
            (given.factoryRoots, configuration.factoryRoots), (given.ekAllowList, configuration.ekAllowList),
            (given.trustKeys, VerifierDirectory.trustKeysName),
        ] {
            if let bytes { try AtomicFile.write(bytes, to: directory.file(place)) }
        }
        let ekRoots = directory.file(configuration.ekRoots)
        try PrivateDirectory.make(ekRoots)
        for root in given.ekRoots { try AtomicFile.write(root.bytes, to: ekRoots + "/" + root.name) }
    }

    private func issueCertificates(_ configuration: VerifierConfiguration, _ keys: KeyFiles) throws {
        let authority = try OperatorAuthority.make(directory, keys, name: configuration.name, now: now)
        guard try !FilePresence.isThere(directory.tlsCertificate) else { return }
        let certificate = try authority.issueServerCertificate(
            commonName: configuration.name.text,
            key: try keys.p256(.tls).publicKey,
            hosts: configuration.hosts,
            from: now - OperatorAuthority.clockTolerance,
            until: now + Self.serverValidity
        )
        try AtomicFile.write(CertificateAuthority.pem(certificate), to: directory.tlsCertificate, mode: 0o644)
    }
}
