public import Crypto

/// A log's signing key: signs checkpoints of the log that bears the key's name.
public struct CheckpointSigner: Sendable {
    /// The public half, to be given to everybody who reads the log.
    public let verifierKey: VerifierKey
    /// Those of all keys that sign: the same, and while one key follows another that one.
    public let verifierKeys: [VerifierKey]
    private let privateKeys: [Curve25519.Signing.PrivateKey]

    /// A signer for the log called `origin`; throws when that cannot be a key's name.
    /// - Parameter previous: the key that this one follows, while there are readers who know no other: then both sign.
    public init(
        origin: String,
        privateKey: Curve25519.Signing.PrivateKey,
        previous: Curve25519.Signing.PrivateKey? = nil
    ) throws(LedgerFormatError) {
        privateKeys = [privateKey] + [previous].compactMap { $0 }
        verifierKey = try VerifierKey(name: origin, kind: .log, publicKey: privateKey.publicKey)
        verifierKeys = try privateKeys.map { key throws(LedgerFormatError) in
            try VerifierKey(name: origin, kind: .log, publicKey: key.publicKey)
        }
    }

    /// Signs the statement that the log has `size` entries under `root`.
    ///
    /// The caller has made entries and nodes durable before, and keeps the result: two different roots signed for one
    /// size are a fork that nobody can take back.
    public func sign(size: Int, root: TreeHash) throws -> SignedCheckpoint {
        let checkpoint = try Checkpoint(origin: verifierKey.name, size: size, root: root)
        let signatures = try zip(verifierKeys, privateKeys).map { key, secret in
            SignedNote.Signature(
                name: key.name,
                keyID: key.id,
                body: Array(try secret.signature(for: checkpoint.text))
            )
        }
        return SignedCheckpoint(checkpoint: checkpoint, signatures: signatures)
    }
}

/// A witness's signing key (C2SP tlog-cosignature, cosignature/v1).
public struct WitnessSigner: Sendable {
    /// The public half, to be given to everybody who relies on this witness.
    public let verifierKey: VerifierKey
    private let privateKey: Curve25519.Signing.PrivateKey

    /// A witness called `name`; throws when that cannot be a key's name.
    public init(name: String, privateKey: Curve25519.Signing.PrivateKey) throws(LedgerFormatError) {
        verifierKey = try VerifierKey(name: name, kind: .witness, publicKey: privateKey.publicKey)
        self.privateKey = privateKey
    }

    /// States that at `time` this was the largest tree of this log the witness had seen, consistent with all before.
    ///
    /// That it was is for the caller to have checked: `Checkpoint.refusal(toContinue:path:)`.
    ///
    /// - Parameter time: seconds since 1970, not negative.
    public func cosign(_ verified: VerifiedCheckpoint, time: Int) throws -> SignedNote.Signature {
        guard time >= 0 else { throw LedgerFormatError(.signedNote, "a time before 1970") }
        let message = Cosignature.message(over: verified.checkpoint.text, time: UInt64(time))
        let stamp = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: time >> $0) }
        return SignedNote.Signature(
            name: verifierKey.name,
            keyID: verifierKey.id,
            body: stamp + (try privateKey.signature(for: message))
        )
    }
}

/// The form of a witness's signature line: eight bytes of time, then the signature.
enum Cosignature {
    private static let timeByteCount = 8

    static func message(over text: [UInt8], time: UInt64) -> [UInt8] {
        Array("cosignature/v1\ntime \(time)\n".utf8) + text
    }

    /// The time a valid cosignature states, or nil when it is not valid.
    static func verifiedTime(of line: SignedNote.Signature, under text: [UInt8], by key: VerifierKey) -> Int? {
        let stamp = line.body.prefix(timeByteCount).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard line.body.count > timeByteCount, let time = Int(exactly: stamp) else { return nil }
        let signature = line.body.dropFirst(timeByteCount)
        return key.isValid(signature, for: message(over: text, time: stamp)) ? time : nil
    }
}
