import MachineFaults
import Testing

/// Grants in the wrong hands, at the wrong time, for the wrong package: at the gates of the real programs.
@Suite(.timeLimit(.minutes(20))) struct GrantAttackTests {
    /// Brings a device to where a grant is kept and nothing of it is used: the power is cut right there.
    private func granted(_ device: FleetDevice) async throws -> String {
        let cut = try await MachineFaults(in: device.fleet).killing(.after, placing: 3, of: "/journal.json")
        let ended = try await device.update(environment: cut)
        try #require(ended.isKilled, "\(ended)")
        try #require(device.step == "granted")
        return try #require(device.grants.first)
    }

    @Test func attack43_rebootBetweenGrantAndInstall() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            let grant = try await granted(device)
            #expect(try await expect(0, device.gate(grant)).json["verdict"].text == "open")

            try await device.boot(Fleet.bornWith)
            let gate = try await expect(1, device.gate(grant)).json
            #expect(gate["reasons"].texts.contains("rebooted"))
            let resumed = try await expect(1, device.agent("update", ["--resume"])).json
            #expect(resumed["reasons"].texts.contains("rebooted"))
            #expect(device.installs == 0)
            #expect(try await device.grantsSpent() == 0)

            // The device is healthy: it asks again, and gets another grant.
            let fresh = try await expect(0, device.update()).json
            #expect(fresh["grant"].text.map { !grant.contains($0) } ?? false)
            #expect(device.installs == 1)
            #expect(try await device.grantsSpent() == 1)
        }
    }

    @Test func attack44_deviceReflashedAfterQuote() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            let grant = try await granted(device)
            try await device.boot("gateway-os-2.3.0")
            #expect(try await expect(1, device.gate(grant)).json["reasons"].texts.contains("rebooted"))
            try await expect(1, device.agent("update", ["--resume"]))
            // Nor does it get another one: what it has booted is not what is on record.
            let refused = try await expect(1, device.update()).json
            #expect(refused["reasons"].texts == ["evidence-refused", "boot-unexpected"])
            #expect(device.installs == 0)
            #expect(try await device.grantsSpent() == 0)
            let record = try await fleet.record(of: device)
            #expect(record["lifecycle"].text == "suspended")
        }
    }

    @Test func attack67_stolenGrantsAtRealGates() async throws {
        try await Fleet.with(["p256", "p256"]) { fleet in
            let (north, south) = (fleet.devices[0], fleet.devices[1])
            try await expect(0, south.agent("attest"))
            let grant = try await granted(north)

            let elsewhere = try await expect(1, south.gate(grant)).json["reasons"].texts
            #expect(elsewhere.contains("other-instance"))
            #expect(elsewhere.contains("other-key"))

            let other = fleet.directory + "/other.img"
            try write(contents(of: fleet.package) + [0], to: other)
            let replaced = try await expect(1, north.gate(grant, package: other)).json["reasons"].texts
            #expect(replaced == ["package-content"])

            let signed = fleet.directory + "/other.dsse.json"
            try await fleet.run(
                .auditor,
                ["release", "sign", "--key", fleet.releaseKey, "--package", other, "--name", "gateway-os"]
                    + ["--version", "2.6.0", "--security-version", "9", "--model", "gw-100"]
                    + ["--hardware-revision", "B", "--boot", fleet.boot, "--out", signed]
            )
            let always = ["--grant", grant, "--package", other, "--manifest", signed]
            let swapped = try await expect(1, north.agent("gate", always)).json["reasons"].texts
            #expect(swapped.contains("other-release"))

            // At its own gate, in time, for its own package it is good; once.
            try await expect(0, north.gate(grant))
            try await expect(0, north.agent("update", ["--resume"]))
            #expect(try await expect(1, north.gate(grant)).json["reasons"].texts == ["already-spent"])
            #expect(north.installs == 1)
            #expect(south.installs == 0)
            #expect(try await south.grantsSpent() == 0)
        }
    }
}
