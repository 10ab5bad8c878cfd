import Crypto
import Ledger
import Messages
import Testing

@testable import UpdateTrust

/// A device that was away is led from one version of trust to the next, and by nobody but the people whose keys it holds.
@Suite struct TrustStepTests {
    let people = People(["ann", "bob", "eve"])

    @Test func aSuccessorIsBelievedToTheByte() throws {
        let first = try people.bundle(threshold: 2)
        var second = first
        second.version = 2
        second.url = "https://elsewhere.example:8443"
        // Written by hand, with a layout of its own: what was signed is what is kept.
        let bytes = try EditedJSON.encode(second)
        let step = try TrustStep.judge(people.envelope(of: bytes, by: ["ann", "bob"]), after: first).get()
        #expect(step.bundle == second)
        #expect(step.bytes == bytes)
        #expect(step.digest == ContentDigest(of: bytes))
    }

    @Test func case16_theRootIsRotatedTwiceWhileAway() throws {
        let first = try people.bundle(threshold: 2)
        let makers = [releaseSigner(), releaseSigner(), releaseSigner()]
        // The makers' keys change in each version, and the people's as well: nobody of the first has signed the third.
        let later = People(["fred", "gina"])
        let last = People(["hal", "ida"])
        var second = first
        second.version = 2
        second.releaseKeys = try SigningKeys(version: 2, threshold: 1, keys: [makers[1].key])
        second.trustKeys = try later.keys(threshold: 2)
        var third = second
        third.version = 3
        third.releaseKeys = try SigningKeys(version: 3, threshold: 1, keys: [makers[2].key])
        third.trustKeys = try last.keys(threshold: 2)
        let (old, middle) = (try people.signers(["ann", "bob"]), try later.signers(["fred", "gina"]))
        let steps = [
            try envelope(of: second, by: old + middle),
            try envelope(of: third, by: middle + last.signers(["hal", "ida"])),
        ]
        var held = first
        for envelope in steps { held = try TrustStep.judge(envelope, after: held).get().bundle }
        #expect(held == third)
        #expect(
            refusal(steps[1], after: first) == .notSignedBefore,
            "without the version between nobody's word leads from the first to the third"
        )
        let trust = try GateTrust(held)
        #expect(trust.releaseKeys.keys == [makers[2].key])
    }

    @Test func oneOfTheOldKeysAndOneOfTheNewAreNotEnough() throws {
        let first = try people.bundle(threshold: 2)
        var second = first
        second.version = 2
        let cases: [([String], TrustRefusal)] = [
            ([], .notSignedBefore), (["ann"], .notSignedBefore), (["ann", "ann"], .notSignedBefore),
        ]
        for (names, expected) in cases {
            #expect(try refusal(people.envelope(of: second, by: names), after: first) == expected, "\(names)")
        }
        // The people of the next version have to hold their keys: one mistyped key would lock everybody out.
        let later = People(["fred", "gina"])
        second.trustKeys = try later.keys(threshold: 2)
        let old = try people.signers(["ann", "bob"])
        for names in [[], ["fred"]] {
            let signed = try envelope(of: second, by: old + later.signers(names))
            #expect(refusal(signed, after: first) == .notSignedAfter)
        }
        let signed = try envelope(of: second, by: old + later.signers(["fred", "gina"]))
        #expect(try TrustStep.judge(signed, after: first).get().bundle == second)
        second.trustKeys = nil
        #expect(
            try refusal(people.envelope(of: second, by: ["ann", "bob"]), after: first) == .notSignedAfter,
            "nothing could ever follow it"
        )
    }

    @Test func nothingGoesBackOrIsSkipped() throws {
        var held = try people.bundle(threshold: 2)
        held.version = 7
        let cases: [(Int64?, TrustRefusal?)] = [
            (nil, .wentBack), (1, .wentBack), (6, .wentBack), (7, .wentBack), (8, nil), (9, .versionSkipped),
            (TrustBundle.maximumVersion, .versionSkipped), (TrustBundle.maximumVersion + 1, .unreadable),
            (0, .unreadable), (-1, .unreadable),
        ]
        for (version, expected) in cases {
            var next = held
            next.version = version
            let judged = try refusal(people.envelope(of: next, by: ["ann", "bob", "eve"]), after: held)
            #expect(judged == expected, "\(version ?? 0)")
        }
        // The last version there is has no next one, and nothing overflows.
        held.version = .max
        var next = held
        next.version = 2
        #expect(try refusal(people.envelope(of: next, by: ["ann", "bob"]), after: held) == .wentBack)
    }

    @Test func theChainOfAnotherVerifierIsNone() throws {
        let first = try people.bundle(threshold: 2)
        var other = first
        other.version = 2
        other.verifier = "another.example"
        // The same people may run two verifiers; their word for one is no word for the other.
        #expect(try refusal(people.envelope(of: other, by: ["ann", "bob"]), after: first) == .otherVerifier)
    }

    @Test func aForgedSuccessorIsNone() throws {
        let first = try people.bundle(threshold: 2)
        var second = first
        second.version = 2
        let genuine = try people.envelope(of: second, by: ["ann", "bob"])
        let thief = People(["mallory", "trudy"])
        second.trustKeys = try thief.keys(threshold: 1)
        #expect(
            try refusal(thief.envelope(of: second, by: ["mallory", "trudy"]), after: first) == .notSignedBefore
        )
        var changed = genuine
        changed.payload = Blob(try CanonicalJSON.encode(second))
        #expect(refusal(changed, after: first) == .notSignedBefore, "the words under somebody's signature were changed")
        var relabelled = genuine
        relabelled.payloadType = Release.payloadType
        #expect(refusal(relabelled, after: first) == .otherStatement)
        let release = try SignedEnvelope(
            payload: try CanonicalJSON.encode(Sample.release("1.1.0", securityVersion: 4)),
            payloadType: TrustBundle.payloadType,
            signers: people.signers(["ann", "bob"])
        )
        #expect(refusal(release, after: first) == .unreadable)
        var unkeyed = first
        unkeyed.trustKeys = nil
        #expect(refusal(genuine, after: unkeyed) == .noKeys)
    }

    @Test func aVersionWithWhichNoGateCouldOpenIsNotTaken() throws {
        let first = try people.bundle(threshold: 1)
        var changes: [(inout TrustBundle) -> Void] = []
        changes.append { $0.releaseKeys = nil }
        changes.append { $0.ledgerKey = "nonsense" }
        changes.append { $0.ledgerKeys = ["nonsense"] }
        changes.append { $0.ledgerWitnesses = LedgerQuorum(required: 1, keys: ["nonsense"]) }
        for change in changes {
            var second = first
            second.version = 2
            change(&second)
            #expect(try refusal(people.envelope(of: second, by: ["ann"]), after: first) == .unusable)
        }
    }

    @Test func whatComesAndGoesIsNamed() throws {
        let first = try people.bundle(threshold: 1)
        var second = first
        second.version = 2
        let key = StatementKey(P256.Signing.PrivateKey().publicKey)
        let ledger = try CheckpointSigner(origin: "ledger.example/updates", privateKey: .init()).verifierKey
        second.grantKeys = [key]
        second.ledgerKeys = [ledger.text]
        let (added, removed) = first.changes(to: second)
        #expect(added == ["grant:\(try #require(JSONWebKey(key)).thumbprint)", "ledger:\(ledger.id)"])
        #expect(removed == ["grant:\(try #require(JSONWebKey(first.grantKeys[0])).thumbprint)"])
        #expect(first.changes(to: first).added.isEmpty)
    }

    /// Who lowers a number and changes no key would have others sign for what only he needs.
    @Test func howManyHaveToSignIsNamedWhenItChanges() throws {
        var first = try people.bundle(threshold: 2)
        first.ledgerWitnesses = LedgerQuorum(required: 1, keys: ["witness"])
        var second = first
        second.version = 2
        second.trustKeys?.threshold = 1
        second.ledgerWitnesses?.required = 0
        #expect(first.keyNames == second.keyNames)
        let (added, removed) = first.changes(to: second)
        #expect(added == ["trust-threshold:1", "witness-threshold:0"])
        #expect(removed == ["trust-threshold:2", "witness-threshold:1"])

        second = first
        second.version = 2
        second.releaseKeys = nil
        #expect(first.changes(to: second).removed.contains("release-threshold:1"))
    }

    private func releaseSigner() -> StatementSigner { .ed25519(Curve25519.Signing.PrivateKey()) }

    private func refusal(_ envelope: SignedEnvelope, after held: TrustBundle) -> TrustRefusal? {
        if case .failure(let refusal) = TrustStep.judge(envelope, after: held) { refusal } else { nil }
    }
}

