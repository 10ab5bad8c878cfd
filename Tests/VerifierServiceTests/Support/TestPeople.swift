import Crypto
import Messages
import VerifierClient

@testable import VerifierService

/// People who hold the keys of trust bundles: two of two have to sign.
struct TestPeople: Sendable {
    let signers = [
        StatementSigner.ed25519(Curve25519.Signing.PrivateKey()), .p256(P256.Signing.PrivateKey()),
    ]

    var keys: SigningKeys {
        get throws { try SigningKeys(threshold: 2, keys: signers.map(\.key)) }
    }

    func sign(_ bundle: TrustBundle, by signers: [StatementSigner]? = nil) throws -> SignedEnvelope {
        try SignedEnvelope(
            payload: try EditedJSON.encode(bundle),
            payloadType: TrustBundle.payloadType,
            signers: signers ?? self.signers
        )
    }
}

extension TestVerifier {
    /// The bundle after the one that is published.
    func successor(_ change: (inout TrustBundle) throws -> Void = { _ in }) rethrows -> TrustBundle {
        var next = verifier.published.now
        next.version = next.number + 1
        try change(&next)
        return next
    }

    /// Publishes a bundle that enough have signed.
    @discardableResult
    func publish(_ bundle: TrustBundle, _ people: TestPeople) async throws -> TrustReport {
        let envelope = try people.sign(bundle)
        return try await operating(as: .operator) { try await $0.publishTrust(envelope) }
    }
}
