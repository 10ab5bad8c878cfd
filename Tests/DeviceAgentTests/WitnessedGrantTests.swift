import DeviceAgent
import Messages
import Testing

/// A grant whose rule wants witnesses of the ledger: the agent counts them, whatever its trust bundle requires.
@Suite struct WitnessedGrantTests {
    @Test func attack71_theAgentInstallsNothingThatTooFewHaveSeen() async throws {
        try await Bench.with(witnessed: .init(wanted: 2, known: 3, signing: 1)) { bench in
            #expect(bench.trust.ledgerWitnesses?.required == 0)
            let error = try await refusal { try await bench.update() }
            #expect(error.reasons == ["ledger-unwitnessed"])
            #expect(bench.installs == 0)
            #expect(try await bench.grantsSpent == 0)
            // The next one is given out when they have signed.
            await bench.verifier.setSigning(2)
            try await bench.update()
            #expect(bench.installs == 1)
        }
    }

    @Test func aBundleThatKnowsTooFewIsTheCause() async throws {
        try await Bench.with(witnessed: .init(wanted: 2, known: 1, signing: 3)) { bench in
            let error = try await refusal { try await bench.update() }
            #expect(error.reasons == ["too-few-witnesses-known"])
            #expect(error.message.contains("renew its trust bundle"))
            #expect(bench.installs == 0)
            #expect(try await bench.grantsSpent == 0)
        }
    }

    @Test func withoutSuchARuleNothingIsAskedOfThem() async throws {
        try await Bench.with(witnessed: .init(known: 3)) { bench in
            try await bench.update()
            #expect(bench.installs == 1)
        }
    }
}
