import DurableFiles
import Endorsement
public import FactoryAuthority
import Messages
import VerifierClient

/// Who certifies a station's devices.
enum StationAuthority: Sendable {
    /// The station is its own CA: for benches, and factories of one station.
    case own(FactoryAuthority)
    /// A CA host across the network; the station holds no CA key.
    case distant(AuthorityBundle, identity: OperatorIdentity, policy: FactoryPolicy)

    /// Whom the birth's certificates must lead to.
    var policy: FactoryPolicy {
        switch self {
        case .own(let authority): authority.policy
        case .distant(_, _, let policy): policy
        }
    }
}

/// How a new station has its devices certified.
public enum AuthorityChoice: Sendable {
    /// It is its own CA, with its keys at these places.
    case own(rootKey: KeyLocation = .file, issuingKey: KeyLocation = .file)
    /// It asks a CA host, with what `birthmark-factory ca station` made for it in a directory.
    case distant(String)
}

extension StationAuthority {
    private static let maximumFile = 128 << 10

    /// Makes what is not there yet, and takes over what a CA host has issued to the station anew.
    /// - Returns: whether anything was made.
    static func make(
        _ choice: AuthorityChoice,
        in directory: FactoryDirectory,
        station: Label,
        passphrase: Passphrase?,
        at date: Int64
    ) throws(Station.Failure) -> Bool {
        let isDistant = try read(directory.authorityBundle) != nil
        switch choice {
        case .own(let rootKey, let issuingKey):
            // A station that asks a host stays one, whoever runs `init` again.
            if isDistant { return false }
            let made: Bool
            do throws(AuthorityFailure) {
                (_, made) = try FactoryAuthority.make(
                    in: directory.authority,
                    name: station,
                    rootKey: rootKey,
                    issuingKey: issuingKey,
                    passphrase: passphrase,
                    at: date
                )
            } catch { throw .authority(error) }
            let roots = try read(directory.authority.factoryRoots) ?? []
            guard try read(directory.factoryRoots) != roots else { return made }
            try write(roots, to: directory.factoryRoots, mode: 0o644)
            return true
        case .distant(let given):
            guard try !exists(directory.authority.issuing) else {
                throw .damaged(
                    path: directory.path,
                    "this station is its own CA; choose another directory for one that asks a CA host"
                )
            }
            // What was given once may have been put away since.
            if isDistant, try !exists(given + "/authority.json") { return false }
            let bundle = try self.bundle(given + "/authority.json")
            guard bundle.station == station else {
                throw .damaged(path: given, "was made for the station \(bundle.station), not for \(station)")
            }
            if isDistant {
                let asked = try self.bundle(directory.authorityBundle).authority
                guard asked == bundle.authority else {
                    throw .damaged(
                        path: given,
                        "is of the CA \(bundle.authority), and this station asks \(asked); choose another directory for it"
                    )
                }
            }
            var made = false
            for (name, target, mode) in [
                ("key.pem", directory.enrolmentKey, UInt32(0o600)), ("cert.pem", directory.enrolmentCertificate, 0o644),
                ("factory-roots.pem", directory.factoryRoots, 0o644),
                ("authority.json", directory.authorityBundle, 0o644),
            ] {
                let file = given + "/" + name
                guard let bytes = try mode == 0o600 ? readPrivate(file) : read(file) else {
                    throw .damaged(path: given, "holds no \(name); have it made with birthmark-factory ca station")
                }
                guard try read(target) != bytes else { continue }
                try write(bytes, to: target, mode: mode)
                made = true
            }
            return made
        }
    }

    /// Opens what ``make(_:in:station:passphrase:at:)`` made.
    static func open(
        _ directory: FactoryDirectory,
        passphrase: Passphrase?
    ) throws(Station.Failure) -> StationAuthority {
        guard try exists(directory.authorityBundle) else {
            do throws(AuthorityFailure) {
                return .own(try FactoryAuthority(opening: directory.authority, passphrase: passphrase))
            } catch { throw .authority(error) }
        }
        let bundle = try bundle(directory.authorityBundle)
        guard let certificate = try read(directory.enrolmentCertificate),
            let key = try readPrivate(directory.enrolmentKey),
            let identity = try? OperatorIdentity(certificate: certificate, key: key)
        else {
            throw .damaged(
                path: directory.enrolmentKey,
                "with \(directory.enrolmentCertificate) is no certificate and key; restore both from a backup, or have them made anew with birthmark-factory ca station"
            )
        }
        guard let anchors = try? TrustDirectory.readFile(directory.factoryRoots, allowing: []), !anchors.isEmpty else {
            throw .damaged(path: directory.factoryRoots, "holds no CA certificates; restore it from a backup")
        }
        return .distant(bundle, identity: identity, policy: FactoryPolicy(anchors: TrustAnchors(anchors)))
    }

    private static func bundle(_ path: String) throws(Station.Failure) -> AuthorityBundle {
        guard let bytes = try read(path) else {
            throw .damaged(path: path, "is missing; have it made with birthmark-factory ca station")
        }
        do throws(MessageError) {
            return try AuthorityBundle(parsing: bytes)
        } catch { throw .damaged(path: path, error.detail) }
    }

    private static func exists(_ path: String) throws(Station.Failure) -> Bool { try read(path) != nil }

    /// The file's bytes; nil when it does not exist.
    private static func read(_ path: String) throws(Station.Failure) -> [UInt8]? {
        do throws(FileError) { return try BoundedFile.readIfThere(path, limit: maximumFile) } catch {
            throw .file(error)
        }
    }

    /// The same of a private key.
    private static func readPrivate(_ path: String) throws(Station.Failure) -> [UInt8]? {
        do throws(FileError) { return try BoundedFile.readPrivateIfThere(path, limit: maximumFile) } catch {
            throw .file(error)
        }
    }

    private static func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws(Station.Failure) {
        do throws(FileError) {
            try AtomicFile.write(bytes, to: path, mode: mode)
        } catch { throw .file(error) }
    }
}

extension Station {
    /// The CA; a station that was opened to export has none.
    func opened() throws(Failure) -> StationAuthority {
        guard let authority else {
            throw .authority(.key("the station was opened without its CA", hint: "open it to certify"))
        }
        return authority
    }

    /// Runs a birth with the CA that certifies for this station; a connection to a distant one ends with it.
    func withAuthority<Outcome: Sendable>(
        now: Int64,
        _ body: (any CertifyingAuthority) async throws -> Outcome
    ) async throws -> Outcome {
        switch try opened() {
        case .own(let authority):
            return try await body(OwnAuthority(desk: EnrolmentDesk(authority, now: { now }), station: name))
        case .distant(let bundle, let identity, _):
            return try await EnrolmentClient.with(bundle, identity: identity) { client in
                try await body(DistantAuthority(client: client))
            }
        }
    }
}
