import TPMWire

/// What libtpms keeps of a TPM without power, as far as its seeds are concerned.
///
/// Nothing sets the seeds of a software TPM from outside: libtpms draws them from the generator of random numbers at the
/// first start, TPM2_ChangeEPS draws anew, and neither swtpm nor swtpm_setup has an option for them. So they are replaced in
/// the file, while the TPM is fresh and without power. The file is parsed, not searched and patched: what does not look
/// exactly like the state of a fresh TPM is refused.
struct PermanentState {
    /// The file in the state directory of swtpm.
    static let file = "tpm2-00.permall"
    /// A fresh TPM's file has 1.5 KB.
    static let maximumSize = 1 << 20

    private(set) var bytes: [UInt8]
    /// Where the six secrets of the permanent data begin.
    private let secrets: [Int]

    /// In their order: seeds of the endorsement, storage and platform hierarchies, then the proofs of platform, storage and
    /// endorsement hierarchies.
    private static let names = ["EPSeed", "SPSeed", "PPSeed", "phProof", "shProof", "ehProof"]
    /// PRIMARY_SEED_SIZE and PROOF_SIZE of libtpms.
    private static let secretSize = 64
    /// PERSISTENT_DATA_MAGIC of libtpms.
    private static let magic: UInt32 = 0x1221_3443

    /// Finds the secrets of a fresh TPM.
    /// - Returns: nil for anything else.
    init?(_ bytes: [UInt8]) {
        guard (try? Self.isPlain(bytes)) == true else { return nil }
        let found = bytes.indices.compactMap { try? Self.secrets(in: bytes, at: $0) }
        guard found.count == 1, let secrets = found.first else { return nil }
        self.bytes = bytes
        self.secrets = secrets
    }

    /// Replaces all of them.
    mutating func follow(_ seed: DeviceSeed) {
        for (name, offset) in zip(Self.names, secrets) {
            let secret = seed.bytes(name, count: Self.secretSize)
            bytes.replaceSubrange(offset..<offset + Self.secretSize, with: secret)
        }
    }

    /// Whether it begins as swtpm's files do that are not encrypted: versions, length of this header, no flags, length of all.
    private static func isPlain(_ bytes: [UInt8]) throws -> Bool {
        var reader = ByteReader(bytes)
        let version = try reader.uint8("version")
        _ = try reader.uint8("least version")
        let header = try reader.uint16("header")
        let flags = try reader.uint16("flags")
        let length = try reader.uint32("length")
        return version == 2 && header == 10 && flags == 0 && Int(length) == bytes.count
    }

    private struct NotFresh: Error {}

    /// PERSISTENT_DATA: version, magic, least version; disableClear; three algorithms, three policies and three authorizations,
    /// none of which is set; the secrets.
    private static func secrets(in bytes: [UInt8], at offset: Int) throws -> [Int] {
        var reader = ByteReader(bytes[offset...])
        let version = try reader.uint16("version")
        guard try reader.uint32("magic") == magic, version >= 2,
            try reader.uint16("least version") <= version,
            try reader.uint8("disableClear") == 0
        else { throw NotFresh() }
        for _ in 0..<3 where try reader.uint16("algorithm") != AlgorithmID.null.rawValue { throw NotFresh() }
        for _ in 0..<6 where try reader.uint16("policy or authorization") != 0 { throw NotFresh() }
        return try names.map { name in
            guard try Int(reader.uint16(name)) == secretSize else { throw NotFresh() }
            let begin = offset + reader.offset
            _ = try reader.bytes(secretSize, name)
            return begin
        }
    }
}
