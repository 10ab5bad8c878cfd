import Crypto
public import Messages
import TPMWire

/// A public key as JOSE names it (RFC 7517, RFC 7518 section 6): here only a way to its thumbprint.
public enum JSONWebKey: Hashable, Sendable {
    /// An elliptic curve key; coordinates have the curve's width.
    case ellipticCurve(curve: String, x: [UInt8], y: [UInt8])
    /// An RSA key; both numbers without leading zeros.
    case rsa(modulus: [UInt8], exponent: [UInt8])

    /// The key of a statement's signer; `nil` when it is no point of P-256.
    public init?(_ key: StatementKey) {
        guard key.algorithm == .es256, (try? P256.Signing.PublicKey(x963Representation: key.publicKey.bytes)) != nil
        else {
            return nil
        }
        // SEC 1 section 2.3.3: 04, then both coordinates.
        let point = key.publicKey.bytes.dropFirst()
        self = .ellipticCurve(curve: "P-256", x: Array(point.prefix(32)), y: Array(point.dropFirst(32)))
    }

    /// The key of an instance without a TPM.
    init(_ key: SoftwareKey) {
        self = .ellipticCurve(curve: "P-256", x: Array(key.bytes.prefix(32)), y: Array(key.bytes.dropFirst(32)))
    }

    /// The key whose public area (TPMT_PUBLIC, exactly) this is.
    ///
    /// `nil` when the bytes are no public area of an RSA key or of one on P-256, P-384 or P-521.
    public init?(publicArea: [UInt8]) {
        guard let area = try? TPMTPublic(parsing: publicArea) else { return nil }
        switch area.parameters {
        case .ecc(let detail, let unique):
            guard let curve = Self.names[detail.curveID], let size = detail.curveID.coordinateSize,
                let x = Self.padded(unique.x, to: size), let y = Self.padded(unique.y, to: size)
            else { return nil }
            self = .ellipticCurve(curve: curve, x: x, y: y)
        case .rsa(let detail, let unique):
            let modulus = Array(unique.drop { $0 == 0 })
            guard !modulus.isEmpty else { return nil }
            // TPMS_RSA_PARMS.exponent: 0 stands for 65537 (Part 2, section 12.2.3.5).
            let exponent: UInt32 = detail.exponent == 0 ? 65537 : detail.exponent
            let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: exponent >> $0) }
            self = .rsa(modulus: modulus, exponent: Array(bytes.drop { $0 == 0 }))
        case .keyedHash, .symCipher:
            return nil
        }
    }

    private static let names: [ECCCurve: String] = [.p256: "P-256", .p384: "P-384", .p521: "P-521"]

    /// TPMs may strip leading zeros of a coordinate; JOSE demands them (RFC 7518 section 6.2.1.2).
    private static func padded(_ coordinate: [UInt8], to size: Int) -> [UInt8]? {
        let digits = coordinate.drop { $0 == 0 }
        guard digits.count <= size, !digits.isEmpty else { return nil }
        return [UInt8](repeating: 0, count: size - digits.count) + digits
    }

    /// The thumbprint (RFC 7638): SHA-256 of the required members in their order, in base64url.
    public var thumbprint: String {
        let members =
            switch self {
            case .ellipticCurve(let curve, let x, let y):
                #"{"crv":"\#(curve)","kty":"EC","x":"\#(Base64URL.encode(x))","y":"\#(Base64URL.encode(y))"}"#
            case .rsa(let modulus, let exponent):
                #"{"e":"\#(Base64URL.encode(exponent))","kty":"RSA","n":"\#(Base64URL.encode(modulus))"}"#
            }
        return Base64URL.encode(SHA256.hash(data: Array(members.utf8)))
    }
}
