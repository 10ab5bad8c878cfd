import ArgumentParser
import CommandLineContract
import Messages
import Wording

struct ReleaseCosign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cosign",
        abstract: "Adds a signature to a signed release.",
        discussion: """
            That is for releases on which several keys must agree.

            Says first what is signed: compare the SHA-256 with that of the package that you have looked at. Of a release that is registered \
            already, birthmark release add brings the further signature to the verifier.

            Example:
              birthmark release cosign app-2.0.dsse.json --key second.key \\
                  --out app-2.0.dsse.json
            """
    )

    @Argument(help: ArgumentHelp("The signed release.", valueName: "envelope"))
    var path: String
    @Option(help: ArgumentHelp("A private key, PEM; repeat for several.", valueName: "file"))
    var key: [String]
    @Option(help: ArgumentHelp("Where the result goes; default: standard output.", valueName: "file"))
    var out: String?
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var envelope = try readEnvelope(path)
        let release = try parsing(path) { () throws(MessageError) in
            guard envelope.payloadType == Release.payloadType else {
                throw MessageError(.malformed, "it is no release")
            }
            return try Release(parsing: envelope.payload.bytes)
        }
        StandardError.write(Terminal.shown(Self.text(release, ContentDigest(of: envelope.payload.bytes))) + "\n")
        for path in key {
            let signer = try readSigner(path)
            try parsing(path) { () throws(MessageError) in try envelope.add(signer) }
        }
        try write(envelope, to: out, output)
    }

    /// What is signed: name and version alone would be those of any other package, too.
    private static func text(_ release: Release, _ manifest: ContentDigest) -> String {
        let artifact = release.artifact
        let models = release.models.map(\.text).joined(separator: ", ")
        let revisions = release.hardwareRevisions.map(\.text).joined(separator: ", ")
        let first = "signing \(release.name) \(release.version), security version \(release.securityVersion)\n"
        return first
            + facts([
                ("package", "\(artifact.name), \(artifact.size) bytes, SHA-256 \(artifact.sha256)"),
                ("for", "\(models), hardware revision \(revisions)"),
                ("boot", release.boot == nil ? "not measured" : "measured"),
                ("role", release.role?.rawValue),
                ("manifest", manifest.description),
            ])
    }
}

private struct SignedReport: Encodable {
    var manifest: ContentDigest
    var signatures: Int
    var out: String?
}

/// Writes a signed release to a file, or to standard output.
func write(_ envelope: SignedEnvelope, to path: String?, _ output: OutputOptions) throws {
    guard let path else {
        guard StandardOutput.write(envelope) else {
            throw CommandFailure(.environment, "standard output cannot be written")
        }
        return
    }
    let bytes = try parsing(path) { () throws(MessageError) in try CanonicalJSON.encode(envelope) }
    try OutputFile.write(bytes, to: path, mode: 0o644)
    let manifest = ContentDigest(of: envelope.payload.bytes)
    try output.print(SignedReport(manifest: manifest, signatures: envelope.signatures.count, out: path)) {
        "signed release \(manifest) by \(Counted.of(envelope.signatures.count, "key")): \(path)"
    }
}
