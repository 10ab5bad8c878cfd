/// TPMS_RSA_PARMS (Part 2, 12.2.3.5).
public struct TPMSRSAParms: WireStructure {
    /// Part 2 calls it TPMS_RSA_PARMS.
    public static var specificationName: String { "TPMS_RSA_PARMS" }

    public var symmetric: TPMTSymDefObject
    public var scheme: TPMTAsymScheme
    /// Length of the modulus in bits.
    public var keyBits: UInt16
    /// 0 stands for 65537.
    public var exponent: UInt32

    /// All fields.
    public init(symmetric: TPMTSymDefObject, scheme: TPMTAsymScheme, keyBits: UInt16, exponent: UInt32 = 0) {
        self.symmetric = symmetric
        self.scheme = scheme
        self.keyBits = keyBits
        self.exponent = exponent
    }

    /// Reads the fields; refuses a scheme that is not for RSA.
    public init(from reader: inout ByteReader) throws(WireError) {
        symmetric = try TPMTSymDefObject(from: &reader)
        let at = reader.offset
        scheme = try TPMTAsymScheme(from: &reader)
        guard scheme.isForRSA || scheme == .null else {
            throw WireError(
                .illegalValue,
                field: "rsaDetail.scheme",
                offset: at,
                value: UInt64(scheme.algorithm.rawValue)
            )
        }
        keyBits = try reader.uint16("rsaDetail.keyBits")
        exponent = try reader.uint32("rsaDetail.exponent")
    }

    /// Writes the fields.
    public func write(to writer: inout ByteWriter) {
        symmetric.write(to: &writer)
        scheme.write(to: &writer)
        writer.uint16(keyBits)
        writer.uint32(exponent)
    }
}

/// TPMS_ECC_PARMS (Part 2, 12.2.3.6).
public struct TPMSECCParms: WireStructure {
    /// Part 2 calls it TPMS_ECC_PARMS.
    public static var specificationName: String { "TPMS_ECC_PARMS" }

    public var symmetric: TPMTSymDefObject
    public var scheme: TPMTAsymScheme
    public var curveID: ECCCurve
    public var kdf: TPMTKDFScheme

    /// All fields.
    public init(symmetric: TPMTSymDefObject, scheme: TPMTAsymScheme, curveID: ECCCurve, kdf: TPMTKDFScheme = .null) {
        self.symmetric = symmetric
        self.scheme = scheme
        self.curveID = curveID
        self.kdf = kdf
    }

    /// Reads the fields; refuses a scheme that is not for elliptic curves.
    public init(from reader: inout ByteReader) throws(WireError) {
        symmetric = try TPMTSymDefObject(from: &reader)
        let at = reader.offset
        scheme = try TPMTAsymScheme(from: &reader)
        guard !scheme.isForRSA else {
            throw WireError(
                .illegalValue,
                field: "eccDetail.scheme",
                offset: at,
                value: UInt64(scheme.algorithm.rawValue)
            )
        }
        curveID = try ECCCurve(from: &reader)
        kdf = try TPMTKDFScheme(from: &reader)
    }

    /// Writes the fields.
    public func write(to writer: inout ByteWriter) {
        symmetric.write(to: &writer)
        scheme.write(to: &writer)
        curveID.write(to: &writer)
        kdf.write(to: &writer)
    }
}

/// TPMS_ECC_POINT (Part 2, 11.2.5.2).
///
/// Coordinates stay as they came: TPMs strip or keep leading zeros, and templates put text here.
public struct TPMSECCPoint: WireStructure {
    /// Part 2 calls it TPMS_ECC_POINT.
    public static var specificationName: String { "TPMS_ECC_POINT" }

    public var x: [UInt8]
    public var y: [UInt8]

    /// Both coordinates, big-endian, at most 66 bytes each.
    public init(x: [UInt8], y: [UInt8]) {
        self.x = x
        self.y = y
    }

    /// Reads two TPM2B_ECC_PARAMETERs.
    public init(from reader: inout ByteReader) throws(WireError) {
        x = try reader.sized(max: WireBounds.eccParameter, "eccPoint.x")
        y = try reader.sized(max: WireBounds.eccParameter, "eccPoint.y")
    }

