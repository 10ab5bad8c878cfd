import AttestationResults
import Crypto
import Messages
import Testing

@testable import UpdateTrust

@Suite struct LedgerEntryTests {
    /// One entry of every type, as real flows make them.
    func entries() throws -> [LedgerEntry] {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        try world.install(delivered)
        try world.ask(.confirm, grant: delivered.claims.jti)
        try world.act(.suspend)
        let known = try Sample.known(delivered.release)
        let actor = Actor(.operator, Sample.label("alice"))
        let remark = try #require(Remark("fails on cold start, ticket 12"))
        var compensated = try CompensatedWorld()
        var disk = compensated.born
        try compensated.ask(&disk)
        try compensated.approve(known, by: "ann")
        let approval = try #require(compensated.approvals.first).approval
        let order = try #require(
            EmergencyOrder(release: known.manifest, overrides: [.window], hours: 4, reason: "incident 7")
        )
        let emergency = try #require(Emergency(order, by: Sample.label("alice"), at: 1))
        let people = People(["ann", "bob"])
        let first = try people.bundle(threshold: 2)
        var second = first
        second.version = 2
        second.grantKeys.append(StatementKey(P256.Signing.PrivateKey().publicKey))
        let step = try TrustStep.judge(people.envelope(of: second, by: ["ann", "bob"]), after: first).get()
        let theft = KeyCompromise(NamedKey(.grant, "kid"), by: Sample.label("alice"), reason: remark, at: 1)
        return world.log.entries.map(\.entry) + compensated.log.entries.map(\.entry) + [
            LedgerEntry(at: 1, actor: actor, body: .approval(approval)),
            LedgerEntry(at: 1, actor: actor, body: .emergency(emergency)),
            LedgerEntry(at: 1, actor: actor, body: .trust(TrustEntry(step, after: first))),
            try theft.entry(CompromiseExtent()).entry,
            LedgerEntry(
                at: 1,
                instance: world.record.instance,
                actor: actor,
                body: .witnessCode(WitnessCodeEntry(release: known.manifest, until: 2, reason: remark))
            ),
            LedgerEntry(
                at: 1,
                instance: world.record.instance,
                actor: actor,
                body: .tier(
                    TierEntry(change: .lowered, key: Sample.digest("key"), position: 3, until: 2, reason: remark)
                )
            ),
            LedgerEntry(
                at: 1,
                actor: actor,
                body: .release(ReleaseEntry(manifest: known.manifest, release: known.release))
            ),
            LedgerEntry(
                at: 2,
                actor: actor,
                body: .withdrawal(WithdrawalEntry(manifest: known.manifest, reason: remark))
            ),
            LedgerEntry(
                at: 3,
                actor: Actor(.verifier, Sample.verifier),
                body: .policy(PolicyEntry(policy: world.policy.digest))
            ),
            LedgerEntry(
                at: 3,
                instance: world.record.instance,
                actor: Actor(.station, Sample.label("line-1")),
                body: .rework(
                    ReworkEntry(
                        replacedBy: world.record.instance,
                        payload: Sample.digest("record"),
                        Replacement(instance: world.record.instance, reason: remark, by: Sample.label("bob"))
                    )
                )
            ),
            LedgerEntry(
                at: 3,
                instance: world.record.instance,
                actor: Actor(.station, Sample.label("line-1")),
                body: .restoration(
                    RestorationEntry(
                        statement: Sample.digest("statement"),
                        number: 1,
                        counters: world.record.counters,
                        securityFloor: 3
                    )
                )
            ),
            LedgerEntry(
                at: 4,
                instance: world.record.instance,
                actor: actor,
                body: .allowance(
                    BootAdditionEntry(
                        quote: Sample.digest("quote"),
                        log: Sample.digest("log"),
                        moves: [
                            AllowedMove(
                                pcr: 7,
                                from: HexBytes(Sample.digest("old").bytes),
                                to: HexBytes(Sample.digest("new").bytes)
                            )
                        ],
                        reason: remark
                    )
                )
            ),
            LedgerEntry(
                at: 5,
                instance: world.record.instance,
                actor: actor,
                body: .update(
                    UpdateEntry(
                        grant: Sample.digest("grant"),
                        jti: "jti",
                        package: PackageReference(
                            name: Sample.label("os"),
                            version: Sample.label("2"),
                            sha256: Sample.digest("package"),
                            manifest: Sample.digest("manifest")
                        ),
                        stage: .rolledBack,
                        quote: Sample.digest("quote")
                    )
                )
            ),
            LedgerEntry(
                at: 6,
                actor: Actor(.verifier, Sample.verifier),
                body: .recovery(
                    RecoveryEntry(
                        size: 7,
                        lost: (size: 9, root: Sample.digest("root")),
                        by: Sample.label("bob"),
                        reason: remark,
                        copied: 8
                    )
                )
            ),
            LedgerEntry(
                at: 6,
                actor: Actor(.verifier, Sample.verifier),
                body: .shedding(SheddingEntry(until: 5, [Sample.digest("decision"), Sample.digest("another")]))
            ),
            LedgerEntry(
                at: 6,
                instance: world.record.instance,
                actor: actor,
                body: .assignment(AssignmentEntry(gateways: [world.record.instance], reason: remark))
            ),
            LedgerEntry(
                at: 6,
                instance: world.record.instance,
                actor: Actor(.station, Sample.label("line-1")),
                body: .succession(
                    SuccessionEntry(
                        followedBy: world.record.instance,
                        record: Sample.digest("record"),
                        by: Sample.label("bob"),
                        reason: remark
                    )
                )
            ),
            LedgerEntry(
                at: 6,
                instance: world.record.instance,
                actor: Actor(.verifier, Sample.verifier),
                body: .farewell(
                    FarewellEntry(
                        request: Sample.digest("request"),
                        quote: Sample.digest("quote"),
                        boot: .current,
                        reasons: [],
                        seen: world.state.lastSeen
                    )
                )
            ),
            LedgerEntry(
                at: 6,
                instance: world.record.instance,
                actor: Actor(.verifier, Sample.verifier),
                body: .reappearance(
                    ReappearanceEntry(
                        purpose: .attest,
                        request: Sample.digest("request"),
                        quote: Sample.digest("quote"),
                        seen: try #require(world.state.lastSeen),
                        afterFarewell: true
                    )
                )
            ),
            LedgerEntry(
                at: 6,
                instance: world.record.instance,
                actor: actor,
                body: .downgrade(
                    DowngradeEntry(
                        release: Sample.digest("old"),
                        securityVersion: 4,
                        floor: 5,
                        until: 6,
                        reason: remark
                    )
                )
            ),
            LedgerEntry(
                at: 6,
                actor: actor,
                body: .rollout(
                    RolloutEntry(
                        release: Sample.digest("new"),
                        act: .halt,
                        plan: try #require(RolloutPlan(percent: 10, cohorts: [Sample.label("lab")], haltAbove: 5)),
                        confirmed: 90,
                        failed: 10,
                        reason: remark
                    )
                )
            ),
        ]
    }

    @Test func aBirthSaysWhoseTheKeysWere() throws {
        var record = try World().record
        record.takesOver = Takeover(
            instance: record.instance,
            record: Sample.digest("the seller's"),
            reason: try #require(Remark("bought")),
            by: Sample.label("bob")
        )
        let body = BirthEntry(record.facts, payload: Sample.digest("record"))
        let actor = Actor(.station, Sample.label("line-1"))
        let entry = LedgerEntry(at: 1, instance: record.instance, actor: actor, body: .birth(body))
        #expect(body.takesOver == record.takesOver)
        #expect(try LedgerEntry(parsing: WrittenEntry(entry).bytes) == entry)
    }

    @Test func everyTypeIsReadBackFromItsBytes() throws {
        let entries = try entries()
        #expect(Set(entries.map(\.body.kind)) == Set(LedgerEntry.Kind.allCases))
        for entry in entries {
            let written = try WrittenEntry(entry)
            #expect(try LedgerEntry(parsing: written.bytes) == entry)
            #expect(written.bytes.count < 4096)
            #expect(String(decoding: written.bytes, as: UTF8.self).contains(#""type":"\#(entry.body.type)""#))
        }
    }

    /// Every entry of an act names what was signed for it; what was written before there was that has no such member.
    @Test func actsNameWhatWasSigned() throws {
        let world = try World()
        let reason = try #require(Remark("lost"))
        let (alice, signed) = (Sample.label("alice"), Sample.digest("envelope"))
        let act = OperatorAct(.retire, by: alice, reason: reason, statement: signed)
        guard case .applied(let transition) = try act.apply(to: world.state, at: world.now) else {
            Issue.record("refused")
            return
        }
        #expect(transition.entries.allSatisfy { $0.entry.statement == signed })
        let written = try #require(transition.entries.first)
        #expect(String(decoding: written.bytes, as: UTF8.self).contains(#""statement":"\#(signed)""#))
        #expect(try LedgerEntry(parsing: written.bytes) == written.entry)

        let order = try #require(RolloutOrder(.set, plan: RolloutPlan(percent: 5), reason: "first five"))
        let rollout = RolloutAct(order, by: alice, statement: signed)
        guard case .applied(let change) = try rollout.apply(to: nil, of: Sample.digest("release"), at: 1) else {
            Issue.record("refused")
            return
        }
        #expect(change.entry.entry.statement == signed)

        var plain = written.entry
        plain.statement = nil
        let bytes = try WrittenEntry(plain).bytes
        #expect(!String(decoding: bytes, as: UTF8.self).contains("statement"))
        #expect(try LedgerEntry(parsing: bytes) == plain)
    }

    @Test func nobodyButAnOperatorSignsActs() throws {
        for kind in [Actor.Kind.verifier, .station] {
            let entry = LedgerEntry(
                at: 1,
                actor: Actor(kind, Sample.verifier),
                statement: Sample.digest("envelope"),
                body: .policy(PolicyEntry(policy: Sample.digest("policy")))
            )
            let bytes = try WrittenEntry(entry).bytes
            #expect(throws: MessageError.self) { try LedgerEntry(parsing: bytes) }
        }
    }

    @Test func entriesOfAnInstanceAreAChain() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        try world.install(delivered)
        try world.ask(.confirm, grant: delivered.claims.jti)
        var previous: ContentDigest?
        for written in world.log.entries {
            #expect(written.entry.prev == previous)
            #expect(written.entry.instance == world.record.instance)
            previous = written.digest
        }
        #expect(world.state.lastEntry == previous)
    }

    @Test func otherTextsAreNoEntries() throws {
        for entry in try entries() {
            let text = String(decoding: try WrittenEntry(entry).bytes, as: UTF8.self)
            for changed in [
                text + " ", text.replacing(#""v":1"#, with: #""v":2"#),
                text.replacing(#""v":1"#, with: #""v":1,"w":1"#),
                text.replacing(#""type":"\#(entry.body.type)""#, with: #""type":"other""#),
                text.replacing(#""at":"#, with: #""at":-"#).replacing(#""at":-"#, with: #""at":1."#),
                text.replacing(#""actor":""#, with: #""actor":"nobody:"#),
                text.replacing(#""body":{"#, with: #""body":{"a":1,"#),
                text.replacing(
                    #""type":"\#(entry.body.type)""#,
                    with: #""type":"\#(entry.body.type == "grant" ? "receipt" : "grant")""#
                ),
            ] {
                #expect(changed != text)
                #expect(throws: MessageError.self) { try LedgerEntry(parsing: Array(changed.utf8)) }
            }
        }
        #expect(throws: MessageError.self) { try LedgerEntry(parsing: [UInt8](repeating: 0x20, count: 65_536)) }
    }

    @Test func actorsAreNamedByKind() throws {
        for text in ["verifier:a", "operator:alice", "station:line-1:2"] {
            let bytes = Array("\"\(text)\"".utf8)
            let actor = try CanonicalJSON.decode(Actor.self, from: bytes, limit: 100)
            #expect(actor.description == text)
        }
        for text in ["", "verifier", "verifier:", ":a", "root:a", "operator: a", "operator:a\\n", "Operator:a"] {
            #expect(throws: MessageError.self) {
                try CanonicalJSON.decode(Actor.self, from: Array("\"\(text)\"".utf8), limit: 100)
            }
        }
    }

    @Test func operatorActsNameWhoAndWhy() throws {
        var world = try World()
        try world.ask(.attest)
        let lease = try #require(world.state.lease)
        try world.act(.suspend)
        let written = world.log.entries.suffix(2).map(\.entry)
        #expect(
            written.map(\.actor) == [Actor(.operator, Sample.label("alice")), Actor(.operator, Sample.label("alice"))]
        )
        let reason = try #require(Remark("ticket 7"))
        #expect(
            written.map(\.body) == [
                .act(OperatorEntry(act: .suspend, reason: reason)),
                .lease(LeaseEntry(id: lease.id, event: .ended, cause: .suspended, expires: world.now)),
            ]
        )
        #expect(try world.act(.suspend) == .refused(.suspended))
        #expect(try world.act(.reinstate) != .refused(.suspended))
        #expect(try world.act(.reinstate) == .refused(.born))
    }

    @Test func stateIsReadBackFromItsBytes() throws {
        var world = try World()
        _ = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        let bytes = try CanonicalJSON.encode(world.state)
        #expect(try InstanceState(parsing: bytes) == world.state)
        #expect(throws: MessageError.self) { try InstanceState(parsing: bytes + [0x20]) }
    }
}
