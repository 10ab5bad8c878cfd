import ArgumentParser
import CommandLineContract
import Messages
import UpdateTrust

struct TrustSign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Signs the next trust bundle.",
        discussion: """
            One that others have signed gets a signature more.

            Says first what it changes against the bundle that is held now: what you sign every device will believe. Enough of the people whom \
            that one names have to sign, and enough of those whom the next one names.

            Examples:
              birthmark trust sign draft.json --trust trust.json --key ann.key \\
                  --out next.dsse.json
              birthmark trust sign next.dsse.json --trust trust.json --key bob.key \\
                  --out next.dsse.json
            """
    )

    @Argument(help: ArgumentHelp("The draft, or what others have signed of it.", valueName: "file"))
    var path: String
    @OptionGroup var trust: TrustOption
    @Option(help: ArgumentHelp("A private key, PEM; repeat for several.", valueName: "file"))
    var key: [String]
    @Option(help: ArgumentHelp("Where the result goes.", valueName: "file"))
    var out: String
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var version: Int64
        var signatures: Int
        /// Whether it may be published; otherwise why not yet.
        var reason: String?
        var out: String
    }

    func run() async throws {
        let held = try trust.bundle()
        var envelope = try read()
        let next = try parsing(path) { () throws(MessageError) in
            guard envelope.payloadType == TrustBundle.payloadType else {
                throw MessageError(.malformed, "it is no trust bundle")
            }
            return try TrustBundle(parsing: envelope.payload.bytes)
        }
        // What does not follow nobody takes, whoever signs it.
        guard next.number == held.number &+ 1 else {
            throw CommandFailure(
                .malformed,
                "\(path) is version \(next.number), and version \(held.number) is held",
                hint:
                    "birthmark trust follow brings the bundle of --trust up; draft what follows that one: birthmark trust draft"
            )
        }
        let people = (held.trustKeys?.keys ?? []) + (next.trustKeys?.keys ?? [])
        let (added, removed) = held.changes(to: next)
        // Who made the draft must not have the say over what is shown of it.
        let verifier = PlainLine.of(next.verifier.unicodeScalars)
        var first = "signing version \(next.number) for \(verifier), after version \(held.number)"
        if next.url != held.url { first += "\n+ url:\(PlainLine.of(next.url.unicodeScalars))\n- url:\(held.url)" }
        if next.tlsRoots != held.tlsRoots { first += "\n+ other roots of TLS" }
        StandardError.write(Terminal.shown(changes(added, removed, first)) + "\n")
        for path in key {
            let signer = try readSigner(path)
            guard people.contains(signer.key) else {
                throw CommandFailure(
                    .malformed,
                    "\(path) is none of the trust keys, neither of those that count now nor of those that the next bundle names",
                    hint:
                        "birthmark key list names those that count now; birthmark trust draft --trust-keys names the next ones"
                )
            }
            try parsing(path) { () throws(MessageError) in try envelope.add(signer) }
        }
        let bytes = try parsing(path) { () throws(MessageError) in try CanonicalJSON.encode(envelope) }
        try OutputFile.write(bytes, to: out, mode: 0o644)
        var missing: TrustRefusal?
        if case .failure(let refusal) = TrustStep.judge(envelope, after: held) { missing = refusal }
        let report = Report(
            version: next.number,
            signatures: envelope.signatures.count,
            reason: missing?.rawValue,
            out: out
        )
        try output.print(report) {
            missing.map { "\(out): not to be published yet. \($0.sentence)" }
                ?? "\(out): enough have signed; next: birthmark trust publish \(out)"
        }
    }

    /// The draft's own bytes are what is signed, so that everybody signs the same.
    private func read() throws -> SignedEnvelope {
        let bytes = try InputFile.read(path, limit: TrustChain.maximumEnvelopeSize, what: "the draft")
        if let envelope = try? SignedEnvelope(parsing: bytes) { return envelope }
        return try parsing(path) { () throws(MessageError) in
            _ = try TrustBundle(parsing: bytes)
            return try SignedEnvelope(payload: bytes, payloadType: TrustBundle.payloadType, signers: [])
        }
    }
}