/// People who hold trust keys.
struct People {
    private let known: [String: StatementSigner]
    private let names: [String]

    init(_ names: [String]) {
        self.names = names
        known = Dictionary(uniqueKeysWithValues: names.map { ($0, .ed25519(Curve25519.Signing.PrivateKey())) })
    }

    func signers(_ names: [String]) throws -> [StatementSigner] { try names.map { try #require(known[$0]) } }

    func keys(threshold: Int) throws -> SigningKeys {
        try SigningKeys(threshold: threshold, keys: signers(names).map(\.key))
    }

    /// A first version.
    func bundle(threshold: Int) throws -> TrustBundle {
        TrustBundle(
            verifier: Sample.verifier.text,
            url: "https://localhost:8443",
            tlsRoots: "",
            grantKeys: [StatementKey(P256.Signing.PrivateKey().publicKey)],
            ledgerKey: try CheckpointSigner(origin: "ledger.example/updates", privateKey: .init()).verifierKey.text,
            releaseKeys: try SigningKeys(
                threshold: 1,
                keys: [StatementKey(Curve25519.Signing.PrivateKey().publicKey)]
            ),
            trustKeys: try keys(threshold: threshold)
        )
    }

    func envelope(of bundle: TrustBundle, by names: [String]) throws -> SignedEnvelope {
        try envelope(of: CanonicalJSON.encode(bundle), by: names)
    }

    func envelope(of bytes: [UInt8], by names: [String]) throws -> SignedEnvelope {
        try SignedEnvelope(payload: bytes, payloadType: TrustBundle.payloadType, signers: signers(names))
    }
}

private func envelope(of bundle: TrustBundle, by signers: [StatementSigner]) throws -> SignedEnvelope {
    try SignedEnvelope(
        payload: try CanonicalJSON.encode(bundle),
        payloadType: TrustBundle.payloadType,
        signers: signers
    )
}
