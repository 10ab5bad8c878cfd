import Crypto
import TPMWire

/// The hashes that PCR banks of real TPMs use and that can be computed here.
enum BankHash: Hashable, Sendable {
    case sha1
    case sha256
    case sha384
    case sha512

    init?(_ algorithm: AlgorithmID) {
        switch algorithm {
        case .sha1: self = .sha1
        case .sha256: self = .sha256
        case .sha384: self = .sha384
        case .sha512: self = .sha512
        default: return nil
        }
    }

    var algorithm: AlgorithmID {
        switch self {
        case .sha1: .sha1
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        }
    }

    var digestSize: Int {
        switch self {
        case .sha1: Insecure.SHA1.byteCount
        case .sha256: SHA256.byteCount
        case .sha384: SHA384.byteCount
        case .sha512: SHA512.byteCount
        }
    }

    /// The digest of some bytes.
    func digest(of data: ArraySlice<UInt8>) -> [UInt8] {
        switch self {
        case .sha1: Array(Insecure.SHA1.hash(data: data))
        case .sha256: Array(SHA256.hash(data: data))
        case .sha384: Array(SHA384.hash(data: data))
        case .sha512: Array(SHA512.hash(data: data))
        }
    }

    /// The value of a PCR after it was extended (TPM 2.0 Part 1, 17.2).
    func extend(_ value: some Sequence<UInt8>, by digest: some Sequence<UInt8>) -> [UInt8] {
        self.digest(of: (Array(value) + Array(digest))[...])
    }

    /// Whether some bytes have the digest that stands at an offset of others, which must hold one there.
    func digest(of data: ArraySlice<UInt8>, equals bytes: Span<UInt8>, at offset: Int) -> Bool {
        switch self {
        case .sha1: Self.equal(Insecure.SHA1.hash(data: data), bytes, offset)
        case .sha256: Self.equal(SHA256.hash(data: data), bytes, offset)
        case .sha384: Self.equal(SHA384.hash(data: data), bytes, offset)
        case .sha512: Self.equal(SHA512.hash(data: data), bytes, offset)
        }
    }

    // Digests of a log are no secrets; the comparison that comes with the type copies them twice.
    private static func equal(_ digest: some Digest, _ bytes: Span<UInt8>, _ offset: Int) -> Bool {
        var index = offset
        for byte in digest {
            guard index < bytes.count, bytes[index] == byte else { return false }
            index += 1
        }
        return true
    }
}
