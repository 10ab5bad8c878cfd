import Crypto
import FoundationEssentials
import Messages
import Testing

extension Fleet {
    /// Holds everything that the test left behind to the rules for secrets: who can read them, and that nobody was told.
    func expectPrivacy() {
        let secrets = Secrets(below: directory)
        for (path, mode) in secrets.exposed { Issue.record("\(path) has mode \(String(mode, radix: 8))") }
        let said = transcript.text
        for spelling in secrets.spellings where said.contains(spelling.text) {
            Issue.record("a secret of \(spelling.path) was printed")
        }
        #expect(!said.contains("PRIVATE KEY-----"))
    }
}

/// The private keys in a directory, found by what they are and not by what they are called.
struct Secrets {
    private(set) var files: [String] = []
    /// Files with keys that others could read, and directories of keys that others could enter.
    private(set) var exposed: [(path: String, mode: Int)] = []
    /// How a secret would look in a text.
    private(set) var spellings: [(path: String, text: String)] = []

    init(below directory: String) {
        // The TPM vendor's keys are props of the tests.
        for entry in tree(directory) where entry.isFile && !entry.path.hasPrefix(directory + "/tpm-vendor") {
            let path = entry.path
            guard let bytes = try? contents(of: path) else { continue }
            let secrets = Self.secrets(in: bytes, named: path)
            guard !secrets.isEmpty else { continue }
            files.append(path)
            if entry.mode != 0o600 { exposed.append((path, entry.mode)) }
            for secret in secrets {
                let hexadecimal = secret.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                let base64 = Data(secret).base64EncodedString()
                for text in [hexadecimal, hexadecimal.uppercased(), base64, Base64URL.encode(secret)] {
                    spellings.append((path, text))
                }
            }
        }
        // What belongs to one owner only is closed as a whole.
        let closed = [
            "line", "line/keys", "verifier", "verifier/keys", "verifier/operators", "verifier/operators/alice",
        ]
        let agents = names(in: directory).filter { $0.hasPrefix("d") }.flatMap { device in
            ["agent", "agent/grants", "agent/spool"].map { "\(device)/\($0)" }
        }
        let owned = Set((closed + agents).map { "\(directory)/\($0)" })
        for entry in tree(directory) where owned.contains(entry.path) && entry.mode != 0o700 {
            exposed.append((entry.path, entry.mode))
        }
    }

    private static func secrets(in bytes: [UInt8], named path: String) -> [[UInt8]] {
        if let identity = try? SoftwareIdentity(parsing: bytes), let keys = try? identity.keys {
            return [[UInt8](keys.key.rawRepresentation), [UInt8](keys.next.rawRepresentation)]
        }
        if let identity = try? InjectedIdentity(parsing: bytes), let key = try? identity.firstKey {
            return [[UInt8](key.rawRepresentation)]
        }
        return secret(in: bytes, named: path).map { [$0] } ?? []
    }

    /// The private bytes: the scalar of an elliptic key, a seed, a symmetric key.
    private static func secret(in bytes: [UInt8], named path: String) -> [UInt8]? {
        guard bytes.count < 8192 else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        if text.contains("PRIVATE KEY-----") {
            guard let key = try? P256.Signing.PrivateKey(pemRepresentation: text) else { return Array(text.utf8) }
            return [UInt8](key.rawRepresentation)
        }
        // The verifier's other keys: 32 bytes in base64 on one line.
        guard path.hasSuffix(".key"), let raw = Data(base64Encoded: String(text.dropLast())) else { return nil }
        return [UInt8](raw)
    }
}
