import Testing

/// A release that goes out to a part of the fleet, fails there, and goes no further.
@Suite(.timeLimit(.minutes(20))) struct RolloutTests {
    @Test func aReleaseThatFallsBackIsHaltedBeforeTheOthersHaveIt() async throws {
        try await Fleet.with(["p256", "p256"]) { fleet in
            let first = try #require(fleet.devices.first)
            let second = try #require(fleet.devices.last)
            let listed = try await fleet.run(.auditor, ["release", "list", "--json"] + fleet.asAlice).json
            let manifest = try #require(listed["releases"].list.first?["manifest"].text)
            func rollout(_ change: [String]) async throws -> JSON {
                try await fleet.run(.auditor, ["release", "rollout", manifest, "--json"] + change + fleet.asAlice).json
            }
            for device in fleet.devices { try await expect(0, device.agent("attest")) }

            _ = try await rollout(["--percent", "0", "--reason", "not before Monday"])
            let early = try await expect(1, first.update()).json
            #expect(early["reasons"].texts == ["rollout-not-yet"])
            let question = ["policy", "explain", first.serial, "--release", manifest] + fleet.asAlice
            let explained = try await fleet.run(.auditor, question).output
            #expect(explained.contains("rollout at 0 %: this instance, of production, has its place at"))
            let ring = ["--percent", "0", "--cohort", "production", "--halt-above", "0%", "--halt-after", "1"]
            let set = try await rollout(ring + ["--reason", "the plant first"])
            #expect(set["status"].text == "rolling" && set["plan.cohorts"].texts == ["production"])

            // It is installed, and the boot loader goes back to what it had before.
            try await expect(0, first.update())
            try await first.boot(Fleet.bornWith)
            try await expect(0, first.agent("attest"))
            let halted = try await rollout([])
            #expect(halted["status"].text == "halted" && halted["failed"].number == 1)
            #expect(halted["changedBy"].text == "verifier:test-verifier")
            let told = try await fleet.run(.auditor, ["release", "rollout", manifest] + fleet.asAlice).output
            #expect(told.contains("1 of 1 updates failed, more than 0 %"))
            #expect(try await expect(1, second.update()).json["reasons"].texts == ["rollout-halted"])

            let resumed = try await rollout(["--resume", "--percent", "100", "--reason", "a loose plug, ticket 812"])
            #expect(resumed["status"].text == "rolling" && resumed["failed"].number == 0)
            try await second.takeRelease()
            #expect(try await rollout([])["confirmed"].number == 1)
            let ledger = try await fleet.run(.auditor, ["ledger", "verify", "--trust", fleet.trust, "--json"]).json
            #expect(ledger["types.rollout"].number == 4)
        }
    }
}
