import Testing

/// Two people, each with a certificate of his own, let a release go out whose rollout is halted.
@Suite(.timeLimit(.minutes(20))) struct EmergencyTests {
    @Test func twoPeopleLiftAHaltAndTheProofNamesBoth() async throws {
        try await Fleet.with(["p256", "p256"]) { fleet in
            let first = try #require(fleet.devices.first)
            let second = try #require(fleet.devices.last)
            let listed = try await fleet.run(.auditor, ["release", "list", "--json"] + fleet.asAlice).json
            let manifest = try #require(listed["releases"].list.first?["manifest"].text)
            for device in fleet.devices { try await expect(0, device.agent("attest")) }
            let ring = ["--percent", "0", "--cohort", "production", "--halt-above", "0%", "--halt-after", "1"]
            try await fleet.run(
                .auditor,
                ["release", "rollout", manifest, "--reason", "the plant first"] + ring + fleet.asAlice
            )
            try await expect(0, first.update())
            try await first.boot(Fleet.bornWith)
            try await expect(0, first.agent("attest"))
            #expect(try await expect(1, second.update()).json["reasons"].texts == ["rollout-halted"])

            try await fleet.run(.verifier, ["operator", fleet.place, "bob", "--role", "operator"])
            func declare(_ person: String) async throws -> JSON {
                try await fleet.run(
                    .auditor,
                    ["emergency", "declare", manifest, "--override", "halted-rollout", "--reason", "incident 7"]
                        + ["--json", "--trust", fleet.trust, "--operator", person]
                ).json
            }
            let alone = try await declare(fleet.alice)
            #expect(alone["declared"].list.count == 1 && alone["inForce"].list.isEmpty)
            let question = ["policy", "explain", second.serial, "--release", manifest] + fleet.asAlice
            let explained = try await fleet.run(.auditor, question).output
            #expect(explained.contains("alice has declared an emergency for halted-rollout: it takes 2 people"))
            #expect(try await expect(1, second.update()).json["reasons"].texts == ["rollout-halted"])

            let both = try await declare(fleet.place + "/operators/bob")
            #expect(both["declared"].list.count == 2)
            let lifted = try #require(both["inForce"].list.first)
            #expect(lifted["lifts"].text == "halted-rollout" && lifted["by"].texts == ["alice", "bob"])
            try await expect(0, second.update())

            let report = try await fleet.run(.auditor, ["report"] + fleet.asAlice).output
            #expect(report.contains("EMERGENCIES:") && report.contains("LIFTED: halted-rollout for \(manifest)"))
            let bundle = fleet.directory + "/second.audit"
            try await fleet.run(.auditor, ["audit", "export", second.serial, "--out", bundle] + fleet.asAlice)
            let told = try await fleet.run(.auditor, ["audit", "verify", bundle, "--trust", fleet.trust]).output
            #expect(told.contains("in an emergency that alice and bob declared"))
            #expect(told.contains("bob declared an emergency for gateway-os 2.5.0, to lift halted-rollout until"))
        }
    }
}
