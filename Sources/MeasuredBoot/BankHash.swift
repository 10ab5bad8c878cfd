import Crypto
import Hashing
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
        case .sha1: Insecure.SHA1.digest(of: data.span)
        case .sha256: SHA256.digest(of: data.span)
        case .sha384: SHA384.digest(of: data.span)
        case .sha512: SHA512.digest(of: data.span)
        }
    }

    /// The value of a PCR after it was extended (TPM 2.0 Part 1, 17.2).
    func extend(_ value: some Sequence<UInt8>, by digest: some Sequence<UInt8>) -> [UInt8] {
        self.digest(of: (Array(value) + Array(digest))[...])
    }

    /// Whether some bytes have a digest.
    func isDigest(_ digest: Span<UInt8>, of data: Span<UInt8>) -> Bool {
        switch self {
        case .sha1: Insecure.SHA1.isDigest(digest, of: data)
        case .sha256: SHA256.isDigest(digest, of: data)
        case .sha384: SHA384.isDigest(digest, of: data)
        case .sha512: SHA512.isDigest(digest, of: data)
        }
    }
}
