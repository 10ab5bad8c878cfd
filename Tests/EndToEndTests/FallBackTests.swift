import Testing

/// Devices that boot something else than they should, which is known: the identity stays, and there is a way back.
@Suite(.timeLimit(.minutes(20))) struct FallBackTests {
    private func lifecycle(of device: FleetDevice, in fleet: Fleet) async throws -> String? {
        try await fleet.record(of: device)["lifecycle"].text
    }

    @Test func aDeviceFallsBackIsRescuedAndDriftsAndIsHealthyAgain() async throws {
        try await Fleet.with { fleet in
            let device = try #require(fleet.devices.first)
            let attested = try await expect(0, device.agent("attest")).json
            try await device.takeRelease()

            // The boot loader went back to what it had before.
            try await device.boot(Fleet.bornWith)
            let fallen = try await expect(0, device.agent("attest")).json
            #expect(fallen["bootState"].text == "previous")
            #expect(fallen["instance"].text == attested["instance"].text)
            var record = try await fleet.record(of: device)
            #expect(record["lifecycle"].text == "rescue")
            #expect(record["strayed.boot"].text == "previous")
            #expect(record["strayed.package.version"].text == "2.4.0")
            #expect(record["running.version"].text == "2.5.0")
            let told = try await fleet.run(.auditor, ["device", "show", device.serial] + fleet.asAlice)
            #expect(told.output.contains("gateway-os 2.4.0 (previous) since"))
            // The way back: the release that it should run, once more.
            try await device.takeRelease()
            #expect(try await lifecycle(of: device, in: fleet) == "trusted")

            // A rescue image.
            let files = fleet.directory
            try await fleet.register(
                "gateway-os-rescue-1.0.0",
                version: "rescue-1",
                to: files + "/rescue.dsse.json",
                ["--rescue"]
            )
            try await device.boot("gateway-os-rescue-1.0.0")
            #expect(try await expect(0, device.agent("attest")).json["bootState"].text == "rescue")
            #expect(try await lifecycle(of: device, in: fleet) == "rescue")
            try await device.takeRelease()
            #expect(try await lifecycle(of: device, in: fleet) == "trusted")

            // A genuine release that somebody put there by hand.
            try await fleet.register("gateway-os-2.3.0", version: "2.3.0", to: files + "/2.3.0.dsse.json")
            try await device.boot("gateway-os-2.3.0")
            #expect(try await expect(1, device.agent("attest")).json["reasons"].texts == ["drifted"])
            #expect(try await expect(0, device.agent("status")).json["leaseHolds"] == .truth(false))
            record = try await fleet.record(of: device)
            #expect(record["lifecycle"].text == "drifted")
            #expect(record["strayed.package.version"].text == "2.3.0")
            #expect(record["lease"] == .null)
            #expect(record["remark"].text == "it runs gateway-os 2.3.0, which was never granted to it")
            try await device.boot(Fleet.released)
            #expect(try await expect(0, device.agent("attest")).json["bootState"].text == "current")
            #expect(try await lifecycle(of: device, in: fleet) == "trusted")

            let ledger = try await fleet.run(.auditor, ["ledger", "verify", "--trust", fleet.trust, "--json"]).json
            #expect(ledger["types.receipt"].number == 3)
        }
    }
}
