import DeviceAgent
import Messages
import Testing

@Suite struct UpdateTests {
    @Test func anUpdateIsGrantedInstalledBootedAndConfirmed() async throws {
        try await Bench.with { bench in
            let agent = try bench.agent()
            let lock = try bench.lock()
            let attested = try await agent.attest(lock)
            #expect(attested.bootState == "current")

            let outcome = try await agent.update(bench.order(), lock) { _, _ in }
            #expect(try outcome.installed.manifest == bench.journal.update?.package.manifest)
            #expect(try contents(of: bench.target) == contents(of: bench.package))
            #expect(try await bench.grantsSpent == 1)
            #expect(try bench.journal.update?.step == .installed)

            try await bench.boot(Bench.grownTo)
            let confirmed = try await agent.confirm(lock)
            #expect(confirmed.grant == outcome.grant)
            #expect(try bench.journal.running?.version == label("2.4.0"))
            #expect(try bench.journal.floorTarget == nil)
            #expect(try await bench.device.spent(bench.device.record.counters.securityFloor) == 4)
            #expect(try names(in: bench.state + "/spool").isEmpty)
            #expect(await bench.verifier.kinds.suffix(2).contains("receipt"))
            // Asking again changes nothing.
            #expect(try await agent.confirm(lock).running == confirmed.running)
        }
    }
}
