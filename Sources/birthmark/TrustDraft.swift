import ArgumentParser
import CommandLineContract
import Ledger
import Messages
import UpdateTrust

struct TrustDraft: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "draft",
        abstract: "Writes the next trust bundle, to be looked at.",
        discussion: """
            People look at it, and sign it.

            What is not named stays as it is. Keys are dropped by the names that this command and birthmark trust sign print: grant:<kid>, \
            results:<kid>, ledger:<id>.

            Examples:
              birthmark trust draft --trust trust.json --add next-grant.json \\
                  --out draft.json
              birthmark trust draft --trust trust.json --drop grant:NzbLsXh8… \\
                  --release-keys release-keys.json --out draft.json
            """
    )

    @OptionGroup var trust: TrustOption
    @Option(
        help: ArgumentHelp("A key that birthmark-verifier key new has made; repeat for several.", valueName: "file")
    )
    var add: [String] = []
    @Option(help: ArgumentHelp("A key of the verifier that goes; repeat for several.", valueName: "kind:name"))
    var drop: [String] = []
    @Option(help: ArgumentHelp("The makers' keys from then on.", valueName: "file"))
    var releaseKeys: String?
    @Option(help: ArgumentHelp("The keys of people whose word makes the version after this one.", valueName: "file"))
    var trustKeys: String?
    @Option(
        help: ArgumentHelp("A witness of the ledger from then on, as its vkey; repeat for all.", valueName: "vkey")
    )
    var witness: [String] = []
    @Option(help: ArgumentHelp("How many witnesses have to have signed.", valueName: "n"))
    var requiredWitnesses: Int?
    @Flag(help: "No witness is named any more.")
    var withoutWitnesses = false
    @Option(help: ArgumentHelp("The CA certificates (PEM) of the verifier's TLS from then on.", valueName: "file"))
    var tlsRoots: String?
    @Option(help: ArgumentHelp("Where the verifier is from then on: https://host:port.", valueName: "url"))
    var url: String?
    @Option(help: ArgumentHelp("Where the draft goes.", valueName: "file"))
    var out: String
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var draft: String
        var version: Int64
        var added: [String]
        var removed: [String]
    }

    func validate() throws {
        if withoutWitnesses, !witness.isEmpty || requiredWitnesses != nil {
            throw ValidationError("--without-witnesses goes with no other option about witnesses")
        }
        if let url, !url.hasPrefix("https://") { throw ValidationError("--url begins with https://") }
    }

    func run() async throws {
        let held = try trust.bundle()
        var next = held
        next.version = held.number &+ 1
        for path in add { try insert(path, into: &next) }
        for name in drop { try remove(name, from: &next) }
        next.releaseKeys = try releaseKeys.map(keys) ?? next.releaseKeys
        next.trustKeys = try trustKeys.map(keys) ?? next.trustKeys
        next.ledgerWitnesses = try witnesses(of: next)
        if let tlsRoots {
            let bytes = try InputFile.read(tlsRoots, limit: 64 << 10, what: "the TLS roots")
            next.tlsRoots = String(decoding: bytes, as: UTF8.self)
        }
        next.url = url ?? next.url
        let bytes = try parsing("the draft") { () throws(MessageError) in
            let bytes = try EditedJSON.encode(next)
            // What this program writes must be something that devices accept.
            _ = try TrustBundle(parsing: bytes)
            return bytes
        }
        try OutputFile.write(bytes, to: out, mode: 0o644)
        let (added, removed) = held.changes(to: next)
        try output.print(Report(draft: out, version: next.number, added: added, removed: removed)) {
            changes(added, removed, "version \(next.number): \(out)") + "\nnext: birthmark trust sign \(out)"
        }
    }

    private func keys(_ path: String) throws(CommandFailure) -> SigningKeys {
        let bytes = try InputFile.read(path, limit: SigningKeys.maximumSize, what: "the set of keys")
        return try parsing(path, of: "birthmark release keygen --public") { () throws(MessageError) in
            try SigningKeys(parsing: bytes)
        }
    }

    private func insert(_ path: String, into bundle: inout TrustBundle) throws(CommandFailure) {
        let bytes = try InputFile.read(path, limit: NextKey.maximumSize, what: "the next key")
        let next = try parsing(path, of: "birthmark-verifier key new") { () throws(MessageError) in
            try NextKey(parsing: bytes)
        }
        switch next.kind {
        case .grant:
            if let key = next.key, !bundle.grantKeys.contains(key) { bundle.grantKeys.append(key) }
        case .results:
            if let key = next.key, bundle.resultKeys?.contains(key) != true {
                bundle.resultKeys = (bundle.resultKeys ?? []) + [key]
            }
        case .ledger:
            if let vkey = next.vkey, !bundle.allLedgerKeys.contains(vkey) {
                bundle.ledgerKeys = (bundle.ledgerKeys ?? []) + [vkey]
            }
        case .witness, .release, .station, .trust: break
        }
    }

    private func remove(_ name: String, from bundle: inout TrustBundle) throws(CommandFailure) {
        let before = bundle.keyNames
        bundle.grantKeys.removeAll { "grant:" + $0.name(as: .grant) == name }
        bundle.resultKeys?.removeAll { "results:" + $0.name(as: .results) == name }
        let ledger = bundle.allLedgerKeys.filter { "ledger:" + TrustBundle.ledgerKeyName($0) != name }
        if let first = ledger.first {
            bundle.ledgerKey = first
            bundle.ledgerKeys = ledger.count > 1 ? Array(ledger.dropFirst()) : nil
        }
        guard bundle.keyNames != before else {
            let own = before.filter { name in
                ["grant:", "results:", "ledger:"].contains { name.hasPrefix($0) }
            }
            throw CommandFailure(
                .malformed,
                "\(name) is none of the verifier's keys in the bundle, or the last one of its ledger",
                hint: "keys of makers, people and witnesses change as whole sets; those of the verifier are "
                    + own.sorted().joined(separator: " ")
            )
        }
    }

    private func witnesses(of bundle: TrustBundle) throws(CommandFailure) -> LedgerQuorum? {
        if withoutWitnesses { return nil }
        guard !witness.isEmpty || requiredWitnesses != nil else { return bundle.ledgerWitnesses }
        for text in witness {
            guard let key = try? VerifierKey(parsing: text), key.kind == .witness else {
                throw CommandFailure(
                    .malformed,
                    "\(text) is no witness's key",
                    hint: "give what birthmark ledger witness init printed"
                )
            }
        }
        let held = bundle.ledgerWitnesses
        return LedgerQuorum(
            required: requiredWitnesses ?? held?.required ?? 0,
            keys: witness.isEmpty ? held?.keys ?? [] : witness
        )
    }
}
