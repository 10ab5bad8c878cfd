import Crypto
import Testing

@testable import Messages

@Suite struct TrustBundleTests {
    private func bundle() throws -> TrustBundle {
        TrustBundle(
            verifier: "verifier.example",
            url: "https://verifier.example:8443",
            tlsRoots: "roots",
            grantKeys: [StatementKey(P256.Signing.PrivateKey().publicKey)],
            ledgerKey: "ledger+1+key",
            releaseKeys: nil
        )
    }

    private func parsed(_ bundle: TrustBundle) throws -> TrustBundle {
        try TrustBundle(parsing: EditedJSON.encode(bundle))
    }

    @Test func aBundleOfBeforeThereWereVersionsIsTheFirst() throws {
        let first = try bundle()
        let text = String(decoding: try EditedJSON.encode(first), as: UTF8.self)
        #expect(!text.contains("version\"") && !text.contains("trustKeys") && !text.contains("ledgerKeys"))
        #expect(try parsed(first).number == 1)
        #expect(first.allLedgerKeys == ["ledger+1+key"])
    }

    @Test func versionsAreFromOneToAMillion() throws {
        var bundle = try bundle()
        for (version, isOne) in [(1, true), (2, true), (1_000_000, true), (0, false), (-1, false), (1_000_001, false)]
            as [(Int64, Bool)]
        {
            bundle.version = version
            #expect((try? parsed(bundle)) == (isOne ? bundle : nil), "\(version)")
        }
    }

    @Test func aLedgerHasAFewKeysAndEachOnce() throws {
        var bundle = try bundle()
        bundle.ledgerKeys = (2...8).map { "ledger+\($0)+key" }
        #expect(try parsed(bundle).allLedgerKeys.count == 8)
        bundle.ledgerKeys?.append("ledger+9+key")
        #expect(throws: MessageError.self) { try parsed(bundle) }
        bundle.ledgerKeys = ["ledger+1+key"]
        #expect(throws: MessageError.self) { try parsed(bundle) }
    }

    @Test func setsOfKeysInABundleAreHeldToTheirRules() throws {
        let key = StatementKey(Curve25519.Signing.PrivateKey().publicKey)
        var sound = try bundle()
        sound.trustKeys = try SigningKeys(threshold: 1, keys: [key])
        sound.releaseKeys = sound.trustKeys
        #expect(try parsed(sound) == sound)
        var changes: [(inout TrustBundle) -> Void] = []
        changes.append { $0.trustKeys?.threshold = 2 }
        changes.append { $0.trustKeys?.threshold = 0 }
        changes.append { $0.trustKeys?.keys.append(key) }
        changes.append { $0.releaseKeys?.threshold = 2 }
        for change in changes {
            var bundle = sound
            change(&bundle)
            #expect(throws: MessageError.self) { try parsed(bundle) }
        }
    }

    @Test func aChainIsBoundedAndCanonical() throws {
        let envelope = try SignedEnvelope(payload: [1], payloadType: TrustBundle.payloadType, signers: [])
        let chain = TrustChain([envelope, envelope])
        #expect(try TrustChain(parsing: CanonicalJSON.encode(chain)) == chain)
        let long = TrustChain(Array(repeating: envelope, count: TrustChain.maximumCount + 1))
        #expect(throws: MessageError.self) { try TrustChain(parsing: CanonicalJSON.encode(long)) }
        var other = chain
        other.formatVersion = 2
        #expect(throws: MessageError.self) { try TrustChain(parsing: CanonicalJSON.encode(other)) }
    }

    @Test func aNextKeyIsOneOfTheVerifiersOwn() throws {
        let p256 = StatementKey(P256.Signing.PrivateKey().publicKey)
        let ed25519 = StatementKey(Curve25519.Signing.PrivateKey().publicKey)
        func parsed(_ key: NextKey) -> NextKey? { try? NextKey(parsing: EditedJSON.encode(key)) }
        for sound in [NextKey(.grant, p256), NextKey(.results, p256), NextKey(ledger: "vkey")] {
            #expect(parsed(sound) == sound)
        }
        var both = NextKey(.grant, p256)
        both.vkey = "vkey"
        var none = NextKey(ledger: "vkey")
        none.vkey = nil
        for wrong in [NextKey(.grant, ed25519), NextKey(.release, p256), NextKey(.ledger, p256), both, none] {
            #expect(parsed(wrong) == nil)
        }
    }

    @Test func aCompromisedKeyHasANameAndAReason() throws {
        #expect(CompromiseOrder(.grant, "kid", reason: "stolen") != nil)
        for (key, reason) in [("", "r"), ("two words", "r"), ("é", "r"), ("kid", ""), ("kid", "two\nlines")] {
            #expect(CompromiseOrder(.grant, key, reason: reason) == nil)
        }
        #expect(CompromiseOrder(.grant, String(repeating: "k", count: 601), reason: "r") == nil)
        let order = try #require(CompromiseOrder(.station, "line-1", reason: "stolen", isRehearsal: true))
        let bytes = try CanonicalJSON.encode(order)
        #expect(try CompromiseOrder(parsing: bytes) == order)
        // One text for each meaning: what is no rehearsal does not say so.
        let text = String(decoding: bytes, as: UTF8.self).replacing("true", with: "false")
        #expect(throws: MessageError.self) { try CompromiseOrder(parsing: Array(text.utf8)) }
    }
}
