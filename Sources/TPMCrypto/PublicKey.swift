import Crypto
import CryptoExtras
import FoundationEssentials
public import TPMWire

/// A public key whose numbers were checked: a point on P-256, P-384 or P-521, or an RSA modulus of 2,048, 3,072 or
/// 4,096 bits with the exponent 65,537.
///
/// Says nothing about where the key lives or what it may do: that is in the attributes of the TPMT_PUBLIC.
public struct PublicKey: Sendable, Hashable {
    /// The numbers.
    public enum Numbers: Sendable, Hashable {
        /// Coordinates, big-endian, padded on the left to the width of the curve.
        case ecc(ECCCurve, x: [UInt8], y: [UInt8])
        /// The modulus, big-endian, without leading zeros.
        case rsa(modulus: [UInt8])
    }

    enum Imported: Sendable {
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case rsa(_RSA.Signing.PublicKey)
    }

    /// The exponent of every RSA key here, big-endian: 65,537.
    public static let rsaExponent: [UInt8] = [1, 0, 1]

    /// Lengths of a modulus in bits: those of the TCG profiles.
    static let rsaSizes = [2048, 3072, 4096]

    /// The numbers.
    public let numbers: Numbers
    let imported: Imported

    /// The key of a public area; throws `.unsuitableKey` or `.unsupportedAlgorithm` with the reason.
    public init(_ area: TPMTPublic) throws(TPMCryptoError) {
        switch area.parameters {
        case .ecc(let detail, let unique):
            try self.init(curve: detail.curveID, x: unique.x, y: unique.y)
        case .rsa(let detail, let unique):
            // Zero stands for the default exponent (Part 2, 12.2.3.5); another one is refused, small ones for their
            // signature forgeries, all for having no place in a TCG profile.
            guard detail.exponent == 0 || detail.exponent == 65_537 else {
                throw TPMCryptoError(.unsuitableKey, "the RSA exponent is \(detail.exponent), not 65537")
            }
            guard unique.count * 8 == Int(detail.keyBits) else {
                throw TPMCryptoError(
                    .unsuitableKey,
                    "the RSA modulus has \(unique.count) bytes, but keyBits says \(detail.keyBits)"
                )
            }
            try self.init(rsaModulus: unique)
        case .keyedHash, .symCipher:
            throw TPMCryptoError(.unsuitableKey, "an object of type \(area.type) has no public key")
        }
    }

    /// A point; coordinates may be shorter than the curve (leading zeros stripped), never longer.
    public init(curve: ECCCurve, x: [UInt8], y: [UInt8]) throws(TPMCryptoError) {
        guard let width = curve.coordinateSize, [.p256, .p384, .p521].contains(curve) else {
            throw TPMCryptoError(.unsupportedAlgorithm, "the curve \(curve) is not supported")
        }
        guard let x = x.leftPadded(to: width), let y = y.leftPadded(to: width) else {
            throw TPMCryptoError(.unsuitableKey, "a coordinate is missing or longer than the curve \(curve)")
        }
        do {
            imported =
                switch curve {
                case .p256: .p256(try P256.Signing.PublicKey(rawRepresentation: x + y))
                case .p384: .p384(try P384.Signing.PublicKey(rawRepresentation: x + y))
                default: .p521(try P521.Signing.PublicKey(rawRepresentation: x + y))
                }
        } catch {
            throw TPMCryptoError(.unsuitableKey, "the point is not on the curve \(curve)")
        }
        numbers = .ecc(curve, x: x, y: y)
    }

    /// An RSA key with the exponent 65,537; the modulus must have no leading zeros.
    public init(rsaModulus modulus: [UInt8]) throws(TPMCryptoError) {
        guard let first = modulus.first, first & 0x80 != 0, Self.rsaSizes.contains(modulus.count * 8) else {
            throw TPMCryptoError(.unsuitableKey, "an RSA modulus of 2048, 3072 or 4096 bits is needed")
        }
        do {
            imported = .rsa(try _RSA.Signing.PublicKey(n: modulus, e: Self.rsaExponent))
        } catch {
            throw TPMCryptoError(.unsuitableKey, "the RSA modulus is not one of a key")
        }
        numbers = .rsa(modulus: modulus)
    }

    /// Two keys are equal when their numbers are.
    public static func == (left: PublicKey, right: PublicKey) -> Bool { left.numbers == right.numbers }

    /// Hashes the numbers.
    public func hash(into hasher: inout Hasher) { hasher.combine(numbers) }
}

extension [UInt8] {
    /// The number with zeros in front of it, `width` bytes in all; nil when it is empty or longer.
    func leftPadded(to width: Int) -> [UInt8]? {
        guard !isEmpty, count <= width else { return nil }
        return count == width ? self : Array(repeating: 0, count: width - count) + self
    }
}
