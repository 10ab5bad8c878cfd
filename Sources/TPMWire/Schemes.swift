/// TPMT_ASYM_SCHEME (Part 2, 11.2.3.4): TPMT_RSA_SCHEME and TPMT_ECC_SCHEME, told apart by who holds them.
public enum TPMTAsymScheme: WireStructure {
    /// Part 2 calls it TPMT_ASYM_SCHEME.
    public static var specificationName: String { "TPMT_ASYM_SCHEME" }

    case null
    case rsassa(AlgorithmID)
    case rsapss(AlgorithmID)
    case rsaes
    case oaep(AlgorithmID)
    case ecdsa(AlgorithmID)
    case ecdaa(AlgorithmID, count: UInt16)
    case sm2(AlgorithmID)
    case ecschnorr(AlgorithmID)
    case ecdh(AlgorithmID)
    case ecmqv(AlgorithmID)

    /// Reads the scheme and its details; an unknown scheme is unsupported.
    public init(from reader: inout ByteReader) throws(WireError) {
        let at = reader.offset
        let scheme = try AlgorithmID(from: &reader)
        switch scheme {
        case .null: self = .null
        case .rsassa: self = .rsassa(try AlgorithmID(from: &reader))
        case .rsapss: self = .rsapss(try AlgorithmID(from: &reader))
        case .rsaes: self = .rsaes
        case .oaep: self = .oaep(try AlgorithmID(from: &reader))
        case .ecdsa: self = .ecdsa(try AlgorithmID(from: &reader))
        case .ecdaa: self = .ecdaa(try AlgorithmID(from: &reader), count: try reader.uint16("ecdaa.count"))
        case .sm2: self = .sm2(try AlgorithmID(from: &reader))
        case .ecschnorr: self = .ecschnorr(try AlgorithmID(from: &reader))
        case .ecdh: self = .ecdh(try AlgorithmID(from: &reader))
        case .ecmqv: self = .ecmqv(try AlgorithmID(from: &reader))
        default: throw WireError(.unsupported, field: "scheme", offset: at, value: UInt64(scheme.rawValue))
        }
    }

    /// Writes the scheme and its details.
    public func write(to writer: inout ByteWriter) {
        algorithm.write(to: &writer)
        hashAlgorithm?.write(to: &writer)
        if case .ecdaa(_, let count) = self { writer.uint16(count) }
    }

    /// The selector.
    public var algorithm: AlgorithmID {
        switch self {
        case .null: .null
        case .rsassa: .rsassa
        case .rsapss: .rsapss
        case .rsaes: .rsaes
        case .oaep: .oaep
        case .ecdsa: .ecdsa
        case .ecdaa: .ecdaa
        case .sm2: .sm2
        case .ecschnorr: .ecschnorr
        case .ecdh: .ecdh
        case .ecmqv: .ecmqv
        }
    }

    /// Whether only RSA keys have this scheme.
    var isForRSA: Bool {
        switch self {
        case .rsassa, .rsapss, .rsaes, .oaep: true
        case .null, .ecdsa, .ecdaa, .sm2, .ecschnorr, .ecdh, .ecmqv: false
        }
    }

    /// The hash of the scheme, when it has one.
    public var hashAlgorithm: AlgorithmID? {
        switch self {
        case .null, .rsaes: nil
        case .rsassa(let hash), .rsapss(let hash), .oaep(let hash), .ecdsa(let hash), .ecdaa(let hash, _),
            .sm2(let hash), .ecschnorr(let hash), .ecdh(let hash), .ecmqv(let hash):
            hash
        }
    }
}

/// TPMT_KEYEDHASH_SCHEME (Part 2, 11.1.23).
public enum TPMTKeyedHashScheme: WireStructure {
    /// Part 2 calls it TPMT_KEYEDHASH_SCHEME.
    public static var specificationName: String { "TPMT_KEYEDHASH_SCHEME" }

    case null
    case hmac(AlgorithmID)
    case xor(AlgorithmID, kdf: AlgorithmID)

