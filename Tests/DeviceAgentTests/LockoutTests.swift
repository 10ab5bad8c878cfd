import DeviceAgent
import FoundationEssentials
import Messages
import SoftwareDevice
import Testing

/// Keys of the TCG's templates are under dictionary-attack protection: power cuts while they are in use add up.
@Suite struct LockoutTests {
    @Test func aTPMInLockoutSaysHowLongAndWhatToDo() async throws {
        try await Bench.with { bench in
            let lease = try await bench.attest().lease
            // swtpm counts to three; the first cut is that of the attestation above.
            for cut in 1...3 {
                try await bench.device.software.stop(orderly: false)
                try await bench.boot(TestDevice.bornRunning)
                if cut < 3 { try await bench.attest() }
            }
            let held = try bench.journal
            let requests = await bench.verifier.kinds
            let error = try await refusal { try await bench.attest() }
            #expect(error.kind == .environment)
            for words in ["lockout", "3 of at most 3", "minutes", "tpm2_dictionarylockout"] {
                #expect(error.message.contains(words), "\(error)")
            }
            // Nothing else is signed in its place, and what was believed is still believed.
            let refused = try await refusal { try await bench.update() }
            #expect(refused.kind == .environment && refused.message.contains("lockout"), "\(refused)")
            #expect(bench.installs == 0)
            #expect(await bench.verifier.kinds == requests)
            #expect(try bench.journal.lease == held.lease)
            #expect(try bench.journal.lease.map { $0.expires >= lease.expires } == true)
            let status = try await AgentStatus.of(
                StateDirectory(existing: bench.state),
                trust: bench.trust,
                tcti: bench.device.tcti,
                wallClock: now
            )
            #expect(status.tpmTrouble?.contains("lockout") == true)
            #expect(status.instance == bench.device.record.instance)
            #expect(status.grantsSpent == 0)
        }
    }
}
