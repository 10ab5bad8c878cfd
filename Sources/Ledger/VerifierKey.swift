public import Crypto

/// The public key of a log or a witness, as people exchange it: `name+keyid+key` (C2SP signed-note).
public struct VerifierKey: Hashable, Sendable {
    /// What the key signs (the type byte of its encoding).
    public enum Kind: UInt8, Hashable, Sendable {
        /// An Ed25519 signature over a note's text: a log.
        case log = 0x01
        /// An Ed25519 cosignature/v1 with the time at which it was made: a witness.
        case witness = 0x04
    }

    /// The longest key name, in bytes: that of a DNS name, which origins are usually made of, and a path.
    static let maxNameLength = 512

    public let name: String
    public let kind: Kind
    private let publicKeyBytes: [UInt8]

    /// The four bytes by which a signature line names its key: SHA-256(name ‖ 0x0A ‖ type ‖ key), cut.
    public let id: KeyID

    /// Makes a key from its parts; throws when the name could not stand in a signature line.
    public init(name: String, kind: Kind, publicKey: Curve25519.Signing.PublicKey) throws(LedgerFormatError) {
        if let problem = Self.problem(withName: name) { throw LedgerFormatError(.verifierKey, problem) }
        self.name = name
        self.kind = kind
        publicKeyBytes = Array(publicKey.rawRepresentation)
        id = KeyID(name: name, kind: kind.rawValue, publicKey: publicKeyBytes)
    }

    /// Parses a key's text form; throws unless it is complete, canonical and its key id is the right one.
    public init(parsing text: String) throws(LedgerFormatError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "+"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw LedgerFormatError(.verifierKey, "expected name+keyid+key")
        }
        guard let encoded = Base64.decode(parts[2]), let type = encoded.first else {
            throw LedgerFormatError(.verifierKey, "the key is not base64")
        }
        guard let kind = Kind(rawValue: type) else {
            throw LedgerFormatError(
                .verifierKey,
                "key type \(type) is not supported, only Ed25519 (1) and cosignature/v1 (4)"
            )
        }
        guard let publicKey = try? Curve25519.Signing.PublicKey(rawRepresentation: encoded.dropFirst()) else {
            throw LedgerFormatError(.verifierKey, "an Ed25519 key has 32 bytes, this one \(encoded.count - 1)")
        }
        try self.init(name: String(decoding: parts[0], as: UTF8.self), kind: kind, publicKey: publicKey)
        guard parts[1].elementsEqual(id.description.utf8) else {
            throw LedgerFormatError(.verifierKey, "the key id does not belong to this name and key")
        }
    }

    /// The text form, `name+keyid+key`.
    public var text: String {
        "\(name)+\(id)+\(Base64.encode([kind.rawValue] + publicKeyBytes))"
    }

    /// Whether this key made `signature` over `message`.
    func isValid(_ signature: some Collection<UInt8>, for message: [UInt8]) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKeyBytes) else { return false }
        return key.isValidSignature(Array(signature), for: message)
    }

    /// What makes a name unfit to stand in a signature line, or nil (C2SP signed-note: no space, no plus).
    static func problem(withName name: String) -> String? {
        if name.isEmpty { return "the name is empty" }
        if name.utf8.count > maxNameLength { return "the name is longer than \(maxNameLength) bytes" }
        for scalar in name.unicodeScalars
        where scalar == "+" || scalar.properties.isWhitespace || scalar.properties.generalCategory == .control {
            return "the name holds a plus, a space or a control character"
        }
        return nil
    }
}

extension VerifierKey: CustomStringConvertible {
    /// The name and key id, enough to tell keys apart in a message.
    public var description: String { "\(name)+\(id)" }
}

/// The short name of a key in a signature line; it selects a key and proves nothing.
public struct KeyID: Hashable, Sendable, CustomStringConvertible {
    static let byteCount = 4

    private let value: UInt32

    init(name: String, kind: UInt8, publicKey: [UInt8]) {
        let digest = SHA256.hash(data: Array(name.utf8) + [0x0A, kind] + publicKey)
        value = digest.prefix(Self.byteCount).reduce(0) { $0 << 8 | UInt32($1) }
    }

    init(_ bytes: some Sequence<UInt8>) {
        value = bytes.prefix(Self.byteCount).reduce(0) { $0 << 8 | UInt32($1) }
    }

    var bytes: [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    public var description: String { Hex.encode(bytes) }
}
