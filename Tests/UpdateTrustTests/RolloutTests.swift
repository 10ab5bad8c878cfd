import AttestationResults
import Messages
import Testing

@testable import UpdateTrust

/// Who is granted a release when, and what stops it.
@Suite struct RolloutTests {
    private let manifest = Sample.digest("release")
    private let verifier = Actor(.verifier, Sample.verifier)

    private func plan(
        _ percent: Int,
        _ cohorts: [String]? = nil,
        haltAbove: Int? = nil,
        haltAfter: Int = 10
    ) throws -> RolloutPlan {
        try #require(
            RolloutPlan(
                percent: percent,
                cohorts: cohorts?.map { Sample.label($0) },
                haltAbove: haltAbove,
                haltAfter: haltAfter
            )
        )
    }

    private func set(_ plan: RolloutPlan, of release: ContentDigest? = nil) throws -> StagedRollout {
        let order = try #require(RolloutOrder(.set, plan: plan, reason: "first ring"))
        let act = RolloutAct(order, by: Sample.label("alice"))
        guard case .applied(let change) = try act.apply(to: nil, of: release ?? manifest, at: Sample.now) else {
            throw NotGranted(codes: [])
        }
        return StagedRollout(rollout: change.rollout, confirmed: 0, failed: 0)
    }

    private func act(
        _ verb: RolloutVerb,
        on staged: StagedRollout?,
        plan: RolloutPlan? = nil
    ) throws -> RolloutAct.Outcome {
        let order = try #require(RolloutOrder(verb, plan: plan, reason: "ticket 7"))
        return try RolloutAct(order, by: Sample.label("bob")).apply(to: staged, of: manifest, at: Sample.now)
    }

    private func instances(_ count: Int) -> [InstanceID] {
        (0..<count).map { InstanceID(iakName: [0, 0x0B] + Sample.digest("iak \($0)").bytes) }
    }

    // MARK: The part of the fleet

    @Test func aHigherPercentageOnlyAdds() throws {
        let instances = instances(20_000)
        var before: Set<InstanceID> = []
        for percent in [0, 1, 5, 10, 50, 99, 100] {
            let reached = Set(
                instances.filter { Rollout.place(of: $0, in: manifest) < UInt64(percent) * 100 }
            )
            #expect(reached.isSuperset(of: before))
            // Within five standard deviations of a fair draw.
            let share = Double(percent) / 100
            let expected = share * 20_000
            #expect(abs(Double(reached.count) - expected) <= 5 * (20_000 * share * (1 - share)).squareRoot())
            before = reached
        }
        // Nobody is the first of every release.
        let other = Sample.digest("another release")
        let both = instances.filter {
            Rollout.place(of: $0, in: manifest) < 1000 && Rollout.place(of: $0, in: other) < 1000
        }
        #expect((100...300).contains(both.count))
    }

    @Test func thePlaceNeverChanges() {
        let instance = InstanceID(iakName: [0, 0x0B] + [UInt8](repeating: 1, count: 32))
        // Computed by hand; another value would shuffle every rollout that is under way.
        #expect(Rollout.place(of: instance, in: ContentDigest(of: [])) == 7875)
    }

    @Test func decisionsHoldToIt() throws {
        var world = try World()
        var known = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        func codes(_ staged: StagedRollout?) throws -> [String] {
            known.rollout = staged?.rollout
            var asking = world
            return try asking.ask(.update, package: known).reasonCodes
        }
        let manifest = known.manifest
        #expect(try codes(nil) == [])
        #expect(try codes(set(plan(0), of: manifest)) == ["rollout-not-yet"])
        #expect(try codes(set(plan(100), of: manifest)) == [])
        #expect(try codes(set(plan(0, ["lab"]), of: manifest)) == ["rollout-not-yet"])
        #expect(try codes(set(plan(0, ["lab", "production"]), of: manifest)) == [])
        var staged = try set(plan(100), of: manifest)
        staged.rollout.status = .paused
        #expect(try codes(staged) == ["rollout-paused"])
        staged.rollout.status = .halted
        #expect(try codes(staged) == ["rollout-halted"])

        // Who has it already is mended whatever the rollout.
        known.rollout = nil
        let delivered = try world.granted(known.release)
        try world.install(delivered)
        try world.ask(.confirm, grant: delivered.claims.jti)
        #expect(try codes(staged) == [])
    }

    /// A rollout says who is given a release: nothing of it stands against an instance that was, and it stays the same instance.
    @Test(arguments: [Rollout.Status.rolling, .paused, .halted])
    func whoHasTheReleaseMayHaveItAgain(_ status: Rollout.Status) throws {
        var world = try World()
        var known = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        let delivered = try world.granted(known.release)
        try world.install(delivered)
        try world.ask(.confirm, grant: delivered.claims.jti)
        var staged = try set(plan(0), of: known.manifest)
        staged.rollout.status = status
        known.rollout = staged.rollout

        var other = try World()
        let refused = try other.ask(.update, package: known).reasonCodes
        #expect(refused == [status == .rolling ? "rollout-not-yet" : "rollout-\(status.rawValue)"])
        var strict = world
        strict.policy = try Sample.policy(moves: #"{"upgrade":true,"reinstall":false,"downgrade":false}"#)
        #expect(try strict.ask(.update, package: known).reasonCodes == ["move-not-allowed"])

        let says = "the instance has the release on record, and may have it again wherever its rollout is"
        let told = world.policy.explain(
            .measured(world.record),
            state: world.state,
            manifest: known.manifest,
            known: known,
            at: world.now
        )
        #expect(told.refusals.isEmpty && told.details.last == says)
        let (instance, installation) = (world.state.instance, world.state.installation)
        let decision = try world.ask(.update, package: known)
        guard case .granted = decision.outcome else { throw NotGranted(codes: decision.reasonCodes) }
        #expect(decision.explanation.last == says)
        #expect(world.state.pending?.package.manifest == known.manifest)
        #expect(world.state.instance == instance && world.state.installation == installation)
    }

    @Test func explanationsSayWhere() throws {
        let world = try World()
        var known = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        let staged = try set(plan(0, ["lab", "plant-2"]), of: known.manifest)
        func explained(_ rollout: Rollout) -> PolicyExplanation {
            known.rollout = rollout
            return world.policy.explain(
                .measured(world.record),
                state: world.state,
                manifest: known.manifest,
                known: known,
                at: world.now
            )
        }
        let place = Rollout.place(of: world.record.instance, in: known.manifest)
        let told =
            "this instance, of production, has its place at \(place / 100).\(padded(Int64(place % 100), to: 2)) %"
        #expect(explained(staged.rollout).refusals == ["rollout-not-yet"])
        #expect(explained(staged.rollout).details == ["rollout at 0 % and all of lab, plant-2: \(told)"])
        var failing = try set(plan(10, haltAbove: 5), of: known.manifest)
        (failing.confirmed, failing.failed) = (9, 1)
        let halted = try #require(try failing.halted(at: Sample.now, by: verifier)).rollout
        #expect(explained(halted).refusals == ["rollout-halted"])
        #expect(
            explained(halted).details == [
                "rollout at 10 %, halted (1 of 10 updates failed, more than 5 %): \(told)"
            ]
        )
        // The same words stand in the log of the decision.
        var asking = world
        known.rollout = halted
        #expect(try asking.ask(.update, package: known).explanation.contains(explained(halted).details[0]))
    }

    @Test func filesHoldToItToo() throws {
        var world = try World(policy: Sample.policy(delayed: DelayedTests.rule))
        var known = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        func decided(_ staged: StagedRollout) throws -> Decision {
            known.rollout = staged.rollout
            var input = try world.input(.delayed, package: known)
            input.carried = .epoch(from: Sample.now - 100)
            return try world.settle(decide(input))
        }
        let refused = try decided(set(plan(0), of: known.manifest))
        #expect(refused.reasonCodes == ["rollout-not-yet"])
        #expect(refused.explanation.contains { $0.hasPrefix("rollout at 0 %: this instance, of production, ") })
        let granted = try decided(set(plan(0, ["production"]), of: known.manifest))
        guard case .granted = granted.outcome else { throw NotGranted(codes: granted.reasonCodes) }
    }

    // MARK: Halting

    @Test func itHaltsAboveTheRateAndNotBeforeEnough() throws {
        var staged = try set(plan(100, haltAbove: 10, haltAfter: 20))
        for (confirmed, failed, halts): (Int64, Int64, Bool) in [
            (0, 0, false), (0, 19, false), (0, 20, true), (18, 2, false), (17, 3, true), (90, 10, false),
            (89, 11, true),
        ] {
            (staged.confirmed, staged.failed) = (confirmed, failed)
            let change = try staged.halted(at: Sample.now, by: verifier)
            #expect((change != nil) == halts, "\(confirmed) \(failed)")
            guard let change else { continue }
            guard case .rollout(let entry) = change.entry.entry.body else {
                Issue.record("no rollout's entry")
                continue
            }
            #expect(entry.act == .halt && entry.confirmed == confirmed && entry.failed == failed)
            #expect(change.entry.entry.actor == verifier && !change.restartsCounting)
            #expect(change.rollout.status == .halted && change.replacing == staged.rollout.revision)
        }
        var never = try set(plan(100))
        never.failed = 1000
        #expect(try never.halted(at: Sample.now, by: verifier) == nil)
        var none = try set(plan(100, haltAbove: 0, haltAfter: 1))
        #expect(try none.halted(at: Sample.now, by: verifier) == nil)
        none.failed = 1
        // A pause is no shelter, and a halt is said once.
        none.rollout.status = .paused
        none.rollout = try #require(try none.halted(at: Sample.now, by: verifier)).rollout
        #expect(try none.halted(at: Sample.now, by: verifier) == nil)
    }

    @Test func operatorsActs() throws {
        func refused(_ outcome: RolloutAct.Outcome) -> Bool {
            if case .refused = outcome { true } else { false }
        }
        func applied(_ outcome: RolloutAct.Outcome) throws -> RolloutChange {
            guard case .applied(let change) = outcome else { throw NotGranted(codes: ["\(outcome)"]) }
            return change
        }
        #expect(try refused(act(.pause, on: nil)))
        #expect(try refused(act(.resume, on: nil)))
        var staged = try set(plan(10, haltAbove: 5, haltAfter: 1))
        #expect(try refused(act(.resume, on: staged)))
        let wider = try applied(act(.set, on: staged, plan: plan(20)))
        #expect(wider.rollout.plan.percent == 20 && wider.rollout.revision == staged.rollout.revision + 1)
        #expect(!wider.restartsCounting && wider.replacing == staged.rollout.revision)
        let paused = try applied(act(.pause, on: staged))
        staged.rollout = paused.rollout
        #expect(try refused(act(.pause, on: staged)))
        #expect(try applied(act(.set, on: staged, plan: plan(20))).rollout.status == .paused, "a plan resumes nothing")
        let resumed = try applied(act(.resume, on: staged))
        #expect(resumed.rollout.status == .rolling && !resumed.restartsCounting)
        staged.rollout = resumed.rollout
        (staged.confirmed, staged.failed) = (19, 1)
        #expect(try refused(act(.set, on: staged, plan: plan(20, haltAbove: 4))), "it would be halted by now")
        staged.failed = 2
        staged.rollout = try #require(try staged.halted(at: Sample.now, by: verifier)).rollout
        #expect(try refused(act(.set, on: staged, plan: plan(20))))
        #expect(try refused(act(.pause, on: staged)))
        #expect(try applied(act(.resume, on: staged)).restartsCounting)
        let smaller = try applied(act(.resume, on: staged, plan: plan(1, haltAbove: 4)))
        #expect(smaller.restartsCounting && smaller.rollout.plan.percent == 1 && smaller.rollout.status == .rolling)
        guard case .rollout(let entry) = smaller.entry.entry.body else { throw NotGranted(codes: []) }
        #expect(entry.act == .resume && entry.confirmed == 19 && entry.failed == 2)
        #expect(try Rollout(parsing: CanonicalJSON.encode(smaller.rollout)) == smaller.rollout)
    }

    @Test func ordersAreStrict() throws {
        let plan = try plan(10)
        #expect(RolloutOrder(.set, reason: "x") == nil)
        #expect(RolloutOrder(.pause, plan: plan, reason: "x") == nil)
        #expect(RolloutOrder(.halt, reason: "x") == nil)
        #expect(RolloutOrder(.resume, reason: "") == nil)
        for (percent, cohorts, above, after) in [
            (-1, nil, nil, 1), (101, nil, nil, 1), (1, [], nil, 1), (1, ["a", "a"], nil, 1), (1, nil, 100, 1),
            (1, nil, -1, 1), (1, nil, nil, 0),
        ] as [(Int, [String]?, Int?, Int)] {
            let cohorts = cohorts?.map { Sample.label($0) }
            #expect(RolloutPlan(percent: percent, cohorts: cohorts, haltAbove: above, haltAfter: after) == nil)
        }
        #expect(RolloutOrder(.resume, plan: plan, reason: "x") != nil)
        let order = try #require(RolloutOrder(.set, plan: plan, reason: "x"))
        let text = String(decoding: try CanonicalJSON.encode(order), as: UTF8.self)
        #expect(try RolloutOrder(parsing: Array(text.utf8)) == order)
        for wrong in [text.replacing("10", with: "101"), text.replacing("set", with: "halt"), text + " "] {
            #expect(throws: MessageError.self) { try RolloutOrder(parsing: Array(wrong.utf8)) }
        }
    }

    // MARK: What is counted

    @Test func whatStagesSayOfARelease() {
        let said = Dictionary(uniqueKeysWithValues: UpdateStage.allCases.map { ($0, $0.outcome) })
        #expect(
            said.compactMapValues { $0 } == [
                .confirmed: .confirmed, .rolledBack: .failed, .rescued: .failed, .failed: .failed,
                .unconfirmed: .failed,
            ]
        )
    }
}
