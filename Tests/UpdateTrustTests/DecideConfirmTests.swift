import AttestationResults
import Messages
import Testing

@testable import UpdateTrust

@Suite struct DecideConfirmTests {
    @Test func theBootThatFollowedClosesTheGrant() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        let lease = try #require(world.state.lease)
        try world.install(delivered)
        world.now += 50
        let decision = try world.ask(.confirm, grant: delivered.claims.jti)
        guard case .accepted(let acceptance) = decision.outcome else { throw NotGranted(codes: decision.reasonCodes) }
        #expect(acceptance.boot == .granted)
        #expect(world.state.pending == nil)
        #expect(world.state.running.version == Sample.label("1.1.0"))
        #expect(world.state.running.manifest == delivered.claims.package.manifest)
        #expect(world.state.securityFloor == 4)
        #expect(world.state.lease?.id == lease.id, "the grant announced this reboot")
        #expect(world.state.lease?.expires == world.now + 86_400)
        #expect(world.log.entries.suffix(3).map(\.entry.body.type) == ["decision", "receipt", "lease"])
        // From now on the new boot is the expected one, and the old one is a fall back.
        #expect(world.state.expectations(for: .attest).map(\.name) == [.current])
        try world.device.reboot(into: "1.0.0")
        try world.ask(.attest)
        #expect(world.state.lifecycle == .rescue && world.state.strayed?.boot == .previous)
    }

    @Test func case02_installFellBackToTheOldBoot() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        world.device.counters.grants += 1
        try world.device.reboot(into: "1.0.0")
        let decision = try world.ask(.confirm, grant: delivered.claims.jti)
        #expect(decision.reasonCodes == ["boot-not-as-granted"])
        #expect(world.state.lifecycle == .trusted)
        #expect(world.state.lease?.holds(at: world.now) == true)
        // The boot loader may try the new image again: it is still expected, and can still be confirmed.
        try world.device.reboot(into: "1.1.0")
        #expect(try world.ask(.confirm, grant: delivered.claims.jti).reasonCodes == [])
    }

    @Test func confirmationAfterALostAnswerIsAcceptedAgain() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        try world.install(delivered)
        try world.ask(.confirm, grant: delivered.claims.jti)
        let floor = world.state.securityFloor
        #expect(try world.ask(.confirm, grant: delivered.claims.jti).reasonCodes == [])
        #expect(world.state.securityFloor == floor)
        #expect(world.log.entries.filter { $0.entry.body.type == "receipt" }.count == 1)
    }

    @Test func refusals() throws {
        var world = try World()
        #expect(try world.ask(.confirm, grant: "unknown").reasonCodes == ["grant-unknown"])
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        let jti = delivered.claims.jti
        #expect(
            try world.ask(.confirm, grant: jti).reasonCodes == [
                "boot-not-as-granted", "not-rebooted", "grant-not-spent",
            ]
        )
        try world.device.reboot(into: "1.1.0")
        #expect(try world.ask(.confirm, grant: jti).reasonCodes == ["grant-not-spent"])
        world.device.counters.grants += 1
        #expect(try world.ask(.confirm, grant: jti, counters: false).reasonCodes == ["counters-missing"])
        #expect(try world.ask(.confirm, grant: "another").reasonCodes == ["grant-unknown"])
        #expect(world.state.pending != nil)
        #expect(try world.ask(.confirm, grant: jti).reasonCodes == [])
    }

    /// The new boot looks exactly like the old one; only the reboot and the spent counter tell an install from a claim.
    @Test func reinstallOfTheSameRelease() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.0.0", securityVersion: 3))
        world.device.counters.grants += 1
        #expect(try world.ask(.confirm, grant: delivered.claims.jti).reasonCodes == ["not-rebooted"])
        try world.device.reboot(into: "1.0.0")
        #expect(try world.ask(.confirm, grant: delivered.claims.jti).reasonCodes == [])
        #expect(world.state.running.manifest == delivered.claims.package.manifest)
    }

    /// How long the way from the gate to the receipt takes is the device's affair: the grant's end bounds the beginning of the install only.
    @Test func case11_confirmedLongAfterTheGrantExpired() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        try world.install(delivered)
        world.now = delivered.claims.lease.exp + 30 * 86_400
        #expect(try world.ask(.confirm, grant: delivered.claims.jti).reasonCodes == [])
        #expect(world.state.running.version == Sample.label("1.1.0"))
    }

    @Test func case12_leaseEndedWhileInstalling() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        try world.act(.suspend)
        #expect(world.state.lease == nil)
        #expect(world.state.pending?.status == .ended)
        try world.install(delivered)
        #expect(try world.ask(.confirm, grant: delivered.claims.jti).reasonCodes == ["suspended"])
        // What was begun under the lease was no tampering: once reinstated, the instance can prove what it runs.
        try world.act(.reinstate)
        #expect(try world.ask(.confirm, grant: delivered.claims.jti).reasonCodes == [])
        #expect(world.state.running.version == Sample.label("1.1.0"))
    }

    /// A window bounds the beginning of an install: what has begun when it closes is gone on with, and its receipt is taken.
    @Test func case33_windowEndsDuringAnInstall() throws {
        // 2026-09-21 is a Monday, 14:13:20.
        let window = #"{"days":["mon"],"from":"14:00","to":"14:20"}"#
        var world = try World(policy: Sample.policy(window: window))
        let release = try Sample.release("1.1.0", securityVersion: 4)
        let delivered = try world.granted(release)
        world.now += 400
        #expect(try world.ask(.update, package: Sample.known(release)).reasonCodes == ["outside-window"])
        let trust = try world.trust()
        #expect(GateCheck.judge(try world.gate(delivered), trust: trust) == .shut([.expired]), "not begun yet")
        world.device.counters.grants += 1
        var begun = try world.gate(delivered)
        begun.journalled = delivered.claims.jti
        guard case .open(let pass) = GateCheck.judge(begun, trust: trust) else {
            Issue.record("an install that had begun is given up")
            return
        }
        #expect(pass.stage == .resume)
        try world.device.reboot(into: "1.1.0")
        #expect(try world.ask(.confirm, grant: delivered.claims.jti).reasonCodes == [])
        #expect(world.state.running.version == Sample.label("1.1.0"))
    }

    /// A withdrawal stops grants; what was installed before is a fact, and its receipt is taken.
    @Test func case14_withdrawnAfterTheGrant() throws {
        var world = try World()
        let release = try Sample.release("1.1.0", securityVersion: 4)
        let delivered = try world.granted(release)
        let withdrawn = try Sample.known(release, standing: .withdrawn)
        #expect(try world.ask(.update, package: withdrawn).reasonCodes == ["release-withdrawn"])
        try world.install(delivered)
        #expect(try world.ask(.confirm, grant: delivered.claims.jti).reasonCodes == [])
    }

    @Test func expectationsFollowThePurpose() throws {
        var world = try World()
        #expect(world.state.expectations(for: .confirm).map(\.name) == [.current])
        _ = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        #expect(world.state.expectations(for: .attest).map(\.name) == [.current, .granted])
        #expect(world.state.expectations(for: .update).map(\.name) == [.current, .granted])
        #expect(world.state.expectations(for: .confirm).map(\.name) == [.granted, .current])
    }
}
