import DurableFiles
import Endorsement
import Messages
import UpdateTrust

/// The files that an operator gives at `init`, read and understood before anything is made: a wrong one leaves no trace.
struct GivenFiles {
    let policy: [UInt8]?
    let releaseKeys: [UInt8]?
    let birthKeys: [UInt8]?
    let factoryRoots: [UInt8]?
    let ekRoots: [(name: String, bytes: [UInt8])]

    // All of the world's TPM CAs in one file are under 400 KB.
    private static let maximumRoots = 8 << 20

    init(_ options: DirectorySetup.Options) throws {
        policy = try options.policy.map { path in
            try Self.read(path, Policy.maximumSize) { _ = try Policy(parsing: $0) }
        }
        releaseKeys = try options.releaseKeys.map(Self.keys)
        birthKeys = try options.birthKeys.map(Self.keys)
        factoryRoots = try options.factoryRoots.map { path in try Self.certificates(path, allowing: []) }
        ekRoots = try options.ekRoots.map { path in
            let name = path.split(separator: "/").last.map(String.init) ?? "root.pem"
            return (name, try Self.certificates(path, allowing: Workaround.all))
        }
    }

    private static func keys(_ path: String) throws -> [UInt8] {
        try read(path, SigningKeys.maximumSize) { _ = try SigningKeys(parsing: $0) }
    }

    private static func certificates(_ path: String, allowing workarounds: Set<Workaround>) throws -> [UInt8] {
        let bytes = try read(path, maximumRoots) { _ in }
        do {
            _ = try TrustDirectory.readFile(path, allowing: workarounds)
        } catch { throw SetupError(.malformed, error.description, hint: "give a file of CA certificates, PEM or DER") }
        return bytes
    }

    private static func read(_ path: String, _ limit: Int, _ check: ([UInt8]) throws -> Void) throws -> [UInt8] {
        try VerifierMaterials.parsed(path, limit) { bytes in
            try check(bytes)
            return bytes
        }
    }
}
