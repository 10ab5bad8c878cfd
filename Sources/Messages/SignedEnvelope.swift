/// A DSSE envelope: a statement's exact bytes, its type and k of n signatures over both.
public struct SignedEnvelope: Hashable, Sendable, Codable {
    /// The statement's exact bytes.
    public var payload: Blob
    /// The media type, which is signed too, so that no statement passes as one of another kind.
    public var payloadType: String
    /// The signatures.
    public var signatures: [EnvelopeSignature]

    /// More signers than any release root names.
    static let maximumSignatures = 32
    /// The largest statement with its base64 and signatures.
    public static let maximumSize = 512 << 10

    /// Signs a statement.
    public init(payload: [UInt8], payloadType: String, signers: [StatementSigner]) throws(MessageError) {
        self.payload = Blob(payload)
        self.payloadType = payloadType
        self.signatures = []
        for signer in signers { try add(signer) }
    }

    /// Adds one more signature; a key that has signed already is replaced.
    public mutating func add(_ signer: StatementSigner) throws(MessageError) {
        let id = signer.key.id
        let signature = try signer.signature(over: preAuthenticationEncoding)
        signatures.removeAll { $0.keyid == id }
        signatures.append(EnvelopeSignature(keyid: id, sig: Blob(signature)))
    }

    /// Reads an envelope; nothing in it is trusted before `payload(type:signedBy:)`.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(SignedEnvelope.self, from: bytes, limit: Self.maximumSize)
        guard signatures.count <= Self.maximumSignatures else {
            throw MessageError(
                .tooLarge,
                "\(signatures.count) signatures, at most \(Self.maximumSignatures) are accepted"
            )
        }
    }

    /// What is signed: `DSSEv1 SP LEN(type) SP type SP LEN(body) SP body`, lengths in ASCII decimal.
    var preAuthenticationEncoding: [UInt8] {
        Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.bytes.count) ".utf8) + payload.bytes
    }

    /// The statement's bytes, once enough different keys have signed them.
    /// - Throws: `MessageError` with code `.badSignature` when the type is another or fewer than the threshold of keys verify.
    public func payload(type: String, signedBy keys: SigningKeys) throws(MessageError) -> [UInt8] {
        guard payloadType == type else {
            throw MessageError(
                .badSignature,
                "the envelope holds \(payloadType.prefix(80).debugDescription), not \(type)"
            )
        }
        let count = signers(among: keys).count
        guard count >= keys.threshold else {
            throw MessageError(.badSignature, "\(count) of the \(keys.threshold) signatures needed are valid")
        }
        return payload.bytes
    }

    /// The keys of a set whose signatures are valid: their ids.
    private func signers(among keys: SigningKeys) -> Set<String> {
        let message = preAuthenticationEncoding
        var signers = Set<String>()
        for key in keys.keys {
            let id = key.id
            if signatures.contains(where: { $0.keyid == id && key.isValid(signature: $0.sig.bytes, over: message) }) {
                signers.insert(id)
            }
        }
        return signers
    }

    /// The same with what other keys of a set have signed in another envelope.
    /// - Parameter reported: keys of the set whose signatures do not count any more: their ids.
    /// - Returns: nil when the other one says something else, or has no valid signature of the set that is not here.
    /// - Throws: `MessageError` when it would have too many signatures.
    public func joined(
        with other: SignedEnvelope,
        among keys: SigningKeys,
        without reported: Set<String>
    ) throws(MessageError) -> SignedEnvelope? {
        guard other.payload == payload, other.payloadType == payloadType else { return nil }
        let message = preAuthenticationEncoding
        let known = signers(among: keys)
        var joined = self
        for key in keys.keys where !known.contains(key.id) && !reported.contains(key.id) {
            let found = other.signatures.first {
                $0.keyid == key.id && key.isValid(signature: $0.sig.bytes, over: message)
            }
            guard let found else { continue }
            // One of this key that is none would be in the way of it.
            joined.signatures.removeAll { $0.keyid == key.id }
            joined.signatures.append(found)
        }
        guard joined.signatures.count <= Self.maximumSignatures else {
            throw MessageError(.tooLarge, "with those before more than \(Self.maximumSignatures) signatures")
        }
        return joined == self ? nil : joined
    }

    /// Whether it rests on some keys: one of them has signed it, and without them too few of the others have.
    ///
    /// Of a key that the set has no more only the id is known: a signature that names it is taken for its own.
    /// - Parameters:
    ///   - ids: the keys' ids (`StatementKey.id`).
    ///   - keys: whose word counts.
    public func rests(on ids: Set<String>, among keys: SigningKeys) -> Bool {
        let signers = signers(among: keys)
        let former = ids.subtracting(keys.keys.map(\.id))
        guard !signers.isDisjoint(with: ids) || signatures.contains(where: { former.contains($0.keyid) }) else {
            return false
        }
        return signers.subtracting(ids).count < keys.threshold
    }

    /// The statement's bytes, once this key has signed them; any other signature beside it is refused, because nothing covers it.
    /// - Throws: `MessageError` with code `.badSignature`.
    public func payload(type: String, signedBy key: StatementKey) throws(MessageError) -> [UInt8] {
        guard signatures.count == 1 else {
            throw MessageError(.badSignature, "the envelope has \(signatures.count) signatures, not one")
        }
        return try payload(type: type, signedBy: SigningKeys(threshold: 1, keys: [key]))
    }

    /// SHA-256 of the envelope in canonical JSON: what it says and who signed it.
    public var digest: ContentDigest {
        get throws(MessageError) { ContentDigest(of: try CanonicalJSON.encode(self)) }
    }
}

/// One signature of an envelope.
public struct EnvelopeSignature: Hashable, Sendable, Codable {
    /// Which key made it: `StatementKey.id`; a hint, only pinned keys are ever used.
    public var keyid: String
    /// The 64 bytes.
    public var sig: Blob
}

/// The keys whose word counts for one kind of statement, and how many of them must agree.
public struct SigningKeys: Hashable, Sendable, Codable {
    /// The format and the version of this set; a later set replaces an earlier one.
    public var version: Int
    /// How many different keys must sign; at least 1.
    public var threshold: Int
    /// The keys, each once.
    public var keys: [StatementKey]

    /// The most bytes of a file that holds a set.
    public static let maximumSize = 64 << 10

    /// Makes a set; refused when the threshold cannot be met or is none.
    public init(version: Int = 1, threshold: Int, keys: [StatementKey]) throws(MessageError) {
        self.version = version
        self.threshold = threshold
        self.keys = keys
        try check()
    }

    /// Reads a set from a file's bytes.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(SigningKeys.self, from: bytes, limit: Self.maximumSize)
        try check()
    }

    /// Refuses a threshold that cannot be met, or that one key could meet twice.
    func check() throws(MessageError) {
        guard threshold >= 1, threshold <= keys.count, Set(keys).count == keys.count else {
            throw MessageError(.outOfRange, "a threshold of \(threshold) out of \(keys.count) keys, or a key twice")
        }
        // One key in two spellings would have two ids, and meet a threshold of two alone.
        if let index = keys.firstIndex(where: { !$0.isUsable }) {
            throw MessageError(.outOfRange, "\"keys[\(index)]\" is not a public key of its algorithm")
        }
    }
}
