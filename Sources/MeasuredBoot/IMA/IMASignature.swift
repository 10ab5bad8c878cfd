public import TPMWire

/// The signature of a file as IMA keeps it in `security.ima` and measures it with `ima-sig`, version 2.
///
/// Type 3, version 2, the kernel's number of the hash, four bytes that name the key, and a big-endian length (Linux,
/// `struct signature_v2_hdr`). The signature is over the file's digest: DER for an elliptic curve, PKCS #1 v1.5 for RSA.
public struct IMASignature: Hashable, Sendable {
    /// The hash that the file's digest was made with.
    public let hash: AlgorithmID
    /// By which the kernel finds the key; chosen by whoever signs, so it proves nothing.
    public let keyID: [UInt8]
    public let bytes: [UInt8]

    private static let header: [UInt8] = [3, 2]
    private static let headerSize = 9

    /// Reads the field of an entry; nil when it is another kind of signature, with another hash, or malformed.
    public init?(_ field: ArraySlice<UInt8>) {
        let field = Array(field)
        guard field.count > Self.headerSize, field.starts(with: Self.header), let hash = Self.hash(field[2]),
            Int(field[7]) << 8 | Int(field[8]) == field.count - Self.headerSize
        else { return nil }
        self.hash = hash
        keyID = Array(field[3..<7])
        bytes = Array(field[Self.headerSize...])
    }

    /// The kernel's numbers (include/uapi/linux/hash_info.h) of the hashes that are computed here.
    private static func hash(_ number: UInt8) -> AlgorithmID? {
        switch number {
        case 2: .sha1
        case 4: .sha256
        case 5: .sha384
        case 6: .sha512
        default: nil
        }
    }
}
