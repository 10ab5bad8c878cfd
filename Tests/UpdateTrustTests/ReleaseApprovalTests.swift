import Messages
import Testing

@testable import UpdateTrust

/// A release that so many named people have to have approved before anybody is granted it.
@Suite struct ReleaseApprovalTests {
    private static let two = #"{"count":2,"roles":["release-manager","operator"]}"#

    private func world(_ rule: String = two) throws -> World { try World(policy: Sample.policy(approvals: rule)) }

    private func known(_ version: String = "1.1.0") throws -> KnownRelease {
        try Sample.known(Sample.release(version, securityVersion: 4))
    }

    private func lastDecision(_ world: World) throws -> DecisionEntry {
        for written in world.log.entries.reversed() {
            if case .decision(let body) = written.entry.body { return body }
        }
        throw NotGranted(codes: [])
    }

    @Test func aReleaseGoesOutWhenEnoughPeopleHaveApprovedIt() throws {
        var world = try world()
        let known = try known()
        #expect(try world.ask(.update, package: known).reasonCodes == ["release-not-approved"])
        #expect(world.state.lease?.holds(at: world.now) == true, "the evidence was good")
        try world.approve(known, by: "bob", role: .operator)
        try world.approve(known, by: "bob", seconds: 60)
        #expect(try world.ask(.update, package: known).reasonCodes == ["release-not-approved"], "one person is one")
        #expect(try lastDecision(world).approvals == nil)
        try world.approve(known, by: "ann")
        #expect(try world.ask(.update, package: known).reasonCodes == [])
        let decision = try lastDecision(world)
        #expect(decision.accepted && decision.approvals == [world.approval(2), world.approval(0)], "by their names")
    }

    @Test func whatDoesNotCount() throws {
        let known = try known()
        for (role, environment, seconds) in [
            (OperatorRole.factory, nil, 3600), (.operator, "production", 3600), (.operator, nil, 10),
        ] as [(OperatorRole, String?, Int64)] {
            var world = try world()
            try world.approve(known, by: "ann")
            try world.approve(known, by: "bob", role: role, environment: environment, seconds: seconds)
            world.now += 10
            let codes = try world.ask(.update, package: known).reasonCodes
            #expect(codes == ["release-not-approved"], "\(role) \(environment ?? "") \(seconds)")
        }
        var any = try world(#"{"count":1}"#)
        try any.approve(known, by: "ann", role: .operator)
        #expect(try any.ask(.update, package: known).reasonCodes == [])
    }

    @Test func whatWasConfirmedGoesOutToNobodyAgain() throws {
        var world = try world(#"{"count":1}"#)
        let release = try Sample.release("1.1.0", securityVersion: 4)
        let known = try Sample.known(release)
        try world.approve(known, by: "ann")
        let delivered = try world.granted(release)
        try world.install(delivered)
        #expect(try world.ask(.confirm, grant: delivered.claims.jti).reasonCodes == [])
        world.authority = ReleaseAuthority()
        #expect(try world.ask(.update, package: known).reasonCodes == [], "the release on record")
        let next = try self.known("1.2.0")
        #expect(try world.ask(.update, package: next).reasonCodes == ["release-not-approved"])
    }

    @Test func grantsThatTravelAreHeldToItWhenTheyAreGiven() throws {
        var world = try World(policy: Sample.policy(delayed: DelayedTests.rule, approvals: #"{"count":1}"#))
        let known = try known()
        let early = try world.carried(known)
        #expect(try world.bring(early).reasonCodes == ["release-not-approved"])
        try world.approve(known, by: "ann")
        let carried = try world.carried(known)
        guard case .granted = try world.bring(carried).outcome else {
            Issue.record("not granted")
            return
        }
        #expect(try lastDecision(world).approvals == [world.approval(0)])
    }

    @Test func whatStandsAgainstItIsSaidBeforehand() throws {
        var world = try world()
        let known = try known()
        try world.approve(known, by: "ann")
        let explained = world.policy.explain(
            .measured(world.record),
            state: world.state,
            manifest: known.manifest,
            known: known,
            approvals: world.authority.approvals,
            at: world.now
        )
        #expect(explained.refusals == ["release-not-approved"])
        #expect(explained.details == ["the release is approved by 1 (ann) of 2 by release-manager or operator"])
    }

    /// Each of the two says what the other does not.
    @Test func approvalsOfAReleaseAndOfADeviceAreTwoThings() throws {
        var world = try CompensatedWorld(
            policy: CompensatedWorld.policy(
                controls: #"{"releases":"*","approvals":1,"claims":false}"#,
                releaseApprovals: #"{"count":1}"#
            )
        )
        let known = try known()
        var disk = world.born
        #expect(
            try world.ask(&disk, .update, package: known).reasonCodes == ["release-not-approved", "controls-unmet"]
        )
        try world.approve(known, by: "ann")
        #expect(try world.ask(&disk, .update, package: known).reasonCodes == ["release-not-approved"])
        try world.approve(known, by: "bob", wholeRelease: true)
        let decision = try world.ask(&disk, .update, package: known)
        let grant = try world.grant(decision)
        let control = try #require(grant.claims.controls.first { $0.control == .approval })
        #expect(control.evidence == [world.approvals[0].entry])
        let bodies = world.log.entries.compactMap { written -> CompensatedDecisionEntry? in
            if case .compensated(let body) = written.entry.body { body } else { nil }
        }
        #expect(bodies.last?.approvals == [world.approvals[1].entry])
    }

    @Test(arguments: [
        #"{"count":0}"#, #"{"count":6}"#, #"{"count":2,"roles":[]}"#, #"{"count":2,"roles":["auditor"]}"#,
        #"{"roles":["operator"]}"#, #"{"count":2,"people":["ann"]}"#,
    ])
    func rulesThatCannotBeMeant(rule: String) {
        #expect(throws: MessageError.self) { try Sample.policy(approvals: rule) }
    }

    @Test func theMatrixSaysWhoHasToApprove() throws {
        let matrix = try Sample.policy(approvals: #"{"count":2,"roles":["operator"]}"#).matrix(for: MatrixSubject())
        let cells = matrix.tables.flatMap(\.cells)
        #expect(cells.contains { $0.tier == .tpm && $0.wants.contains("release approval: 2 by operator") })
    }
}

extension World {
    mutating func approve(
        _ known: KnownRelease,
        by name: String,
        role: OperatorRole = .releaseManager,
        environment: String? = nil,
        seconds: Int64 = 3600
    ) throws {
        let reason = try #require(Remark("change 12"))
        let made = Approval(
            release: known.manifest,
            instance: nil,
            environment: environment.map { Sample.label($0) },
            by: Sample.label(name),
            role: role,
            reason: reason,
            until: now + seconds
        )
        let approval = try #require(made)
        authority.approvals.append(RecordedApproval(approval, entry: self.approval(authority.approvals.count)))
    }

    /// The entry of the approval that was given so manieth.
    func approval(_ number: Int) -> ContentDigest { Sample.digest("approval \(number)") }
}
