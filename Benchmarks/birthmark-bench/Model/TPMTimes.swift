import DurableFiles
import Messages

/// What hardware TPMs take for their work, as others have measured and published it: Benchmarks/tpm-times.json.
struct TPMTimes: Codable {
    /// Microseconds of what depends on the kind of key.
    struct KeyTimes: Codable {
        var createKey: Int
        var sign: Int
        /// What the private part of a key does to a secret: RSA decryption, ECDH.
        var unwrap: Int
    }

    struct Chip: Codable {
        var name: String
        /// Who measured it: title and author.
        var source: String
        var ecc: KeyTimes
        var rsa: KeyTimes
        /// Everything else.
        ///
        /// The published figure is that of an RSA public operation, which is more than a command has to do that only reads.
        var plain: Int
        /// A command that writes NV; nobody has published it for these chips, so it is assumed where it is absent.
        var writeNV: Int?

        /// Microseconds of a command.
        func time(of row: BirthCommands.Row, isRSA: Bool, assumedWriteNV: Int) -> Double {
            let key = isRSA && row.isP256 != true ? rsa : ecc
            switch row.command {
            case "TPM2_CreatePrimary": return Double(key.createKey)
            case "TPM2_CertifyCreation", "TPM2_Quote", "TPM2_Sign": return Double(key.sign)
            // The salt of a session and the seed of a credential are both secrets under the endorsement key.
            case "TPM2_ActivateCredential", "TPM2_StartAuthSession": return Double(key.unwrap)
            case "TPM2_NV_DefineSpace", "TPM2_NV_Write", "TPM2_NV_Increment", "TPM2_NV_WriteLock", "TPM2_EvictControl":
                return Double(writeNV ?? assumedWriteNV)
            default: return Double(plain)
            }
        }
    }

    /// What a birth costs the station itself, in microseconds: the suite `line-model` measures it.
    struct Station: Codable {
        /// On a processor.
        var processor: Int
        /// Waiting for the disk.
        var waiting: Int
        var processors: Int
    }

    var formatVersion: Int
    var assumedWriteNV: Int
    var station: Station
    var tpms: [Chip]

    static func read() throws -> TPMTimes {
        let limit = 1 << 20
        let bytes = try BoundedFile.read("Benchmarks/tpm-times.json", limit: limit)
        return try EditedJSON.decode(TPMTimes.self, from: bytes, limit: limit)
    }
}
