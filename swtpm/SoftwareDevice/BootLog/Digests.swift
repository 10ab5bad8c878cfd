import Crypto
import TPMWire

enum Digests {
    static func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

    /// The digest for a bank; nil for a bank that no event log here is written for.
    static func digest(_ bytes: [UInt8], bank: AlgorithmID) -> TPMTHA? {
        let digest: [UInt8]
        switch bank {
        case .sha1: digest = Array(Insecure.SHA1.hash(data: bytes))
        case .sha256: digest = sha256(bytes)
        case .sha384: digest = Array(SHA384.hash(data: bytes))
        case .sha512: digest = Array(SHA512.hash(data: bytes))
        default: return nil
        }
        return TPMTHA(hashAlg: bank, digest: digest)
    }
}
