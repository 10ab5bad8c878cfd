import Messages
import Testing

/// A device is sold: two factories and two verifiers, who know nothing of each other, and one TPM.
@Suite(.timeLimit(.minutes(20))) struct TakeoverStoryTests {
    @Test func aDeviceIsSoldAndLivesOnWithTheSameKeys() async throws {
        try await Fleet.with { seller in
            let device = try #require(seller.devices.first)
            let instance = try #require(try await expect(0, device.agent("attest")).json["instance"].text)
            try await update(device)
            let unspent = try await fileGrant(seller, device)
            #expect(try await expect(0, device.gate(unspent)).json["verdict"].text == "open")
            try await seller.act("retire", on: device, because: "sold to B")

            try await seller.withBuyer(of: device, as: "B-77") { buyer in
                let bought = try #require(buyer.devices.first)
                // The buyer's own system, whose security versions have nothing to do with the seller's.
                try await bought.boot(Fleet.bornWith)
                let silent = try await expect(1, bought.provision(on: buyer.line)).json
                #expect(silent["reasons"].texts == ["born-elsewhere"])
                let record = seller.line + "/births/\(device.serial).json"
                let act = ["--takes-over", instance, "--takes-over-because", "bought from A", "--by", "bob"]
                let order = ["provision", buyer.line] + bought.provisioning + act + ["--takes-over-record", record]
                let born = try await expect(0, Program.factory.run(order, in: buyer.transcript)).json
                #expect(born["instance"].text == instance && born["serial"].text == "B-77")
                try await buyer.importBirths()
                #expect(try await expect(0, bought.agent("attest")).json["instance"].text == instance)
                try await update(bought)
                let told = try await buyer.record(of: bought)
                #expect(told["lifecycle"].text == "trusted" && told["securityFloor"].number == 8)
                #expect(told["takesOver.by"].text == "bob" && told["takesOver.record"].text?.count == 64)
                let shown = try await buyer.run(.auditor, ["device", "show", "B-77"] + buyer.asAlice).output
                #expect(shown.contains("from another owner, with its keys, by bob: bought from A"))

                try await expectTheSellersWordIsWorthNothing(seller, device, bought, unspent)
                #expect(try await expect(0, bought.agent("attest")).json["lease"] != .null)
            }
            let record = try await seller.record(of: device)
            #expect(record["lifecycle"].text == "retired" && record["reappeared.times"].number == 1)
            #expect(record["takesOver"] == .null)
        }
    }

    private func update(_ device: FleetDevice) async throws {
        try await device.takeRelease()
        #expect(try await expect(0, device.agent("status")).json["securityFloor"].number == 8)
    }

    /// A grant that travels as a file, for a reinstall: nothing but its counter shows the device that it is void.
    private func fileGrant(_ fleet: Fleet, _ device: FleetDevice) async throws -> String {
        let policy = String(decoding: try contents(of: fleet.place + "/policy.json"), as: UTF8.self)
        let span = #""delayed": { "freshness": "epoch", "span": { "seconds": 2592000 }, "resets": 8 }, "grant":"#
        let delayed = policy.replacing(#""grant":"#, with: span)
        try #require(delayed != policy)
        try write(delayed.utf8, to: fleet.place + "/policy.json")
        try await fleet.restart()
        let (epoch, request) = (fleet.directory + "/epoch.json", fleet.directory + "/unspent.request.json")
        try await fleet.run(.auditor, ["freshness", "--trust", fleet.trust, "--out", epoch])
        let asked = ["--freshness", epoch, "--manifest", device.manifest, "--out", request, "--event-log", device.log]
        try await expect(0, device.agent("request", asked))
        try await fleet.run(.auditor, ["authorize", request, "--out", fleet.directory] + fleet.asAlice)
        return fleet.directory + "/unspent.grant.json"
    }

    private func expectTheSellersWordIsWorthNothing(
        _ seller: Fleet,
        _ device: FleetDevice,
        _ bought: FleetDevice,
        _ unspent: String
    ) async throws {
        // By the buyer's agent the seller's key counts for nothing.
        #expect(try await expect(1, bought.gate(unspent)).json["reasons"].texts == ["grant-key-unknown"])
        let order = ["--package", bought.package, "--manifest", bought.manifest, "--install-command", "false"]
        let redeemed = try await expect(1, bought.agent("redeem", [unspent] + order)).json
        #expect(redeemed["reasons"].texts == ["grant-key-unknown"])
        // By what the seller's agent left on the disk its key counts, and the TPM's counter is past the grant.
        #expect(try await expect(1, device.gate(unspent)).json["reasons"].texts == ["already-spent"])
        for command in ["attest", "update"] {
            let ended = command == "attest" ? try await device.agent(command) : try await device.update()
            #expect(try expect(1, ended).json["reasons"].texts == ["former-owner"])
        }
        // The seller's verifier, asked by whoever has the device, refuses and notices.
        let asking = ["attest", "--state", device.directory + "/stranger", "--tcti", device.tcti, "--json"]
        let told = try await Program.device.run(
            asking + ["--trust", seller.trust, "--event-log", device.log],
            in: seller.transcript
        )
        #expect(try expect(1, told).json["reasons"].texts == ["retired"])
    }
}
