import AttestationResults
import Crypto
import Foundation
import Messages
import Testing

@testable import UpdateTrust

/// What an instance without a TPM may have, and on whose word.
@Suite struct ControlTests {
    private func known(_ version: String = "1.1.0") throws -> KnownRelease {
        try Sample.known(Sample.release(version, securityVersion: 4) { $0.boot = nil })
    }

    private func wanted(_ rest: String) throws -> CompensatedWorld {
        try CompensatedWorld(policy: CompensatedWorld.policy(controls: #"{"releases":"*","claims":false,\#(rest)}"#))
    }

    @Test func aWholeUpdate() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        let known = try known()
        let next = SoftwareKey(of: disk.next)
        let grant = try world.grant(try world.ask(&disk, .update, package: known))
        #expect(grant.claims.cnf.jkt == JSONWebKey(next).thumbprint && grant.claims.position == 1)
        #expect(grant.claims.tier == .compensated && grant.claims.exp <= grant.claims.lease.exp)
        #expect(world.state.pending?.boot == nil && world.state.pending?.counter == nil)
        #expect(try world.ask(&disk, .confirm, grant: grant.claims.jti).reasonCodes == ["claim-not-as-granted"])
        disk.running = ClaimedRelease(
            name: known.release.name,
            version: known.release.version,
            manifest: known.manifest
        )
        #expect(try world.ask(&disk).isAnswered)
        #expect(world.state.pending?.stage == .booted)
        #expect(try world.ask(&disk, .confirm, grant: grant.claims.jti).isAnswered)
        #expect(world.state.running.manifest == known.manifest && world.state.running.boot == nil)
        #expect(world.state.securityFloor == 4 && world.state.pending == nil)
        #expect(try world.ask(&disk, .confirm, grant: grant.claims.jti).isAnswered, "the answer was lost")
    }

    /// Confirmed or not: who runs what was recalled has a lease for the way out of it.
    @Test func aRecallCountsBeforeTheConfirmation() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        let known = try known()
        let grant = try world.grant(try world.ask(&disk, .update, package: known))
        let lease = try #require(world.state.lease)
        disk.running = ClaimedRelease(
            name: known.release.name,
            version: known.release.version,
            manifest: known.manifest
        )
        world.fallen[known.manifest] = .recalled
        #expect(try world.ask(&disk).isAnswered)
        #expect(world.state.lifecycle == .rescue && world.state.remark?.contains("recalled") == true)
        #expect(world.state.lease != nil && world.state.lease?.id != lease.id)
        #expect(try world.ask(&disk, .confirm, grant: grant.claims.jti).isAnswered, "that it runs is what it says")
        #expect(world.state.running.manifest == known.manifest && world.state.lifecycle == .rescue)
        #expect(InstanceStanding(of: world.state).status(at: world.now) == .invalid)
    }

