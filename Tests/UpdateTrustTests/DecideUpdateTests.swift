@_spi(Appraiser) import AttestationResults
import Crypto
import Messages
import Testing

@testable import UpdateTrust

@Suite struct DecideUpdateTests {
    /// What the device is told for a release, after a change of the world.
    private func codes(
        _ version: String = "1.1.0",
        securityVersion: UInt64 = 4,
        policy: Policy? = nil,
        release change: (inout Release) throws -> Void = { _ in },
        world prepare: (inout World) throws -> Void = { _ in }
    ) throws -> [String] {
        var world = try World(policy: policy)
        try prepare(&world)
        let known = try Sample.known(Sample.release(version, securityVersion: securityVersion, change: change))
        let decision = try world.ask(.update, package: known)
        if case .refused = decision.outcome {
            #expect(world.state.pending == nil)
            #expect(world.state.lease?.holds(at: world.now) == true, "the evidence was good")
        }
        return decision.reasonCodes
    }

    @Test func grantSaysWhatWasJudged() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        let claims = delivered.claims
        #expect(claims.sub == "urn:birthmark:instance:\(world.record.instance)")
        #expect(claims.aud == "urn:birthmark:gate")
        #expect(claims.request == ContentDigest(of: delivered.request))
        #expect(claims.quote == world.quote(delivered.request))
        #expect(claims.iat == world.now)
        #expect(claims.exp == world.now + 3600)
        #expect(claims.lease.exp == world.state.lease?.expires)
        #expect(claims.tier == .vtpm)
        #expect(claims.purpose == .update)
        #expect(claims.from == GrantedFrom(release: nil, bootState: .current))
        #expect(claims.policy == GrantPolicy(sha256: world.policy.digest, rule: Sample.label("all")))
        #expect(claims.bounds.resetCount == world.device.resetCount)
        #expect(claims.bounds.clock.min == world.device.clock)
        #expect(claims.bounds.clock.max == world.device.clock + 3_600_000)
        #expect(claims.bounds.counter == GrantBounds.CounterBound(index: 0x01D1_0241, value: 70))
        #expect(claims.cnf.jkt == JSONWebKey(StatementKey(world.iak.publicKey))?.thumbprint)
        #expect(world.state.pending?.grant == ContentDigest(of: Array(delivered.compact.utf8)))
        #expect(world.log.entries.map(\.entry.body.type) == ["birth", "decision", "lease", "grant"])
    }

    @Test func releaseConditions() throws {
        #expect(try codes() == [])
        #expect(try codes(release: { $0.models = [Sample.label("gw-200")] }) == ["model-does-not-fit"])
        #expect(try codes(release: { $0.hardwareRevisions = [Sample.label("C")] }) == ["hardware-does-not-fit"])
        #expect(try codes(release: { $0.notBefore = Sample.now + 1 }) == ["release-not-yet"])
        #expect(try codes(release: { $0.notBefore = Sample.now }) == [])
        #expect(try codes(release: { $0.expires = Sample.now }) == ["release-expired"])
        #expect(try codes(release: { $0.minimumSecurityVersion = 4 }) == ["minimum-security-version"])
        #expect(try codes(release: { $0.minimumSecurityVersion = 3 }) == [])
        #expect(try codes(release: { $0.boot = try Sample.boot("1.1.0", 0..<11) }) == ["boot-not-quotable"])
        #expect(
            try codes(release: {
                $0.models = [Sample.label("gw-200")]
                $0.expires = 0
            }) == ["release-expired", "model-does-not-fit"],
            "every reason is named, not only the first"
        )
    }

    @Test func unknownAndWithdrawnReleases() throws {
        var world = try World()
        var known = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        var input = try world.input(.update, package: known)
        input.release = nil
        #expect(decide(input).reasonCodes == ["release-unknown"])
        input.release = try Sample.known(Sample.release("1.2.0", securityVersion: 4))
        #expect(decide(input).reasonCodes == ["release-unknown"])
        known.standing = .withdrawn
        input.release = known
        #expect(decide(input).reasonCodes == ["release-withdrawn"])
    }

    @Test(arguments: ["name", "version", "sha256"]) func requestMustNameTheReleaseExactly(part: String) throws {
        var world = try World()
        let asked = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        var input = try world.input(.update, package: asked)
        // The same manifest digest, but another content: a store that would confuse them must not lead to a grant.
        var other = asked
        switch part {
        case "name": other.release.name = Sample.label("other")
        case "version": other.release.version = Sample.label("9.9.9")
        default: other.release.artifact.sha256 = Sample.digest("other")
        }
        input.release = other
        #expect(decide(input).reasonCodes == ["package-mismatch"])
    }

    @Test func movesAreToldApartBySecurityVersionNeverByVersionStrings() throws {
        let upgradeOnly = try Sample.policy(moves: #"{"upgrade":true,"reinstall":false,"downgrade":false}"#)
        #expect(try codes("0.9.0", securityVersion: 3, policy: upgradeOnly) == [], "an older text is no downgrade")
        #expect(try codes("1.0.0", securityVersion: 3, policy: upgradeOnly) == ["move-not-allowed"])
        #expect(try codes("1.0.0", securityVersion: 4, policy: upgradeOnly) == [])
        let none = try Sample.policy(moves: #"{"upgrade":false,"reinstall":false,"downgrade":true}"#)
        #expect(try codes("1.1.0", securityVersion: 3, policy: none) == ["move-not-allowed"])
    }

    @Test func downgradeNeedsTheRuleAndTheFloor() throws {
        let allowing = try Sample.policy(moves: #"{"upgrade":true,"reinstall":true,"downgrade":true}"#)
        #expect(try codes("0.9.0", securityVersion: 2) == ["move-not-allowed", "below-security-floor"])
        #expect(try codes("0.9.0", securityVersion: 2, policy: allowing) == ["below-security-floor"])
        let lowered: (inout World) throws -> Void = {
            $0.state.securityFloor = 2
            $0.device.counters.securityFloor = 42
        }
        #expect(try codes("0.9.0", securityVersion: 2, world: lowered) == ["move-not-allowed"])
        #expect(try codes("0.9.0", securityVersion: 2, policy: allowing, world: lowered) == [])
        var world = try World(policy: allowing)
        try lowered(&world)
        #expect(try world.granted(try Sample.release("0.9.0", securityVersion: 2)).claims.purpose == .downgrade)
    }

    @Test func theHigherFloorCounts() throws {
        #expect(
            try codes(securityVersion: 4, world: { $0.device.counters.securityFloor = 45 }) == ["below-security-floor"]
        )
        #expect(try codes(securityVersion: 4, world: { $0.state.securityFloor = 5 }) == ["below-security-floor"])
        #expect(try codes(world: { $0.device.counters.securityFloor = UInt64.max }) == ["below-security-floor"])
    }

    @Test func attack78_tierDowngradeRefused() throws {
        // A TPM-born instance that pretends to have no TPM leaves out what only a TPM has.
        var world = try World(tier: .tpm)
        let known = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        #expect(try world.ask(.update, package: known, counters: false).reasonCodes == ["counters-missing"])
        #expect(world.state.lease == nil)
        // There is no place in a request to claim a tier.
        let bytes = try world.request(.update, package: known)
        let text = String(decoding: bytes, as: UTF8.self).replacing(
            #","version":1}"#,
            with: #","tier":"compensated","version":1}"#
        )
        #expect(text.contains("compensated"))
        #expect(throws: MessageError.self) { try ReceivedRequest(parsing: Array(text.utf8)) }
        // What is granted carries the tier of the birth record.
        #expect(try world.granted(known.release).claims.tier == .tpm)
        // And a record without a TPM has nothing to quote with.
        var without = try World(tier: .compensated)
        #expect(try without.ask(.attest).reasonCodes == ["tier-not-served"])
        #expect(without.state.lease == nil)
    }

    @Test func case36_environmentComesFromTheBirthRecord() throws {
        let text = #"""
            {"formatVersion":1,"rules":[{"id":"lab","match":{"models":"*","hardwareRevisions":"*","environments":["lab"],
            "tiers":"*","packages":"*"},"moves":{"upgrade":true,"reinstall":true,"downgrade":true},
            "boot":{"requireLog":false,"secureBoot":"any"},"lease":{"seconds":60},"grant":{"seconds":60}}]}
            """#
        let policy = try Policy(parsing: Array(text.utf8))
        var lab = try World(policy: policy, environment: "lab")
        try lab.ask(.attest)
        #expect(lab.state.lifecycle == .trusted)
        var production = try World(policy: policy, environment: "production")
        let decision = try production.ask(.attest)
        #expect(decision.reasonCodes == ["no-policy-rule"])
        #expect(decision.explanation == ["rule lab does not fit: the environment is production"])
        #expect(production.state.lifecycle == .born)
        #expect(production.state.lease == nil)
    }

    @Test func countersNeverGoBack() throws {
        var world = try World()
        world.device.counters.grants = 75
        try world.ask(.attest)
        world.device.counters.grants = 74
        #expect(try world.ask(.attest).reasonCodes == ["counters-inconsistent"])
        world.device.counters.grants = 75
        world.device.counters.securityFloor = 39
        #expect(try world.ask(.attest).reasonCodes == ["counters-inconsistent"])
        world.device.counters.securityFloor = 43
        #expect(try world.ask(.attest).reasonCodes == [])
    }

    @Test func bootRulesOfThePolicy() throws {
        let policy = try Sample.policy(
            boot: #"{"requireLog":true,"secureBoot":"required","firmwareVersions":["7"]}"#
        )
        func codes(_ log: ContentDigest?, _ facts: AttestedFacts?) throws -> [String] {
            var world = try World(policy: policy)
            var input = try world.input(.attest)
            guard case .accepted(let state) = input.verdict else { throw NotGranted(codes: []) }
            input.verdict = .accepted(
                AttestedState(
                    instance: state.instance,
                    iakName: state.iakName,
                    attest: state.attest,
                    request: state.request,
                    observation: state.observation,
                    pcrs: state.pcrs,
                    boot: state.boot,
                    log: log,
                    facts: facts,
                    movement: state.movement
                )
            )
            let decision = try world.settle(decide(input))
            #expect((world.state.lease == nil) == (decision.reasonCodes != []))
            return decision.reasonCodes
        }
        let log = Sample.digest("log")
        func facts(_ secureBoot: Bool?, _ firmware: String?) -> AttestedFacts {
            AttestedFacts(secureBoot: secureBoot, firmwareVersion: firmware, kernelCommandLine: nil)
        }
        #expect(try codes(nil, nil) == ["log-required"])
        #expect(try codes(nil, facts(true, "7")) == ["log-required"])
        #expect(try codes(log, nil) == ["log-required"])
        #expect(try codes(log, facts(true, "7")) == [])
        #expect(try codes(log, facts(false, "7")) == ["secure-boot-required"])
        #expect(try codes(log, facts(nil, "7")) == ["secure-boot-required"])
        #expect(try codes(log, facts(true, "8")) == ["firmware-not-allowed"])
        #expect(try codes(log, facts(true, nil)) == ["firmware-not-allowed"])
    }

    @Test func noGrantOutlivesWhatItStandsUnder() throws {
        // The release's end.
        var world = try World()
        let release = try Sample.release("1.1.0", securityVersion: 4) { $0.expires = Sample.now + 60 }
        #expect(try world.granted(release).claims.exp == world.now + 60)
        // The window's end: 2026-09-21 is a Monday, 14:13:20.
        let windowed = try Sample.policy(window: #"{"days":["mon"],"from":"14:00","to":"14:20"}"#)
        var inWindow = try World(policy: windowed)
        #expect(try inWindow.granted(try Sample.release("1.1.0", securityVersion: 4)).claims.exp == inWindow.now + 400)
        inWindow.now += 400
        let known = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        #expect(try inWindow.ask(.update, package: known).reasonCodes == ["outside-window"])
        // The lease's end, when an older, longer policy gave a grant of the lease's own length.
        var equal = try World(policy: Sample.policy(lease: 60, grant: 60))
        #expect(try equal.granted(try Sample.release("1.1.0", securityVersion: 4)).claims.exp == equal.now + 60)
    }

    @Test func case13_secondReleaseAskedBeforeTheFirstIsConfirmed() throws {
        var world = try World()
        let first = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        let second = try Sample.known(Sample.release("1.2.0", securityVersion: 5))
        // Not spent yet: the second takes the first one's place, and only one of both can be carried out.
        world.now += 1
        #expect(try world.granted(second.release).claims.bounds.counter.value == first.claims.bounds.counter.value)
        // Spent, not rebooted yet: what was installed may boot, so it must not be forgotten.
        world.device.counters.grants += 1
        let third = try Sample.known(Sample.release("1.3.0", securityVersion: 5))
        #expect(try world.ask(.update, package: third).reasonCodes == ["grant-unconfirmed"])
        #expect(world.state.pending?.package.manifest == second.manifest)
        // The same release again is fine: the install failed half-way, and what it leads to is the same.
        #expect(try world.ask(.update, package: second).reasonCodes == [])
        // Booted, not confirmed: confirm first.
        world.device.counters.grants += 1
        try world.device.reboot(into: "1.2.0")
        #expect(try world.ask(.update, package: third).reasonCodes == ["grant-unconfirmed"])
        let jti = try #require(world.state.pending?.jti)
        #expect(try world.ask(.confirm, grant: jti).reasonCodes == [])
        #expect(try world.ask(.update, package: third).reasonCodes == [])
    }

    @Test func attack38_nonceOfAnotherInstance() throws {
        var world = try World()
        var other = try World()
        var input = try world.input(.attest)
        input.verdict = try other.input(.attest).verdict
        try expectUndecided(input)
        input = try world.input(.attest)
        input.record = other.record
        try expectUndecided(input)
        input = try world.input(.attest)
        input.state = other.state
        try expectUndecided(input)
        input = try world.input(.attest)
        input.request = try other.input(.attest).request
        try expectUndecided(input)
        // An authentic refusal of one instance must not hurt another.
        try other.device.reboot(into: "tampered")
        input = try world.input(.attest)
        input.request = try other.input(.attest).request
        input.verdict = .refused(
            Refusal(
                reasons: [Reason(.bootUnexpected)],
                authentic: Observation(
                    clock: ClockReading(clock: 1, resetCount: 1, restartCount: 0, safe: true),
                    firmwareVersion: 1,
                    pcrs: nil
                )
            )
        )
        try expectUndecided(input)
    }

    @Test func attack38_nonceOfAnotherPackage() throws {
        var world = try World()
        let one = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        let two = try Sample.known(Sample.release("1.2.0", securityVersion: 4))
        let asked = try world.input(.update, package: one)
        var input = try world.input(.update, package: two)
        input.verdict = asked.verdict
        try expectUndecided(input)
        // Also when the quote itself is the one that was judged: it answers the first request, not this one.
        input.quote = asked.quote
        try expectUndecided(input)
        input.request = asked.request
        #expect(decide(input).reasonCodes == ["release-unknown"], "the release at hand is not the one asked for")
    }

    @Test func attack61_quoteOfAnotherMessage() throws {
        var world = try World()
        var input = try world.input(.attest)
        input.quote = Sample.digest("quote B")
        try expectUndecided(input)
    }

    @Test func attack65_policyChangedInFlight() throws {
        var world = try World()
        let known = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        var input = try world.input(.update, package: known)
        let old = decide(input)
        guard case .granting(let terms, _) = old.outcome else { throw NotGranted(codes: old.reasonCodes) }
        // A decision names the policy it was made by, so that the store can see that another is in force now.
        #expect(terms.claims.policy.sha256 == input.policy.digest)
        input.policy = try Sample.policy(moves: #"{"upgrade":false,"reinstall":false,"downgrade":false}"#)
        #expect(terms.claims.policy.sha256 != input.policy.digest)
        #expect(decide(input).reasonCodes == ["move-not-allowed"])
    }

    @Test func attack66_decommissionRacingMint() throws {
        var world = try World()
        let known = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        var input = try world.input(.update, package: known)
        let minting = decide(input)
        try world.act(.retire)
        // Both changes were made of the same version of the state, so a store takes only one of them.
        #expect(minting.transition?.state.version == world.state.version)
        input.state = world.state
        #expect(decide(input).reasonCodes == ["retired"])
        #expect(decide(input).transition?.entries.map(\.entry.body.type) == ["reappearance"])
    }

    @Test func aBootThatTheStateDoesNotExpectDecidesNothing() throws {
        var world = try World()
        var input = try world.input(.attest)
        guard case .accepted(let state) = input.verdict else { throw NotGranted(codes: []) }
        for (boot, pcrs) in [
            (BootName.granted, state.pcrs), (.rescue, state.pcrs), (.current, try Sample.pcrs("other")),
        ] {
            input.verdict = .accepted(
                AttestedState(
                    instance: state.instance,
                    iakName: state.iakName,
                    attest: state.attest,
                    request: state.request,
                    observation: state.observation,
                    pcrs: pcrs,
                    boot: boot,
                    log: nil,
                    facts: nil,
                    movement: .first
                )
            )
            try expectUndecided(input)
        }
    }

    @Test func onlyTheDecidedGrantCanBeIssued() throws {
        var world = try World()
        var other = try World()
        let known = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        let decision = decide(try world.input(.update, package: known))
        let foreign = decide(try other.input(.update, package: known))
        guard case .granting(let terms, _) = foreign.outcome else { throw NotGranted(codes: foreign.reasonCodes) }
        let signed = try GrantSigner(key: other.grantKey).sign(terms)
        #expect(throws: MessageError.self) { try decision.issuing(signed) }
        #expect(throws: MessageError.self) { try decide(try world.input(.attest)).issuing(signed) }
    }

    @Test func decidingTwiceGivesTheSame() throws {
        var world = try World()
        let input = try world.input(.update, package: try Sample.known(Sample.release("1.1.0", securityVersion: 4)))
        #expect(decide(input) == decide(input))
    }

    private func expectUndecided(_ input: DecisionInput, at location: SourceLocation = #_sourceLocation) throws {
        let decision = decide(input)
        guard case .undecided = decision.outcome else {
            Issue.record("decided: \(decision.outcome)", sourceLocation: location)
            return
        }
        #expect(decision.transition == nil, sourceLocation: location)
    }
}
