import DurableFiles
import Endorsement
import FoundationEssentials
import HTTPService
import Messages
import UpdateTrust

/// The files that an operator gives at `init`, read and understood before anything is made: a wrong one leaves no trace.
struct GivenFiles {
    let policy: [UInt8]?
    let releaseKeys: [UInt8]?
    let trustKeys: [UInt8]?
    let birthKeys: [UInt8]?
    let factoryRoots: [UInt8]?
    let ekRoots: [RootFile]
    let ekAllowList: [UInt8]?

    /// A file of CA certificates, with the name that it gets.
    struct RootFile: Hashable {
        var name: String
        var bytes: [UInt8]
    }

    // Ten thousand digests, with a remark on each.
    static let maximumAllowList = 1 << 20

    init(_ options: DirectorySetup.Options, for configuration: VerifierConfiguration) throws {
        policy = try options.policy.map { path in
            try Self.read(path, Policy.maximumSize, hint: VerifierMaterials.policyHint) {
                try PolicyInForce.Current(parsing: $0, for: configuration).policy.checkNew()
            }
        }
        releaseKeys = try options.releaseKeys.map(Self.keys)
        trustKeys = try options.trustKeys.map(Self.keys)
        birthKeys = try Self.stations(options.birthKeys)
        factoryRoots = try options.factoryRoots.map { path in
            let (certificates, lists) = try Self.trusted(path, allowing: [])
            guard certificates.contains(where: \.isSelfSigned) else {
                throw SetupError(
                    .malformed,
                    "\(path) holds no self-signed certificate, so no factory's root",
                    hint: "give the factory-roots.pem that birthmark-factory init has made"
                )
            }
            return Self.pem(certificates) + Self.pem(lists)
        }
        ekRoots = try options.ekRoots.reduce(into: []) { files, path in
            let (certificates, lists) = try Self.trusted(path, allowing: Workaround.all)
            let file = Self.named(path, Self.pem(certificates) + Self.pem(lists))
            // The same file given twice is one; two of one name must not lose the first.
            if !files.contains(file) { files.append(file) }
        }
        ekAllowList = try options.ekAllowList.map { path in
            let bytes = try BoundedFile.readKept(path, limit: Self.maximumAllowList)
            _ = try Self.allowList(bytes, of: path)
            return bytes
        }
    }

    private static func keys(_ path: String) throws -> [UInt8] {
        let hint = "give what birthmark release keygen --public wrote, whole and unchanged"
        return try read(path, SigningKeys.maximumSize, hint: hint) { _ = try SigningKeys(parsing: $0) }
    }

    /// The stations of some files as one list.
    private static func stations(_ paths: [String]) throws -> [UInt8]? {
        guard let last = paths.last else { return nil }
        var stations: [StationKey] = []
        for path in paths {
            let bytes = try BoundedFile.readKept(path, limit: StationKeys.maximumSize)
            let hint = "give the birth-keys.json that birthmark-factory init has made, whole and unchanged"
            let keys = try VerifierMaterials.parsed(bytes, of: path, hint: hint) { try StationKeys(parsing: $0) }
            // The same file given twice is one.
            stations += keys.stations.filter { !stations.contains($0) }
        }
        do {
            return try EditedJSON.encode(try StationKeys(stations))
        } catch {
            throw SetupError(
                .malformed,
                "\(last): \(error.detail), together with the files before it",
                hint: "give each station once, with its latest birth-keys.json"
            )
        }
    }

    /// The CA certificates and revocation lists of a file, or of all files of a directory.
    private static func trusted(
        _ path: String,
        allowing workarounds: Set<Workaround>
    ) throws -> (certificates: [ParsedCertificate], lists: [CertificateRevocationList]) {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw FileError(.missing, .read, path)
        }
        do throws(TrustDirectory.Failure) {
            if isDirectory {
                let contents = try TrustDirectory.contents(of: path, allowing: workarounds)
                return (contents.anchors.roots + contents.anchors.intermediates, contents.revocationLists)
            }
            let contents = try TrustDirectory.contents(ofFile: path, allowing: workarounds)
            guard !contents.certificates.isEmpty else { throw .noCertificates(path: path) }
            return contents
        } catch {
            throw SetupError(
                .malformed,
                error.description,
                hint: "give a file of CA certificates, PEM or DER, or a directory of such files"
            )
        }
    }

    private static func pem(_ certificates: [ParsedCertificate]) -> [UInt8] {
        certificates.flatMap { CertificateAuthority.pem($0.bytes) }
    }

    private static func pem(_ lists: [CertificateRevocationList]) -> [UInt8] {
        lists.flatMap { CertificateRevocationList.pem($0.bytes) }
    }

    /// A name that tells people where it came from, and two files of one name apart.
    private static func named(_ path: String, _ bytes: [UInt8]) -> RootFile {
        let last = path.split(separator: "/").last.map(String.init) ?? "roots"
        let stem = last.lastIndex(of: ".").map { String(last[..<$0]) } ?? last
        let digest = ContentDigest(of: bytes).description.prefix(8)
        return RootFile(name: "\(stem.isEmpty ? "roots" : stem)-\(digest).pem", bytes: bytes)
    }

    /// Reads a list of endorsement keys that are believed without a certificate.
    static func allowList(_ bytes: [UInt8], of path: String) throws -> EKAllowList {
        guard let text = String(validating: bytes, as: UTF8.self), let list = EKAllowList(parsing: text),
            !list.isEmpty
        else {
            throw SetupError(
                .malformed,
                "\(path) is no list of endorsement keys",
                hint: "each line is the SHA-256 of a public area in hexadecimal, as birthmark-factory inspect shows it"
            )
        }
        return list
    }

    private static func read(
        _ path: String,
        _ limit: Int,
        hint: String,
        _ check: ([UInt8]) throws -> Void
    ) throws -> [UInt8] {
        let bytes = try BoundedFile.readKept(path, limit: limit)
        try VerifierMaterials.parsed(bytes, of: path, hint: hint, check)
        return bytes
    }
}
