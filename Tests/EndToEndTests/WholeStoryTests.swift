import Subprocess
import Testing

/// From the factory to the receipt, by the programs alone.
@Suite(.timeLimit(.minutes(20))) struct WholeStoryTests {
    @Test func aDeviceIsBornAttestsIsUpdatedAndConfirms() async throws {
        try await Fleet.with(["p256", "rsa2048", "p384"]) { fleet in
            for device in fleet.devices { try await story(of: device, in: fleet) }
            let ledger = try await fleet.run(.auditor, ["ledger", "verify", "--trust", fleet.trust, "--json"]).json
            #expect(ledger["types.birth"].number == 3)
            #expect(ledger["types.grant"].number == 3)
            #expect(ledger["types.receipt"].number == 3)
            #expect(ledger["instances"].number == 3)
            // The verifier ends in order, and its record is whole.
            #expect(await fleet.verifier.stop() == .exited(0))
            #expect(try await fleet.run(.verifier, ["check", fleet.place, "--json"]).json["sound"] == .truth(true))
        }
    }

    private func story(of device: FleetDevice, in fleet: Fleet) async throws {
        let again = try await expect(0, device.provision(on: fleet.line)).json
        #expect(again["verdict"].text == "already-born")
        let instance = try #require(again["instance"].text)
        #expect(try await fleet.record(of: device)["lifecycle"].text == "born")

        let attested = try await expect(0, device.agent("attest")).json
        #expect(attested["instance"].text == instance)
        var record = try await fleet.record(of: device)
        #expect(record["lifecycle"].text == "trusted")
        #expect(record["running.version"].text == "2.4.0")
        #expect(record["lease.id"].text == attested["lease.id"].text)

        let updated = try await expect(0, device.update()).json
        let grant = try #require(updated["grant"].text)
        #expect(try contents(of: device.slot) == contents(of: device.package))
        #expect(device.installs == 1)
        record = try await fleet.record(of: device)
        #expect(record["pending.jti"].text == grant)
        #expect(record["running.version"].text == "2.4.0")
        // What is installed has not been seen yet.
        let early = try await expect(1, device.agent("confirm")).json
        #expect(early["reasons"].texts == ["not-rebooted"])

        try await device.boot(Fleet.released)
        #expect(try await expect(0, device.agent("confirm")).json["grant"].text == grant)
        record = try await fleet.record(of: device)
        #expect(record["lifecycle"].text == "trusted")
        #expect(record["running.version"].text == "2.5.0")
        #expect(record["securityFloor"].number == 8)
        #expect(record["pending"] == .null)
        let status = try await expect(0, device.agent("status")).json
        #expect(status["securityFloor"].number == 8)
        #expect(status["grantsSpent"].number == 1)
        #expect(try await expect(0, device.agent("attest")).json["bootState"].text == "current")
        try await LedgerCopy(fleet.trust).expectHolds(grantAt: #require(device.grants.first))
    }
}
