import DurableFiles
import Endorsement
import HTTPService
import Messages
import UpdateTrust

/// Whose word a verifier takes, about releases, births and endorsement keys, and whose not any more: what may change while it serves.
///
/// They are one set, read whole or not at all. Each is `nil` while there is no such file: then nothing of the kind is accepted. One that is
/// there and cannot be reached is a fault: without TPM vendors' CAs more would be believed.
struct TrustLists: Sendable {
    let releaseKeys: SigningKeys?
    /// The stations whose births count.
    let birthKeys: StationKeys?
    /// The factories' CAs, with their revocation lists.
    let factories: FactoryPolicy?
    /// The TPM vendors' CAs; `nil`: the factory's judgement of endorsement keys stands alone.
    let endorsement: EndorsementPolicy?
    /// Endorsement keys that are believed without a certificate.
    let ekAllowList: EKAllowList?
    /// Operators whose certificates count no more: of the configuration's file nothing else is read again.
    let revokedOperators: Set<Label>
    /// The files as they were before they were read, so that whatever changes from then on is seen.
    let files: FileStamps

    /// Reads the files.
    /// - Throws: `SetupError`, or a `FileError`; both say what to do.
    init(_ directory: VerifierDirectory, _ configuration: VerifierConfiguration) throws {
        files = Self.files(directory, configuration)
        releaseKeys = try Self.optional(directory.file(configuration.releaseKeys)) { try SigningKeys(parsing: $0) }
        birthKeys = try Self.optional(directory.file(configuration.birthKeys)) { try StationKeys(parsing: $0) }
        factories = try Self.factories(directory.file(configuration.factoryRoots))
        endorsement = try Self.endorsement(directory.file(configuration.ekRoots))
        let allowList = directory.file(configuration.ekAllowList)
        ekAllowList =
            try FilePresence.isThere(allowList)
            ? GivenFiles.allowList(TrustedFile.read(allowList, limit: GivenFiles.maximumAllowList), of: allowList) : nil
        revokedOperators = Set(try directory.readConfiguration().revokedOperators)
    }

    /// How the files are now.
    static func files(_ directory: VerifierDirectory, _ configuration: VerifierConfiguration) -> FileStamps {
        FileStamps(
            of: [
                configuration.releaseKeys, configuration.birthKeys, configuration.factoryRoots, configuration.ekRoots,
                configuration.ekAllowList,
            ].map(directory.file) + [directory.configuration]
        )
    }

    private static func optional<Value>(_ path: String, _ parse: ([UInt8]) throws -> Value) throws -> Value? {
        guard try FilePresence.isThere(path) else { return nil }
        return try VerifierMaterials.parsed(path, SigningKeys.maximumSize, parse)
    }

    private static func factories(_ path: String) throws -> FactoryPolicy? {
        guard try FilePresence.isThere(path) else { return nil }
        do {
            let (certificates, lists) = try TrustDirectory.contents(ofFile: path, allowing: [], trusted: true)
            let anchors = TrustAnchors(certificates)
            guard !anchors.roots.isEmpty else {
                throw SetupError(
                    .malformed,
                    "\(path) holds no self-signed certificate, so no factory's root",
                    hint:
                        "birthmark-verifier init DIR --factory-roots FILE, with the factory-roots.pem that birthmark-factory init has made"
                )
            }
            return FactoryPolicy(anchors: anchors, revocationLists: lists)
        } catch let error as TrustDirectory.Failure {
            throw Self.failure(
                error,
                hint:
                    "birthmark-verifier init DIR --factory-roots FILE takes over another; what is in force stays until one can be read"
            )
        }
    }

    private static func endorsement(_ path: String) throws -> EndorsementPolicy? {
        guard try FilePresence.isThere(path) else { return nil }
        do throws(TrustDirectory.Failure) {
            return EndorsementPolicy(try TrustDirectory.contents(of: path, trusted: true))
        } catch {
            if case .noCertificates = error { return nil }
            throw Self.failure(
                error,
                hint: "take that file out; birthmark-verifier init DIR --ek-roots FILE puts in what can be read"
            )
        }
    }

    /// Of a file that others may change nothing else is to be done than to close it.
    private static func failure(_ error: TrustDirectory.Failure, hint: String) -> any Error {
        if case .file(let fault) = error, fault.code == .changeable { return fault }
        return SetupError(.malformed, error.description, hint: hint)
    }
}
