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

    /// The digest of pieces, one after the other.
    func digest(of pieces: ArraySlice<UInt8>...) -> [UInt8] {
        switch self {
        case .sha1: Self.digest(Insecure.SHA1(), pieces)
        case .sha256: Self.digest(SHA256(), pieces)
        case .sha384: Self.digest(SHA384(), pieces)
        case .sha512: Self.digest(SHA512(), pieces)
        }
    }

    private static func digest<Function: HashFunction>(
        _ start: Function,
        _ pieces: [ArraySlice<UInt8>]
    ) -> [UInt8] {
        var function = start
        for piece in pieces { function.update(data: piece) }
        return Array(function.finalize())
    }
}
