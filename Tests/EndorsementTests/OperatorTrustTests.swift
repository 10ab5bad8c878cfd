import Crypto
import Messages
import Testing
import X509

@testable import Endorsement

/// Whose certificates of operators an auditor believes.
@Suite struct OperatorTrustTests {
    private static let now: Int64 = 1_790_000_000
    private let authority: CertificateAuthority

    init() throws { authority = try Self.authority() }

    private static func authority() throws -> CertificateAuthority {
        try CertificateAuthority.root(
            commonName: "test operators",
            key: Certificate.PrivateKey(P256.Signing.PrivateKey()),
            at: now - 1000
        )
    }

    private func issue(_ uris: [String], by other: CertificateAuthority? = nil) throws -> [UInt8] {
        try (other ?? authority).issueClientCertificate(
            commonName: "somebody",
            key: P256.Signing.PrivateKey().publicKey,
            uris: uris,
            from: Self.now - 1000,
            until: Self.now + 1000
        )
    }

    private let alice = ["urn:birthmark:operator:alice", "urn:birthmark:role:operator", "urn:birthmark:role:auditor"]

    private func trust(_ certificates: [UInt8]...) throws -> OperatorTrust {
        try OperatorTrust(try certificates.map { try ParsedCertificate(der: $0) })
    }

    @Test func aCertificateNamesOneOperatorAndRoles() throws {
        let certificate = try OperatorCertificate(der: try issue(alice))
        #expect(certificate.name.text == "alice" && certificate.roles == [.operator, .auditor])
        for uris in [
            [], ["urn:birthmark:role:operator"], alice + ["urn:birthmark:operator:bob"],
            alice + ["urn:birthmark:role:king"],
            ["urn:birthmark:operator:a/b"],
        ] {
            #expect(throws: Endorsement.CertificateError.self, "\(uris)") {
                try OperatorCertificate(der: try issue(uris))
            }
        }
    }

    @Test func whatTheAuthorityHasIssuedCounts() throws {
        let trust = try trust(try authority.der())
        let certificate = try OperatorCertificate(der: try issue(alice))
        #expect(trust.obstacle(to: certificate, at: Self.now) == nil)
        #expect(trust.obstacle(to: certificate, at: Self.now + 1001) != nil)
        #expect(trust.obstacle(to: certificate, at: Self.now - 1001) != nil)
        let foreign = try OperatorCertificate(der: try issue(alice, by: try Self.authority()))
        #expect(trust.obstacle(to: foreign, at: Self.now) != nil)
    }

    /// Who has the authority's key can issue another certificate in alice's name; the one that came from her says so.
    @Test func aCertificateFromElsewhereGoesBeforeTheAuthority() throws {
        let own = try issue(alice)
        let made = try OperatorCertificate(der: try issue(alice))
        let trust = try trust(try authority.der(), own)
        #expect(trust.obstacle(to: try OperatorCertificate(der: own), at: Self.now) == nil)
        #expect(trust.obstacle(to: made, at: Self.now) != nil)
        let bob = try OperatorCertificate(
            der: try issue(["urn:birthmark:operator:bob", "urn:birthmark:role:operator"])
        )
        #expect(trust.obstacle(to: bob, at: Self.now) == nil)
        let without = try self.trust(own)
        #expect(without.obstacle(to: bob, at: Self.now) != nil, "nobody knows him")
    }

    @Test func whatIsNeitherIsRefused() throws {
        let server = try authority.issueServerCertificate(
            commonName: "verifier",
            key: P256.Signing.PrivateKey().publicKey,
            hosts: ["localhost"],
            from: Self.now,
            until: Self.now + 1
        )
        #expect(throws: Endorsement.CertificateError.self) { try trust(server) }
    }
}