    /// Reads the scheme and its details.
    public init(from reader: inout ByteReader) throws(WireError) {
        let at = reader.offset
        let scheme = try AlgorithmID(from: &reader)
        switch scheme {
        case .null: self = .null
        case .hmac: self = .hmac(try AlgorithmID(from: &reader))
        case .xor: self = .xor(try AlgorithmID(from: &reader), kdf: try AlgorithmID(from: &reader))
        default: throw WireError(.unsupported, field: "keyedHash.scheme", offset: at, value: UInt64(scheme.rawValue))
        }
    }

    /// Writes the scheme and its details.
    public func write(to writer: inout ByteWriter) {
        switch self {
        case .null: AlgorithmID.null.write(to: &writer)
        case .hmac(let hash):
            AlgorithmID.hmac.write(to: &writer)
            hash.write(to: &writer)
        case .xor(let hash, let kdf):
            AlgorithmID.xor.write(to: &writer)
            hash.write(to: &writer)
            kdf.write(to: &writer)
        }
    }
}

/// TPMT_KDF_SCHEME (Part 2, 11.2.3.2).
public enum TPMTKDFScheme: WireStructure {
    /// Part 2 calls it TPMT_KDF_SCHEME.
    public static var specificationName: String { "TPMT_KDF_SCHEME" }

    case null
    case derivation(AlgorithmID, hash: AlgorithmID)

    /// Reads the scheme and its hash.
    public init(from reader: inout ByteReader) throws(WireError) {
        let at = reader.offset
        let scheme = try AlgorithmID(from: &reader)
        switch scheme {
        case .null: self = .null
        case .mgf1, .kdf1SP800_56A, .kdf2, .kdf1SP800_108:
            self = .derivation(scheme, hash: try AlgorithmID(from: &reader))
        default: throw WireError(.unsupported, field: "kdf", offset: at, value: UInt64(scheme.rawValue))
        }
    }

    /// Writes the scheme and its hash.
    public func write(to writer: inout ByteWriter) {
        switch self {
        case .null: AlgorithmID.null.write(to: &writer)
        case .derivation(let scheme, let hash):
            scheme.write(to: &writer)
            hash.write(to: &writer)
        }
    }
}

/// TPMT_SYM_DEF_OBJECT (Part 2, 11.1.7): the cipher of a storage key, or none.
public enum TPMTSymDefObject: WireStructure {
    /// Part 2 calls it TPMT_SYM_DEF_OBJECT.
    public static var specificationName: String { "TPMT_SYM_DEF_OBJECT" }

    case null
    case cipher(AlgorithmID, keyBits: UInt16, mode: AlgorithmID)

    /// What low-range EKs and most storage keys use.
    public static let aes128CFB = TPMTSymDefObject.cipher(.aes, keyBits: 128, mode: .cfb)
    /// What high-range EKs use.
    public static let aes256CFB = TPMTSymDefObject.cipher(.aes, keyBits: 256, mode: .cfb)

    /// Reads the cipher, its key length in bits and its mode.
    public init(from reader: inout ByteReader) throws(WireError) {
        let at = reader.offset
        let algorithm = try AlgorithmID(from: &reader)
        switch algorithm {
        case .null: self = .null
        case .aes, .sm4, .camellia, .tdes:
            self = .cipher(
                algorithm,
                keyBits: try reader.uint16("symmetric.keyBits"),
                mode: try AlgorithmID(from: &reader)
            )
        default: throw WireError(.unsupported, field: "symmetric", offset: at, value: UInt64(algorithm.rawValue))
        }
    }

    /// Writes the cipher, its key length in bits and its mode.
    public func write(to writer: inout ByteWriter) {
        switch self {
        case .null: AlgorithmID.null.write(to: &writer)
        case .cipher(let algorithm, let keyBits, let mode):
            algorithm.write(to: &writer)
            writer.uint16(keyBits)
            mode.write(to: &writer)
        }
    }
}
