import Crypto
import Messages
import Testing

@testable import UpdateTrust

/// What hangs on a key ends with it, and nothing else does.
@Suite struct KeyCompromiseTests {
    private func compromise(
        _ kind: KeyKind,
        _ key: String = "key",
        at world: World,
        releases: SigningKeys? = nil
    ) throws -> KeyCompromise {
        KeyCompromise(
            NamedKey(kind, key),
            by: Sample.label("alice"),
            reason: try #require(Remark("laptop stolen, ticket 9")),
            at: world.now,
            releaseKeys: releases
        )
    }

    @Test func aGrantThatMayStillBeUsedEndsAndItsLeaseGoesOn() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        let jti = delivered.claims.jti
        let signer = try GrantSigner(key: world.grantKey)
        #expect(Grant.keyID(of: delivered.compact) == signer.kid)
        let theft = try compromise(.grant, at: world)
        #expect(try theft.endOfGrants(["another"], of: world.state) == nil, "signed by another key")
        #expect(try compromise(.results, at: world).endOfGrants([jti], of: world.state) == nil)

        let (transition, count) = try #require(try theft.endOfGrants([jti], of: world.state))
        #expect(count == 1)
        #expect(transition.state.lease == world.state.lease)
        #expect(transition.state.pending?.status == .ended)
        #expect(transition.state.lifecycle == world.state.lifecycle)
        let bodies = transition.entries.map(\.entry.body)
        guard case .update(let update) = try #require(bodies.first) else { throw NotGranted(codes: []) }
        #expect(bodies.count == 1 && update.jti == jti && update.stage == .withdrawn)
        #expect(try theft.endOfGrants([jti], of: transition.state) == nil, "once is enough")
    }

    @Test func whatWasSpentIsSpent() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        world.device.counters.grants += 1
        try world.ask(.attest)
        #expect(world.state.pending?.stage == .installed)
        let theft = try compromise(.grant, at: world)
        #expect(try theft.endOfGrants([delivered.claims.jti], of: world.state) == nil)
    }

    @Test func grantsThatTravelAsFilesEndOneByOne() throws {
        var world = try World(policy: Sample.policy(delayed: DelayedTests.rule))
        try world.ask(.attest)
        var names: [String] = []
        for (version, securityVersion) in [("1.1.0", 4), ("1.2.0", 5)] as [(String, UInt64)] {
            let known = try Sample.known(try Sample.release(version, securityVersion: securityVersion))
            let carried = try world.carried(known, .epoch(from: Sample.now - 100))
            guard case .granted(let grant, _) = try world.bring(carried).outcome else { throw NotGranted(codes: []) }
            names.append(grant.terms.claims.jti)
        }
        // One of two keys has signed the first of them.
        let (transition, count) = try #require(
            try compromise(.grant, at: world).endOfGrants([names[0]], of: world.state)
        )
        #expect(count == 1)
        #expect(transition.state.delayed?.map(\.grant.status) == [.ended, .issued])
        guard case .lease(let ended) = try #require(transition.entries.first?.entry.body) else {
            throw NotGranted(codes: [])
        }
        #expect(ended.event == .ended && ended.cause == .keyCompromised)
        #expect(transition.state.lease == world.state.lease)
    }

    @Test func whatAStationHasBornIsSuspended() throws {
        var world = try World()
        try world.ask(.attest)
        let theft = try compromise(.station, at: world)
        let transition = try #require(try theft.suspension(of: world.state))
        #expect(transition.state.lifecycle == .suspended)
        #expect(transition.state.lease == nil)
        #expect(transition.entries.map(\.entry.body.type) == ["operator", "lease"])
        #expect(try theft.suspension(of: transition.state) == nil, "it is already")
        #expect(try compromise(.grant, at: world).suspension(of: world.state) == nil)
        try world.act(.retire)
        #expect(try theft.suspension(of: world.state) == nil, "what is gone stays gone")
    }

    @Test func aReleaseThatOthersHaveSignedAsWellStays() throws {
        let makers = (0..<3).map { _ in StatementSigner.ed25519(Curve25519.Signing.PrivateKey()) }
        let keys = try SigningKeys(threshold: 2, keys: makers.map(\.key))
        let payload = try CanonicalJSON.encode(Sample.release("1.1.0", securityVersion: 4))
        let world = try World()
        let theft = try compromise(.release, makers[0].key.id, at: world, releases: keys)
        let cases: [([Int], Bool)] = [
            ([0, 1], true), ([0, 2], true), ([1, 2], false), ([0, 1, 2], false), ([], false),
        ]
        for (signers, hangs) in cases {
            let release = try SignedEnvelope(
                payload: payload,
                payloadType: Release.payloadType,
                signers: signers.map { makers[$0] }
            )
            #expect(theft.hangs(release) == hangs, "\(signers)")
        }
        var forged = try SignedEnvelope(
            payload: payload,
            payloadType: Release.payloadType,
            signers: [makers[0], makers[1]]
        )
        forged.signatures[0].sig = Blob([UInt8](repeating: 1, count: 64))
        #expect(!theft.hangs(forged), "it never counted this key's signature")
    }

    /// The key was dropped before anybody knew that it was stolen: what it alone has signed hangs on it still.
    @Test func aReleaseHangsOnAKeyThatCountsNoMore() throws {
        let makers = (0..<3).map { _ in StatementSigner.ed25519(Curve25519.Signing.PrivateKey()) }
        let payload = try CanonicalJSON.encode(Sample.release("1.1.0", securityVersion: 4))
        let world = try World()
        let later = try SigningKeys(threshold: 1, keys: [makers[1].key])
        for keys in [later, nil] {
            let theft = try compromise(.release, makers[0].key.id, at: world, releases: keys)
            let cases: [([Int], Bool)] = [
                ([0], true), ([0, 2], true), ([0, 1], keys == nil), ([1], false), ([2], false),
            ]
            for (signers, hangs) in cases {
                let release = try SignedEnvelope(
                    payload: payload,
                    payloadType: Release.payloadType,
                    signers: signers.map { makers[$0] }
                )
                #expect(theft.hangs(release) == hangs, "\(signers)")
            }
        }
    }
}
