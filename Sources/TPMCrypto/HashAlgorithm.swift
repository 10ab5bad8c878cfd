import Crypto
import Hashing
public import TPMWire

/// The hash algorithms that are computed here.
///
/// A closed list on purpose: an algorithm number from outside reaches a library only through it (swift-crypto's RSA
/// stops the process when it is given a SHA-3 digest).
public enum HashAlgorithm: Sendable, Hashable, CaseIterable {
    case sha1
    case sha256
    case sha384
    case sha512

    /// The algorithm with this number; throws `.unsupportedAlgorithm` for any that is not in the list.
    public init(_ id: AlgorithmID) throws(TPMCryptoError) {
        switch id {
        case .sha1: self = .sha1
        case .sha256: self = .sha256
        case .sha384: self = .sha384
        case .sha512: self = .sha512
        default: throw TPMCryptoError(.unsupportedAlgorithm, "the hash algorithm \(id) is not supported")
        }
    }

    /// The number in the TCG registry.
    public var id: AlgorithmID {
        switch self {
        case .sha1: .sha1
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        }
    }

    /// Length of a digest in bytes.
    public var digestSize: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// Hashes some bytes.
    public func digest(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .sha1: Insecure.SHA1.digest(of: bytes.span)
        case .sha256: SHA256.digest(of: bytes.span)
        case .sha384: SHA384.digest(of: bytes.span)
        case .sha512: SHA512.digest(of: bytes.span)
        }
    }

    /// Hashes the concatenation of the parts.
    public func digest(_ first: [UInt8], _ second: [UInt8], _ more: [UInt8]...) -> [UInt8] {
        digest(more.reduce(first + second, +))
    }

    /// HMAC over the concatenation of the parts.
    public func hmac(key: [UInt8], _ parts: [UInt8]...) -> [UInt8] {
        switch self {
        case .sha1: Self.hmac(Insecure.SHA1.self, key, parts)
        case .sha256: Self.hmac(SHA256.self, key, parts)
        case .sha384: Self.hmac(SHA384.self, key, parts)
        case .sha512: Self.hmac(SHA512.self, key, parts)
        }
    }

    private static func hmac<Function: HashFunction>(
        _: Function.Type,
        _ key: [UInt8],
        _ parts: [[UInt8]]
    ) -> [UInt8] {
        var code = HMAC<Function>(key: SymmetricKey(data: key))
        for part in parts { code.update(data: part) }
        return Array(code.finalize())
    }
}

/// Compares without telling by its duration where the first difference is; lengths are not secret.
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
}
