import Crypto
import Messages
import Testing
import UpdateTrust
import VerifierStore

/// What operators have signed stays with what they have signed for.
extension StoreConformance {
    static let actCases = [
        StoreConformance("a statement is kept with its change", actKept),
        StoreConformance("a statement of a change that does not hold is not kept", actNotKept),
        StoreConformance("a nonce is good for one act", actOnce),
    ]

    private static func signed(_ nonce: UInt8, body: [UInt8] = [1, 2, 3]) throws -> StoredAct {
        let certificate: [UInt8] = [0x30, 0x00]
        let statement = try ActStatement(
            to: try Fixture.label("test"),
            path: "/v1/approvals",
            body: body,
            certificate: certificate,
            at: Fixture.now,
            nonce: [UInt8](repeating: nonce, count: ActStatement.nonceSize)
        )
        let signer = StatementSigner.p256(P256.Signing.PrivateKey())
        return try StoredAct(try SignedStatement(statement, by: signer), certificate: certificate, body: body)
    }

    private static func actKept(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try Fixture.release(1)
        let (first, second) = (try signed(1), try signed(2))
        let large = try signed(3, body: [UInt8](repeating: 1, count: SignedAct.maximumBody + 1))
        let outcomes = try await store.commit(
            [
                .signed(.release(release, entry: try Fixture.entry("r")), first),
                .signed(.log(StoredLog([1, 2, 3])), second), .signed(try Fixture.policy("p"), large),
            ],
            sealer: key.sealer
        ).outcomes
        #expect(outcomes == [.committed(at: 0), .committed(at: 1), .committed(at: 1)])
        #expect(try await store.ledgerHead().size == 2)
        #expect(try await store.release(release.manifest)?.envelope == release.envelope)
        for act in [first, second, large] { #expect(try await store.act(act.digest) == act.act) }
        #expect(try await store.act(large.digest)?.body == nil)
        #expect(try await store.act(ContentDigest(of: [9])) == nil)
    }

    private static func actNotKept(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try Fixture.release(1)
        let withdrawal = StoredRelease.Withdrawal(at: Fixture.now, by: try Fixture.label("rita"), reason: "bad")
        let act = try signed(1)
        let change = StoreChange.withdrawal(release.manifest, withdrawal, entry: try Fixture.entry("w"))
        let missing = try await store.commit([.signed(change, act)], sealer: key.sealer)
        #expect(missing.outcomes == [.conflict(.missing)] && missing.ledger == nil)
        #expect(try await store.act(act.digest) == nil)
        // What came to nothing has not used it up.
        let entry = try Fixture.entry("r")
        let again = try await store.commit([.signed(.release(release, entry: entry), act)], sealer: key.sealer)
        #expect(again.outcomes == [.committed(at: 0)])
        #expect(try await store.act(act.digest) == act.act)
    }

    private static func actOnce(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let act = try signed(1)
        // Signed again over the same words: another signature, the same nonce.
        let other = try signed(1)
        #expect(act.digest != other.digest)
        let (first, second) = (try Fixture.release(1), try Fixture.release(2))
        let outcomes = try await store.commit(
            [
                .signed(.release(first, entry: try Fixture.entry("1")), act),
                .signed(.release(second, entry: try Fixture.entry("2")), act),
                .signed(.release(second, entry: try Fixture.entry("2")), other),
            ],
            sealer: key.sealer
        ).outcomes
        #expect(outcomes == [.committed(at: 0), .challengeUsed, .challengeUsed])
        #expect(try await store.release(second.manifest) == nil)
        #expect(try await store.act(other.digest) == nil)
    }
}
