import SwiftASN1
import TPMCrypto

/// The three parts of what X.509 signs, to the last byte: certificates and revocation lists (RFC 5280, sections 4.1.1 and 5.1.1), and
/// certification requests (RFC 2986, section 4.2).
struct SignedParts {
    /// What is signed.
    let body: ASN1Node
    private let algorithm: ASN1Node
    private let signature: ArraySlice<UInt8>

    /// Reads the parts.
    /// - Parameters:
    ///   - limit: the most bytes.
    ///   - name: what it is, for errors.
    ///   - part: what the standard calls the part that is signed.
    init(_ der: [UInt8], limit: Int, _ name: String, signing part: String) throws(CertificateError) {
        guard !der.isEmpty else { throw .empty }
        guard der.count <= limit else { throw .tooLarge(bytes: der.count, limit: limit) }
        var outer = try Fields(ASN1Node.parse(der[...], name), name)
        body = try outer.next(part)
        algorithm = try outer.next("signatureAlgorithm")
        signature = try outer.next("signatureValue").wholeBits("signatureValue")
        try outer.end()
    }

    /// The signature, by the algorithm beside it.
    func read(_ leniency: inout Leniency) throws(CertificateError) -> PlacedSignature {
        // The nodes are slices of the bytes, whose indices begin at zero.
        PlacedSignature(
            algorithm: try SignatureAlgorithm(algorithm, &leniency),
            signed: body.encodedBytes.startIndex..<body.encodedBytes.endIndex,
            signature: signature.startIndex..<signature.endIndex
        )
    }

    /// The signature, when what is signed names the same algorithm.
    func read(naming inner: ASN1Node, _ leniency: inout Leniency) throws(CertificateError) -> PlacedSignature {
        guard inner.encodedBytes == algorithm.encodedBytes else {
            throw .malformed(field: "signature algorithm: outer and inner differ")
        }
        return try read(&leniency)
    }
}

/// A signature over a part of the bytes in which both stand.
struct PlacedSignature: Sendable, Hashable {
    fileprivate let algorithm: SignatureAlgorithm
    fileprivate let signed: Range<Int>
    fileprivate let signature: Range<Int>

    /// Whether it is `key`'s, over the bytes as they came.
    func isValid(in bytes: [UInt8], by key: PublicKey) -> Bool {
        algorithm.isValid(bytes[signature], over: bytes[signed], by: key)
    }
}
