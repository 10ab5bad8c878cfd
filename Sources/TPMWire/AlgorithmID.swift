/// TPM_ALG_ID: a number of the TCG Algorithm Registry (Part 2, 6.3).
public struct AlgorithmID: RawRepresentable, WireStructure, CustomStringConvertible {
    /// Part 2 calls it TPM_ALG_ID.
    public static var specificationName: String { "TPM_ALG_ID" }

    /// The registered number.
    public var rawValue: UInt16

    /// Any number, registered or not.
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    private init(_ rawValue: UInt16) { self.rawValue = rawValue }

    /// Reads a UINT16.
    public init(from reader: inout ByteReader) throws(WireError) {
        self.init(try reader.uint16("TPM_ALG_ID"))
    }

    /// Writes a UINT16.
    public func write(to writer: inout ByteWriter) { writer.uint16(rawValue) }

    // Object types.
    public static let rsa = AlgorithmID(0x0001)
    public static let keyedHash = AlgorithmID(0x0008)
    public static let ecc = AlgorithmID(0x0023)
    public static let symCipher = AlgorithmID(0x0025)

    // Hashes.
    public static let sha1 = AlgorithmID(0x0004)
    public static let sha256 = AlgorithmID(0x000B)
    public static let sha384 = AlgorithmID(0x000C)
    public static let sha512 = AlgorithmID(0x000D)
    public static let sm3_256 = AlgorithmID(0x0012)
    public static let sha3_256 = AlgorithmID(0x0027)
    public static let sha3_384 = AlgorithmID(0x0028)
    public static let sha3_512 = AlgorithmID(0x0029)

    /// TPM_ALG_NULL: nothing chosen.
    public static let null = AlgorithmID(0x0010)

    // Signing, encryption and key exchange schemes.
    public static let hmac = AlgorithmID(0x0005)
    public static let rsassa = AlgorithmID(0x0014)
    public static let rsaes = AlgorithmID(0x0015)
    public static let rsapss = AlgorithmID(0x0016)
    public static let oaep = AlgorithmID(0x0017)
    public static let ecdsa = AlgorithmID(0x0018)
    public static let ecdh = AlgorithmID(0x0019)
    public static let ecdaa = AlgorithmID(0x001A)
    public static let sm2 = AlgorithmID(0x001B)
    public static let ecschnorr = AlgorithmID(0x001C)
    public static let ecmqv = AlgorithmID(0x001D)

    // Mask generation and key derivation.
    public static let mgf1 = AlgorithmID(0x0007)
    public static let kdf1SP800_56A = AlgorithmID(0x0020)
    public static let kdf2 = AlgorithmID(0x0021)
    public static let kdf1SP800_108 = AlgorithmID(0x0022)

    // Symmetric ciphers and modes.
    public static let tdes = AlgorithmID(0x0003)
    public static let aes = AlgorithmID(0x0006)
    public static let xor = AlgorithmID(0x000A)
    public static let sm4 = AlgorithmID(0x0013)
    public static let camellia = AlgorithmID(0x0026)
    public static let cmac = AlgorithmID(0x003F)
    public static let ctr = AlgorithmID(0x0040)
    public static let ofb = AlgorithmID(0x0041)
    public static let cbc = AlgorithmID(0x0042)
    public static let cfb = AlgorithmID(0x0043)
    public static let ecb = AlgorithmID(0x0044)

    /// The length of a digest of this algorithm in bytes; nil when it is no hash of the registry.
    public var digestSize: Int? {
        switch self {
        case .sha1: 20
        case .sha256, .sm3_256, .sha3_256: 32
        case .sha384, .sha3_384: 48
        case .sha512, .sha3_512: 64
        default: nil
        }
    }

    /// The name that tpm2-tools uses (`sha256`), or the number in hexadecimal.
    public var description: String {
        Self.names[rawValue] ?? "0x" + String(rawValue, radix: 16)
    }

    /// The algorithm with the name that tpm2-tools uses.
    public init?(named name: String) {
        guard let number = Self.names.first(where: { $0.value == name })?.key else { return nil }
        self.init(number)
    }

    private static let names: [UInt16: String] = [
        0x0001: "rsa", 0x0003: "tdes", 0x0004: "sha1", 0x0005: "hmac", 0x0006: "aes", 0x0007: "mgf1",
        0x0008: "keyedhash", 0x000A: "xor", 0x000B: "sha256", 0x000C: "sha384", 0x000D: "sha512", 0x0010: "null",
        0x0012: "sm3_256", 0x0013: "sm4", 0x0014: "rsassa", 0x0015: "rsaes", 0x0016: "rsapss", 0x0017: "oaep",
        0x0018: "ecdsa", 0x0019: "ecdh", 0x001A: "ecdaa", 0x001B: "sm2", 0x001C: "ecschnorr", 0x001D: "ecmqv",
        0x0020: "kdf1_sp800_56a", 0x0021: "kdf2", 0x0022: "kdf1_sp800_108", 0x0023: "ecc", 0x0025: "symcipher",
        0x0026: "camellia", 0x0027: "sha3_256", 0x0028: "sha3_384", 0x0029: "sha3_512", 0x003F: "cmac",
        0x0040: "ctr", 0x0041: "ofb", 0x0042: "cbc", 0x0043: "cfb", 0x0044: "ecb",
    ]
}

/// TPM_ECC_CURVE (Part 2, 6.4).
public struct ECCCurve: RawRepresentable, WireStructure, CustomStringConvertible {
    /// Part 2 calls it TPM_ECC_CURVE.
    public static var specificationName: String { "TPM_ECC_CURVE" }

    /// The registered number.
    public var rawValue: UInt16

    /// Any number, registered or not.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Reads a UINT16.
    public init(from reader: inout ByteReader) throws(WireError) {
        self.init(rawValue: try reader.uint16("TPM_ECC_CURVE"))
    }

    /// Writes a UINT16.
    public func write(to writer: inout ByteWriter) { writer.uint16(rawValue) }

    public static let p256 = ECCCurve(rawValue: 0x0003)
    public static let p384 = ECCCurve(rawValue: 0x0004)
    public static let p521 = ECCCurve(rawValue: 0x0005)
    public static let sm2P256 = ECCCurve(rawValue: 0x0020)

    /// The width of a coordinate in bytes, for the curves that are supported.
    public var coordinateSize: Int? {
        switch self {
        case .p256, .sm2P256: 32
        case .p384: 48
        case .p521: 66
        default: nil
        }
    }

    /// The usual name, or the number in hexadecimal.
    public var description: String {
        switch self {
        case .p256: "P-256"
        case .p384: "P-384"
        case .p521: "P-521"
        case .sm2P256: "SM2"
        default: "0x" + String(rawValue, radix: 16)
        }
    }
}
