import Crypto
import Messages
import SwiftASN1

@testable import VerifierService

/// Signs acts as an operator's client does, or in whatever way a test wants otherwise.
struct ActSigner: Sendable {
    let certificate: [UInt8]
    let signer: StatementSigner
    let verifier: Label
    let now: @Sendable () -> Int64

    /// - Parameter certificate: in PEM, as `key`.
    init(certificate: [UInt8], key: [UInt8], for service: TestVerifier) throws {
        self.certificate = try PEMDocument(pemString: String(decoding: certificate, as: UTF8.self)).derBytes
        signer = .p256(try P256.Signing.PrivateKey(pemRepresentation: String(decoding: key, as: UTF8.self)))
        verifier = service.verifier.materials.configuration.name
        now = { [clock = service.clock] in clock.clock.seconds }
    }

    init(_ role: OperatorRole, of service: TestVerifier) throws {
        let identity = try HTTPProbe.identity(role, of: service)
        try self.init(certificate: identity.certificate, key: identity.key, for: service)
    }

    /// Signs a request.
    func statement(
        _ path: String,
        _ body: [UInt8],
        at: Int64? = nil,
        to other: Label? = nil,
        for otherCertificate: [UInt8]? = nil,
        by otherKey: StatementSigner? = nil
    ) throws -> SignedStatement {
        let statement = try ActStatement(
            to: other ?? verifier,
            path: path,
            body: body,
            certificate: otherCertificate ?? certificate,
            at: at ?? now(),
            nonce: (0..<ActStatement.nonceSize).map { _ in UInt8.random(in: .min ... .max) }
        )
        return try SignedStatement(statement, by: otherKey ?? signer)
    }
}
