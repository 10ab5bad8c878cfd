/// TPMT_HA (Part 2, 10.3.2): a digest behind its algorithm, without a size.
public struct TPMTHA: WireStructure {
    /// Part 2 calls it TPMT_HA.
    public static var specificationName: String { "TPMT_HA" }

    public let hashAlg: AlgorithmID
    public let digest: [UInt8]

    /// Both fields; nil when the length is not the algorithm's.
    public init?(hashAlg: AlgorithmID, digest: [UInt8]) {
        guard hashAlg.digestSize == digest.count else { return nil }
        self.hashAlg = hashAlg
        self.digest = digest
    }

    /// Reads the algorithm and as many bytes as it has.
    public init(from reader: inout ByteReader) throws(WireError) {
        let at = reader.offset
        hashAlg = try AlgorithmID(from: &reader)
        guard let size = hashAlg.digestSize else {
            throw WireError(.unsupported, field: "hashAlg", offset: at, value: UInt64(hashAlg.rawValue))
        }
        digest = try reader.bytes(size, "digest")
    }

    /// Writes both fields.
    public func write(to writer: inout ByteWriter) {
        hashAlg.write(to: &writer)
        writer.bytes(digest)
    }
}

/// TPMT_SIGNATURE (Part 2, 11.3.4).
public enum TPMTSignature: WireStructure {
    /// Part 2 calls it TPMT_SIGNATURE.
    public static var specificationName: String { "TPMT_SIGNATURE" }

    case rsassa(AlgorithmID, [UInt8])
    case rsapss(AlgorithmID, [UInt8])
    /// r and s as the TPM wrote them, big-endian, leading zeros stripped or not.
    case ecdsa(AlgorithmID, r: [UInt8], s: [UInt8])
    case hmac(TPMTHA)

    /// 1,024 bytes.
    public static var maximumSize: Int { WireBounds.signature }

    /// Reads a signature; a sigAlg that is none of the four is `.unsupported`.
    public init(from reader: inout ByteReader) throws(WireError) {
        let at = reader.offset
        let sigAlg = try AlgorithmID(from: &reader)
        switch sigAlg {
        case .rsassa:
            self = .rsassa(
                try AlgorithmID(from: &reader),
                try reader.sized(max: WireBounds.rsaKey, "signature.rsassa")
            )
        case .rsapss:
            self = .rsapss(
                try AlgorithmID(from: &reader),
                try reader.sized(max: WireBounds.rsaKey, "signature.rsapss")
            )
        case .ecdsa:
            self = .ecdsa(
                try AlgorithmID(from: &reader),
                r: try reader.sized(max: WireBounds.eccParameter, "signatureR"),
                s: try reader.sized(max: WireBounds.eccParameter, "signatureS")
            )
        case .hmac:
            self = .hmac(try TPMTHA(from: &reader))
        default:
            throw WireError(.unsupported, field: "sigAlg", offset: at, value: UInt64(sigAlg.rawValue))
        }
    }

    /// Writes the signature.
    public func write(to writer: inout ByteWriter) {
        sigAlg.write(to: &writer)
        switch self {
        case .rsassa(let hash, let signature), .rsapss(let hash, let signature):
            hash.write(to: &writer)
            writer.sized(signature)
        case .ecdsa(let hash, let r, let s):
            hash.write(to: &writer)
            writer.sized(r)
            writer.sized(s)
        case .hmac(let hmac):
            hmac.write(to: &writer)
        }
    }

    /// The selector.
    public var sigAlg: AlgorithmID {
        switch self {
        case .rsassa: .rsassa
        case .rsapss: .rsapss
        case .ecdsa: .ecdsa
        case .hmac: .hmac
        }
    }

    /// The hash that the signature names.
    public var hashAlgorithm: AlgorithmID {
        switch self {
        case .rsassa(let hash, _), .rsapss(let hash, _), .ecdsa(let hash, _, _): hash
        case .hmac(let hmac): hmac.hashAlg
        }
    }
}
