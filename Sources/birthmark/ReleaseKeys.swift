import ArgumentParser
import CommandLineContract
import Crypto
import DurableFiles
import FoundationEssentials
import Messages

struct ReleaseKeygen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Makes a key that signs releases.",
        discussion: """
            The private key stays with the release's makers; the verifier and the devices get the public set only. With \
            --public a set that is there already gets the new key added. The keys of the people who sign trust bundles are made in the \
            same way, into a set of their own.

            Examples:
              birthmark release keygen release.key --public release-keys.json
              birthmark release keygen bob.key --public trust-keys.json --threshold 2
            """
    )

    @Argument(help: ArgumentHelp("Where the private key goes: PEM, mode 0600, never overwritten.", valueName: "file"))
    var path: String

    @Option(
        name: .customLong("public"),
        help: ArgumentHelp("The set of public keys to make or to add to.", valueName: "file")
    )
    var publicPath: String?

    @Option(
        help: ArgumentHelp("How many of the set's keys must sign; default: as it is, 1 in a new set.", valueName: "n")
    )
    var threshold: Int?

    @Option(help: "p256 or ed25519.")
    var algorithm = KeyAlgorithm.p256

    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var key: String
        var id: String
        var keys: Int?
    }

    func validate() throws {
        guard let threshold else { return }
        guard threshold >= 1 else { throw ValidationError("--threshold takes a number from 1 on") }
        guard publicPath != nil else {
            throw ValidationError("--threshold is a property of the set of keys: name it with --public")
        }
    }

    func run() async throws {
        var set = try publicPath.flatMap(existingSet)
        if let threshold, threshold > (set?.keys.count ?? 0) + 1 {
            throw CommandFailure(
                .malformed,
                "with this key the set has \((set?.keys.count ?? 0) + 1), fewer than the \(threshold) that must sign",
                hint: "add the other keys first, and raise --threshold with the last one"
            )
        }
        let (signer, pem) = algorithm.generate()
        if publicPath != nil {
            set = try parsing(publicPath ?? "") { () throws(MessageError) in
                try SigningKeys(
                    version: (set?.version ?? 0) + 1,
                    threshold: threshold ?? set?.threshold ?? 1,
                    keys: (set?.keys ?? []) + [signer.key]
                )
            }
        }
        try OutputFile.write(Array(pem.utf8), to: path, existing: .keep)
        if let publicPath, let set {
            let bytes = try parsing(publicPath) { () throws(MessageError) in try EditedJSON.encode(set) }
            try OutputFile.write(bytes, to: publicPath, mode: 0o644)
        }
        try output.print(Report(key: path, id: signer.key.id, keys: set?.keys.count)) {
            let made = "made \(path), key id \(signer.key.id)"
            guard let publicPath, let set else { return made }
            return made + "\n\(publicPath): \(set.threshold) of \(set.keys.count) must sign"
        }
    }

    private func existingSet(_ path: String) throws(CommandFailure) -> SigningKeys? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let bytes = try InputFile.read(path, limit: SigningKeys.maximumSize, what: "the set of keys")
        return try parsing(path, of: "birthmark release keygen --public") { () throws(MessageError) in
            try SigningKeys(parsing: bytes)
        }
    }
}

/// What a release key is made of.
enum KeyAlgorithm: String, ExpressibleByArgument, CaseIterable {
    case p256
    case ed25519

    func generate() -> (StatementSigner, String) {
        switch self {
        case .p256:
            let key = P256.Signing.PrivateKey()
            return (.p256(key), key.pemRepresentation + "\n")
        case .ed25519:
            let key = Curve25519.Signing.PrivateKey()
            let der = Data(Ed25519PKCS8.prefix) + key.rawRepresentation
            return (
                .ed25519(key),
                "-----BEGIN PRIVATE KEY-----\n\(der.base64EncodedString())\n-----END PRIVATE KEY-----\n"
            )
        }
    }
}

/// A private key out of a PEM file.
func readSigner(_ path: String) throws(CommandFailure) -> StatementSigner {
    let bytes = try InputFile.readPrivate(path, limit: 16 << 10, what: "the signing key")
    let text = String(decoding: bytes, as: UTF8.self)
    if let key = try? P256.Signing.PrivateKey(pemRepresentation: text) { return .p256(key) }
    let body = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("-----") }.joined()
    if let der = Data(base64Encoded: body), der.starts(with: Ed25519PKCS8.prefix),
        let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: der.dropFirst(Ed25519PKCS8.prefix.count))
    {
        return .ed25519(key)
    }
    throw CommandFailure(
        .malformed,
        "\(path) holds no P-256 or Ed25519 private key in PEM",
        hint: "make one with birthmark release keygen"
    )
}

/// PKCS #8 of an Ed25519 key is these bytes and the 32 of the key (RFC 8410 section 7).
private enum Ed25519PKCS8 {
    static let prefix: [UInt8] = [
        0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]
}