    /// Writes two TPM2B_ECC_PARAMETERs.
    public func write(to writer: inout ByteWriter) {
        writer.sized(x)
        writer.sized(y)
    }
}

/// TPMU_PUBLIC_PARMS and TPMU_PUBLIC_ID (Part 2, 12.2.3.7 and 12.2.3.2), kept together so that they cannot disagree.
public enum TPMUPublic: Sendable, Hashable {
    case rsa(TPMSRSAParms, unique: [UInt8])
    case ecc(TPMSECCParms, unique: TPMSECCPoint)
    case keyedHash(TPMTKeyedHashScheme, unique: [UInt8])
    case symCipher(TPMTSymDefObject, unique: [UInt8])
}

/// TPMT_PUBLIC (Part 2, 12.2.4): the public area of an object, or the template of one to be made.
public struct TPMTPublic: WireStructure {
    /// Part 2 calls it TPMT_PUBLIC.
    public static var specificationName: String { "TPMT_PUBLIC" }

    public var nameAlg: AlgorithmID
    public var objectAttributes: TPMAObject
    /// Empty, or a digest of nameAlg.
    public var authPolicy: [UInt8]
    /// Parameters and unique field of one type.
    public var parameters: TPMUPublic

    /// All fields.
    public init(
        nameAlg: AlgorithmID,
        objectAttributes: TPMAObject,
        authPolicy: [UInt8] = [],
        parameters: TPMUPublic
    ) {
        self.nameAlg = nameAlg
        self.objectAttributes = objectAttributes
        self.authPolicy = authPolicy
        self.parameters = parameters
    }

    /// The object type.
    public var type: AlgorithmID {
        switch parameters {
        case .rsa: .rsa
        case .ecc: .ecc
        case .keyedHash: .keyedHash
        case .symCipher: .symCipher
        }
    }

    /// The signing or encryption scheme of an asymmetric key; nil for other objects.
    public var scheme: TPMTAsymScheme? {
        switch parameters {
        case .rsa(let detail, _): detail.scheme
        case .ecc(let detail, _): detail.scheme
        case .keyedHash, .symCipher: nil
        }
    }

    /// Reads a public area.
    public init(from reader: inout ByteReader) throws(WireError) {
        let at = reader.offset
        let type = try AlgorithmID(from: &reader)
        nameAlg = try AlgorithmID(from: &reader)
        objectAttributes = try TPMAObject(from: &reader)
        authPolicy = try reader.sized(max: WireBounds.digest, "authPolicy")
        switch type {
        case .rsa:
            parameters = .rsa(
                try TPMSRSAParms(from: &reader),
                unique: try reader.sized(max: WireBounds.rsaKey, "unique.rsa")
            )
        case .ecc:
            parameters = .ecc(try TPMSECCParms(from: &reader), unique: try TPMSECCPoint(from: &reader))
        case .keyedHash:
            parameters = .keyedHash(
                try TPMTKeyedHashScheme(from: &reader),
                unique: try reader.sized(max: WireBounds.digest, "unique.keyedHash")
            )
        case .symCipher:
            parameters = .symCipher(
                try TPMTSymDefObject(from: &reader),
                unique: try reader.sized(max: WireBounds.digest, "unique.sym")
            )
        default:
            throw WireError(.unsupported, field: "type", offset: at, value: UInt64(type.rawValue))
        }
    }

    /// Writes the public area: the bytes that a Name hashes.
    public func write(to writer: inout ByteWriter) {
        type.write(to: &writer)
        nameAlg.write(to: &writer)
        objectAttributes.write(to: &writer)
        writer.sized(authPolicy)
        switch parameters {
        case .rsa(let detail, let unique):
            detail.write(to: &writer)
            writer.sized(unique)
        case .ecc(let detail, let unique):
            detail.write(to: &writer)
            unique.write(to: &writer)
        case .keyedHash(let scheme, let unique):
            scheme.write(to: &writer)
            writer.sized(unique)
        case .symCipher(let symmetric, let unique):
            symmetric.write(to: &writer)
            writer.sized(unique)
        }
    }
}

/// TPM2B_PUBLIC: what tpm2-tools writes as a public key file.
public typealias TPM2BPublic = TPM2B<TPMTPublic>
/// TPM2B_ECC_POINT.
public typealias TPM2BECCPoint = TPM2B<TPMSECCPoint>
