import DurableFiles
import HTTPService
import Ledger
import Messages

/// `witnesses` in config.json: who cosigns the ledger, and how many have to have before a grant is given out.
public struct WitnessSettings: Hashable, Sendable, Codable {
    /// How many different ones; 0 binds nobody.
    public var required: Int
    /// Seconds that a grant waits for them; absent: 10.
    ///
    /// After that nothing is given out, and the device asks again.
    public var seconds: Int?
    /// The witnesses.
    public var known: [Known]

    /// One of them.
    public struct Known: Hashable, Sendable, Codable {
        /// Its key, as it printed it when it was set up.
        public var vkey: String
        /// Where it is asked: `https://host:port`.
        public var url: String
        /// The CA certificates (PEM) that its TLS certificate must chain to, and no others: a file.
        public var tlsRoots: String
    }

    private static let usualSeconds = 10
    private static let longestSeconds = 60

    /// Joins the parts.
    init(required: Int, known: [Known], seconds: Int? = nil) {
        self.required = required
        self.known = known
        self.seconds = seconds
    }

    var patience: Duration { .seconds(seconds ?? Self.usualSeconds) }

    func check() throws(MessageError) {
        guard known.count <= LedgerQuorum.maximumCount else {
            throw MessageError(.outOfRange, "\"witnesses.known\" names more than \(LedgerQuorum.maximumCount)")
        }
        guard (0...known.count).contains(required) else {
            throw MessageError(
                .outOfRange,
                "\"witnesses.required\" is \(required), and \"witnesses.known\" names \(known.count)"
            )
        }
        guard (1...Self.longestSeconds).contains(seconds ?? Self.usualSeconds) else {
            throw MessageError(.outOfRange, "\"witnesses.seconds\" must be 1 to \(Self.longestSeconds)")
        }
        var names: Set<VerifierKey> = []
        for witness in known {
            guard witness.url.hasPrefix("https://"), witness.url.count > "https://".count else {
                throw MessageError(.outOfRange, "\"\(witness.url)\" in \"witnesses.known\" is not https:// and a host")
            }
            let key: VerifierKey
            do { key = try VerifierKey(parsing: witness.vkey) } catch {
                throw MessageError(.malformed, "\"\(witness.vkey)\" in \"witnesses.known\": \(error)")
            }
            guard key.kind == .witness, names.insert(key).inserted else {
                throw MessageError(
                    .outOfRange,
                    "\"\(witness.vkey)\" in \"witnesses.known\" is not a witness's key, or stands there twice"
                )
            }
        }
    }
}

/// A witness of this ledger, with everything that is needed to ask it.
struct LedgerWitness: Hashable, Sendable {
    let key: VerifierKey
    let url: String
    let tlsRoots: String

    private static let maximumRoots = 64 << 10

    /// Reads the witnesses' files.
    static func read(_ settings: WitnessSettings?, in directory: VerifierDirectory) throws -> [LedgerWitness] {
        try (settings?.known ?? []).map { known in
            LedgerWitness(
                key: try VerifierKey(parsing: known.vkey),
                url: known.url,
                tlsRoots: String(
                    decoding: try TrustedFile.read(directory.file(known.tlsRoots), limit: maximumRoots),
                    as: UTF8.self
                )
            )
        }
    }
}
