import Crypto
import FoundationEssentials
import Messages
import NIOSSL

/// An operator's certificate and private key, as the verifier issued them: for connections, and for what he signs.
public struct OperatorIdentity: Sendable {
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey
    /// Seconds since 1970 after which nobody accepts the certificate.
    public let expiry: Int64
    /// The same key; `nil` when it cannot be read as one on P-256.
    private let signer: StatementSigner?
    /// Reads the operator's clock, in seconds since 1970.
    private let now: @Sendable () -> Int64

    /// The most bytes of either file.
    public static let maximumSize = 64 << 10

    /// Reads both in PEM.
    /// - Parameter now: the operator's clock, in seconds since 1970; `nil`: the system's.
    /// - Throws: `.unusable`; the key's bytes are in no message.
    public init(
        certificate: [UInt8],
        key: [UInt8],
        now: (@Sendable () -> Int64)? = nil
    ) throws(VerifierClientError) {
        do {
            chain = try NIOSSLCertificate.fromPEMBytes(certificate)
            self.key = try NIOSSLPrivateKey(bytes: key, format: .pem)
        } catch {
            throw .unusable("the operator's certificate or key is not PEM")
        }
        guard let leaf = chain.first else { throw .unusable("the operator's certificate file holds no certificate") }
        expiry = Int64(leaf.notValidAfter)
        signer = (try? P256.Signing.PrivateKey(pemRepresentation: String(decoding: key, as: UTF8.self)))
            .map { StatementSigner.p256($0) }
        self.now = now ?? { Int64(Date.now.timeIntervalSince1970) }
    }

    /// Signs one request.
    /// - Parameters:
    ///   - verifier: the name of the verifier that is asked.
    ///   - path: as it is requested.
    /// - Returns: the value of the header that the request carries.
    /// - Throws: `.unusable` when the key cannot sign.
    func statement(to verifier: Label, path: String, body: [UInt8]) throws(VerifierClientError) -> String {
        guard let signer else {
            throw .unusable("the operator's key is not on P-256, so no act can be signed with it")
        }
        guard let certificate = try? chain.first?.toDERBytes() else {
            throw .unusable("the operator's certificate cannot be written")
        }
        do throws(MessageError) {
            let statement = try ActStatement(
                to: verifier,
                path: path,
                body: body,
                certificate: certificate,
                at: now(),
                nonce: (0..<ActStatement.nonceSize).map { _ in UInt8.random(in: .min ... .max) }
            )
            return try SignedStatement(statement, by: signer).header
        } catch {
            throw .unusable("the request cannot be signed: \(error.detail)")
        }
    }
}
