import NIOSSL

/// An operator's certificate and private key, as the verifier issued them.
public struct OperatorIdentity: Sendable {
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey

    /// The most bytes of either file.
    public static let maximumSize = 64 << 10

    /// Reads both in PEM.
    /// - Throws: `.unusable`; the key's bytes are in no message.
    public init(certificate: [UInt8], key: [UInt8]) throws(VerifierClientError) {
        do {
            chain = try NIOSSLCertificate.fromPEMBytes(certificate)
            self.key = try NIOSSLPrivateKey(bytes: key, format: .pem)
        } catch {
            throw .unusable("the operator's certificate or key is not PEM")
        }
        guard !chain.isEmpty else { throw .unusable("the operator's certificate file holds no certificate") }
    }
}
