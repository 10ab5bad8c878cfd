import Testing

/// Below the security floor, with a TPM that counts: refused, allowed by name and with a reason, once.
@Suite(.timeLimit(.minutes(20))) struct DowngradeTests {
    private func install(_ manifest: String, _ boot: String, on device: FleetDevice) async throws {
        try await expect(0, update(manifest, on: device))
        try await device.boot(boot)
        try await expect(0, device.agent("confirm"))
    }

    private func update(_ manifest: String, on device: FleetDevice) async throws -> Program.Ended {
        let order = ["--package", device.package, "--manifest", manifest, "--install-command", device.installing]
        return try await device.agent("update", order)
    }

    @Test func anOperatorLetsOneReleaseBelowTheFloor() async throws {
        try await Fleet.with { fleet in
            let policy = String(decoding: try contents(of: fleet.place + "/policy.json"), as: UTF8.self)
            let allowing = policy.replacing(#""downgrade": false"#, with: #""downgrade": true"#)
            try #require(allowing != policy)
            try write(allowing.utf8, to: fleet.place + "/policy.json")
            try await fleet.run(.auditor, ["policy", "check", fleet.place + "/policy.json"])
            try await fleet.restart()

            let device = try #require(fleet.devices.first)
            let old = fleet.directory + "/2.4.1.dsse.json"
            try await fleet.register("gateway-os-2.3.0", version: "2.4.1", securityVersion: 7, to: old)
            let listed = try await fleet.run(.auditor, ["release", "list", "--json"] + fleet.asAlice).json
            let manifest = try #require(
                listed["releases"].list.first { $0["release.version"].text == "2.4.1" }?["manifest"].text
            )
            try await expect(0, device.agent("attest"))
            try await install(fleet.manifest, Fleet.released, on: device)
            #expect(try await fleet.record(of: device)["securityFloor"].number == 8)

            // Policy and release are as they should be; the floor is not.
            let refused = try await expect(1, update(old, on: device)).json
            #expect(refused["reasons"].texts == ["below-security-floor"])

            let act = ["device", "allow-downgrade", device.serial, "--release", manifest, "--json"] + fleet.asAlice
            try await expect(2, Program.auditor.run(act, in: fleet.transcript))
            let allowed = try await fleet.run(.auditor, act + ["--reason", "modem, ticket 812"]).json
            #expect(allowed["downgrade.manifest"].text == manifest)
            let question = ["policy", "explain", device.serial, "--release", manifest]
            let explained = try await fleet.run(.auditor, question + fleet.asAlice)
            #expect(explained.output.contains("alice allows it below the security floor 8"))

            try await install(old, "gateway-os-2.3.0", on: device)
            let record = try await fleet.record(of: device)
            #expect(record["running.version"].text == "2.4.1")
            #expect(record["securityFloor"].number == 8)
            #expect(record["downgrade"] == .null)
            // The TPM's counter is where it was, so the same again is refused, and the way up needs nobody.
            let again = try await expect(1, update(old, on: device)).json
            #expect(again["reasons"].texts == ["below-security-floor"])
            try await install(fleet.manifest, Fleet.released, on: device)

            let ledger = try await fleet.run(.auditor, ["ledger", "verify", "--trust", fleet.trust, "--json"]).json
            #expect(ledger["types.downgrade-allowance"].number == 1)
            #expect(ledger["types.receipt"].number == 3)
        }
    }
}