    /// Neither kind of gate opens for the other's token.
    @Test func attack76_noTokenOfTheOtherTier() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        let compensated = try world.grant(try world.ask(&disk, .update, package: try known()))
        let asMeasured = #expect(throws: JWSError.self) {
            try Grant.verify(compensated.compact, issuer: Sample.verifier, keys: world.grantKeys)
        }
        #expect(asMeasured?.code == .header)
        var measured = try World()
        let delivered = try measured.granted(try Sample.release("1.1.0", securityVersion: 4))
        let asCompensated = #expect(throws: JWSError.self) {
            try CompensatedGrant.verify(
                delivered.compact,
                issuer: Sample.verifier,
                keys: [StatementKey(measured.grantKey.publicKey)]
            )
        }
        #expect(asCompensated?.code == .header)
    }

    /// No rule serves an instance without a TPM by being silent about it.
    @Test func aRuleWithoutControlsServesNobodyWithoutATPM() throws {
        var world = try CompensatedWorld(policy: CompensatedWorld.policy(controls: nil))
        var disk = world.born
        #expect(try world.ask(&disk).reasonCodes == ["tier-not-served"])
        #expect(world.state.lease == nil)
    }

    @Test func approvalsAreDistinctPeopleAndRunOut() throws {
        var world = try wanted(#""approvals":2"#)
        var disk = world.born
        let known = try known()
        func refused() throws -> [String] { try world.ask(&disk, .update, package: known).reasonCodes }
        #expect(try refused() == ["controls-unmet"])
        try world.approve(known, by: "ann")
        try world.approve(known, by: "ann", seconds: 7200)
        #expect(try refused() == ["controls-unmet"], "one person twice is one")
        try world.approve(known, by: "bob", seconds: 60)
        world.now += 60
        #expect(try refused() == ["controls-unmet"], "bob's has run out at exactly that second")
        world.now -= 1
        let grant = try world.grant(try world.ask(&disk, .update, package: known))
        let approval = try #require(grant.claims.controls.first { $0.control == .approval })
        #expect(approval.isMet && approval.evidence?.count == 2)
        #expect(approval.evidence?.contains(Sample.digest("entry of ann 1")) == true, "the one that counts longest")
    }

    @Test func anApprovalIsForOneInstanceOrItsCohort() throws {
        var world = try wanted(#""approvals":1"#)
        var disk = world.born
        let known = try known()
        try world.approve(known, by: "ann", environment: "lab")
        #expect(try world.ask(&disk, .update, package: known).reasonCodes == ["controls-unmet"])
        try world.approve(known, by: "ann", environment: "production")
        #expect(try world.ask(&disk, .update, package: known).isAnswered)
    }

    @Test func onlyTheNamedRolesCount() throws {
        var world = try wanted(#""approvals":1,"roles":["release-manager"]"#)
        var disk = world.born
        let known = try known()
        try world.approve(known, by: "ann", role: .operator)
        #expect(try world.ask(&disk, .update, package: known).reasonCodes == ["controls-unmet"])
        try world.approve(known, by: "bob")
        #expect(try world.ask(&disk, .update, package: known).isAnswered)
    }

    @Test func onlyTheNamedPackagesGoThisWay() throws {
        var world = try CompensatedWorld(
            policy: CompensatedWorld.policy(controls: #"{"releases":["app"],"approvals":0,"claims":false}"#)
        )
        var disk = world.born
        #expect(try world.ask(&disk, .update, package: try known()).reasonCodes == ["controls-unmet"])
        #expect(world.state.lease != nil, "the evidence is good for a lease all the same")
    }

    /// Hardware that speaks otherwise than at birth gets nothing where the policy listens to it.
    @Test func otherHardwareIsTold() throws {
        let listening = #"{"releases":"*","approvals":0,"claims":true}"#
        for (controls, isHeard) in [(listening, true), (#"{"releases":"*","approvals":0,"claims":false}"#, false)] {
            var world = try CompensatedWorld(policy: CompensatedWorld.policy(controls: controls))
            var disk = world.born
            try world.ask(&disk)
            disk.claims = try #require(HardwareClaims([Sample.label("mmc-cid"): Sample.label("another")]))
            world.state.lease = nil
            let decision = try world.ask(&disk)
            #expect(decision.reasonCodes == (isHeard ? ["controls-unmet"] : []))
            #expect((world.state.lease == nil) == isHeard)
            guard
                case .compensated(let entry) = world.log.entries.last(where: {
                    $0.entry.body.type == "compensated-decision"
                })?
                .entry.body
            else {
                Issue.record("no entry")
                return
            }
            #expect(entry.differing == [Sample.label("mmc-cid")], "the ledger has it in any case")
        }
    }

    @Test func whatItSaysOfItselfLimitsItsLease() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        try world.ask(&disk)
        disk.running.version = Sample.label("6.6.6")
        #expect(try world.ask(&disk).reasonCodes == ["drifted"])
        #expect(world.state.lease == nil && world.state.lifecycle == .drifted)
        world.policy = try CompensatedWorld.policy(drift: 60)
        #expect(try world.ask(&disk).isAnswered)
        #expect(world.state.lease?.expires == world.now + 60)
        disk.running.version = Sample.label("1.0.0")
        #expect(try world.ask(&disk).isAnswered)
        #expect(world.state.lifecycle == .trusted && world.state.lease?.expires == world.now + 3600)
    }

    @Test func conditionsOfReleasesHoldForAll() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        var old = try known()
        old.release.securityVersion = 2
        #expect(
            try world.ask(&disk, .update, package: old).reasonCodes == ["move-not-allowed", "below-security-floor"]
        )
        var other = try known()
        other.release.models = [Sample.label("another")]
        #expect(try world.ask(&disk, .update, package: other).reasonCodes == ["model-does-not-fit"])
        var withdrawn = try known()
        withdrawn.standing = .withdrawn
        #expect(try world.ask(&disk, .update, package: withdrawn).reasonCodes == ["release-withdrawn"])
    }

    /// A release that nobody can measure is for those whom nobody can measure.
    @Test func aReleaseWithoutABootIsForNoTPM() throws {
        var world = try World()
        #expect(try world.ask(.update, package: try known()).reasonCodes == ["boot-not-quotable"])
    }

    @Test func theResultAffirmsNothing() throws {
        var world = try CompensatedWorld()
        let disk = world.born
        let input = try world.input(disk, .attest)
        guard case .accepted(let acceptance) = decide(input).outcome else {
            Issue.record("not accepted")
            return
        }
        let claims = input.resultClaims(for: acceptance)
        let vector = try #require(claims.appraisals.values.first?.vector)
        for category in TrustworthinessVector.Category.allCases { #expect(vector[category] == .noClaim) }
        #expect(claims.expires == acceptance.lease.expires)
    }

    @Test func policiesThatCannotBeMeantAreRefused() {
        for controls in [
            #"{"releases":"*","approvals":3,"claims":false}"#, #"{"releases":"*","approvals":-1,"claims":false}"#,
            #"{"releases":[],"approvals":0,"claims":false}"#,
            #"{"releases":"*","approvals":1,"roles":[],"claims":false}"#,
            #"{"releases":"*","approvals":0,"roles":["operator"],"claims":false}"#, #"{"approvals":0,"claims":false}"#,
        ] {
            #expect(throws: MessageError.self, "\(controls)") { try CompensatedWorld.policy(controls: controls) }
        }
    }

    /// Such a rule grants nothing for ever; one that is on a ledger is read, and decides as it did.
    @Test func aNewPolicyNamesOnlyRolesThatCanApprove() throws {
        for (roles, isGood) in [
            (#"["operator"]"#, true), (#"["operator","release-manager"]"#, true), (#"["auditor"]"#, false),
            (#"["operator","factory"]"#, false),
        ] {
            let policy = try CompensatedWorld.policy(
                controls: #"{"releases":"*","approvals":1,"roles":\#(roles),"claims":false}"#
            )
            var problem: String?
            do { try policy.checkNew() } catch { problem = error.detail }
            #expect((problem == nil) == isGood, "\(roles)")
            #expect(problem?.contains("operator and release-manager") ?? isGood)
        }
    }

    /// What each control wants, what it proves and what it does not: nobody is offered one that the pages say nothing of.
    @Test(arguments: ["Compensated", "Auditor"]) func thePagesTellEveryControl(page: String) throws {
        let path = URL(filePath: #filePath).appending(
            path: "../../../../Sources/UpdateTrust/UpdateTrust.docc/\(page).md"
        )
        let text = try String(contentsOf: path.standardized, encoding: .utf8)
        for control in CompensatingControl.allCases {
            #expect(text.contains("\n| `\(control.rawValue)`"), "\(control.rawValue)")
        }
    }

    /// What became of the weaker kind of grant is counted, ended and confirmed like any other.
    @Test func timeAndWithdrawalsEndIt() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        let known = try known()
        _ = try world.grant(try world.ask(&disk, .update, package: known))
        world.fallen[known.manifest] = .withdrawn
        try world.ask(&disk)
        #expect(world.state.pending?.stage == .withdrawn)
        world.fallen = [:]
        _ = try world.grant(try world.ask(&disk, .update, package: known))
        world.now += 601
        let lapsed = try Transition.lapse(of: world.state, standings: [:], at: world.now, by: Sample.verifier)
        #expect(lapsed.state.pending?.stage == .unconfirmed)
    }
}
