import AttestationResults
import Messages
import Testing

@testable import UpdateTrust

/// How far an update came, as quotes and the clock show it.
@Suite struct UpdateStageTests {
    private static let release = "1.1.0"

    private func granted(_ world: inout World) throws -> Delivered {
        let release = try Sample.release(Self.release, securityVersion: 4)
        world.known = [
            try Sample.known(release),
            try Sample.known(Sample.release("rescue", securityVersion: 1) { $0.role = .rescue }),
            try Sample.known(Sample.release("9.9.9", securityVersion: 9)),
        ]
        return try world.granted(release)
    }

    private func stages(_ world: World) -> [UpdateStage] {
        world.log.entries.compactMap { if case .update(let update) = $0.entry.body { update.stage } else { nil } }
    }

    @Test func installedThenBooted() throws {
        var world = try World()
        _ = try granted(&world)
        #expect(world.state.pending?.stage == .granted)
        world.device.counters.grants += 1
        try world.ask(.attest)
        #expect(world.state.pending?.stage == .installed)
        try world.device.reboot(into: Self.release)
        try world.ask(.attest)
        #expect(world.state.pending?.stage == .booted)
        // Asked again, nothing new is said.
        try world.ask(.attest)
        #expect(stages(world) == [.installed, .booted])
        try world.ask(.confirm, grant: world.state.pending?.jti)
        #expect(world.state.pending == nil && stages(world) == [.installed, .booted])
    }

    @Test func rolledBackAndTriedAgain() throws {
        var world = try World()
        let delivered = try granted(&world)
        world.device.counters.grants += 1
        try world.device.reboot(into: "1.0.0")
        try world.ask(.attest)
        #expect(world.state.pending?.stage == .rolledBack)
        try world.device.reboot(into: Self.release)
        try world.ask(.confirm, grant: delivered.claims.jti)
        #expect(world.state.pending == nil && stages(world) == [.rolledBack])
    }

    /// Back and forth between two images: after some attempts a person looks.
    @Test func case39_bootLoopBetweenTwoImages() throws {
        var world = try World()
        let release = try Sample.release(Self.release, securityVersion: 4)
        func fallBack() throws {
            try world.install(try world.granted(release))
            try world.device.reboot(into: "1.0.0")
            try world.ask(.attest)
            #expect(world.state.pending?.stage == .rolledBack)
        }
        for _ in 0..<FailedInstalls.defaultMaximum { try fallBack() }
        let known = try Sample.known(release)
        #expect(try world.ask(.update, package: known).reasonCodes == ["too-many-attempts"])
        let other = try Sample.known(Sample.release("1.3.0", securityVersion: 4))
        #expect(try world.ask(.update, package: other).reasonCodes == [], "another release is another matter")
        _ = try world.act(.suspend)
        _ = try world.act(.reinstate)
        try fallBack()
        let delivered = try world.granted(release)
        try world.install(delivered)
        #expect(try world.ask(.confirm, grant: delivered.claims.jti).reasonCodes == [])
        #expect(world.state.failed == nil, "what came to stay counts no failures")
    }

    /// One install that falls back, and is rescued then, is one attempt.
    @Test func setbacksOfOneInstallCountOnce() throws {
        var world = try World()
        _ = try granted(&world)
        world.device.counters.grants += 1
        for boot in ["1.0.0", "rescue", "1.0.0"] {
            try world.device.reboot(into: boot)
            try world.ask(.attest)
        }
        #expect(world.state.failed?.count == 1)
    }

    @Test(arguments: [("rescue", UpdateStage.rescued), ("9.9.9", .failed), ("tampered", .failed)])
    func whatElseBooted(boot: String, stage: UpdateStage) throws {
        var world = try World()
        _ = try granted(&world)
        world.device.counters.grants += 1
        try world.device.reboot(into: boot)
        try world.ask(.attest)
        #expect(world.state.pending?.stage == stage)
    }

    @Test func aGrantThatWasNotSpentLapses() throws {
        var world = try World()
        let delivered = try granted(&world)
        world.now = delivered.claims.exp
        #expect(world.state.due == delivered.claims.exp)
        let lapse = try world.lapse()
        #expect(world.state.pending?.stage == .unconfirmed && lapse.entries.count == 1)
        #expect(world.state.lease?.holds(at: world.now) == true, "the lease does not depend on it")
        #expect(world.state.due == world.state.lease?.expires)
        try world.ask(.attest)
        #expect(world.state.pending?.stage == .lapsed)
    }

    @Test func unconfirmedUntilTheNextQuoteSaysWhichImageItIs() throws {
        for (boot, stage) in [("1.0.0", UpdateStage.rolledBack), (Self.release, .booted)] {
            var world = try World()
            let delivered = try granted(&world)
            world.device.counters.grants += 1
            world.now = delivered.claims.exp + 5
            try world.lapse()
            #expect(world.state.pending?.stage == .unconfirmed)
            try world.device.reboot(into: boot)
            try world.ask(.attest)
            #expect(world.state.pending?.stage == stage)
            guard stage == .booted else { continue }
            // Late is not wrong: the boot is what was granted.
            #expect(try world.ask(.confirm, grant: delivered.claims.jti).reasonCodes == [])
        }
    }

    @Test func anotherGrantTakesItsPlace() throws {
        var world = try World()
        let first = try granted(&world)
        let second = try world.granted(first.release)
        #expect(first.claims.jti != second.claims.jti)
        #expect(stages(world) == [.superseded])
        #expect(world.state.pending?.jti == second.claims.jti && world.state.pending?.stage == .granted)
    }

    @Test func aReinstallThatBootsIsNoRollBack() throws {
        var world = try World(policy: Sample.policy(moves: #"{"upgrade":true,"reinstall":true,"downgrade":false}"#))
        let delivered = try granted(&world)
        try world.install(delivered)
        try world.ask(.confirm, grant: delivered.claims.jti)
        let again = try world.granted(delivered.release)
        try world.install(again)
        try world.ask(.attest)
        #expect(world.state.pending?.stage == .booted)
    }
}
