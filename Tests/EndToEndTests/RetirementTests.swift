import Testing

/// The end of a device's life: at the verifier, in its TPM, on its disk; and what becomes of it when somebody puts the keys back.
@Suite(.timeLimit(.minutes(20))) struct RetirementStoryTests {
    @Test func aDeviceIsRetiredLeavesAndIsKnownWhenItComesBack() async throws {
        try await Fleet.with { fleet in
            let device = try #require(fleet.devices.first)
            try await expect(0, device.agent("attest"))
            // By itself no device can end its life.
            let early = try await expect(1, device.agent("retire", ["--yes"])).json
            #expect(early["reasons"].texts == ["not-retired"])
            try await expect(0, device.agent("attest"))

            // The server's side is at once, whatever the device does.
            try await fleet.act("retire", on: device, because: "scrapped")
            var record = try await fleet.record(of: device)
            #expect(record["lifecycle"].text == "retired" && record["lease"] == .null && record["farewell"] == .null)
            let refused = try await expect(1, device.agent("attest")).json
            #expect(refused["reasons"].texts == ["retired"])

            // The device's side is a courtesy.
            let left = try await expect(0, device.agent("retire", ["--yes"])).json
            #expect(left["serial"].text == device.serial && left["farewell"] != .null)
            record = try await fleet.record(of: device)
            #expect(record["farewell"].number == left["farewell"].number)
            #expect(record["reappeared.times"].number == 1)
            let told = try await fleet.run(.auditor, ["device", "show", device.serial] + fleet.asAlice)
            #expect(told.output.contains("the device said that it destroys its keys"))
            #expect(try await expect(0, device.agent("retire", ["--yes"])).json["serial"] == .null)

            // The same TPM gives the same keys again to whoever owns it: they are refused, and that is seen.
            let again = ["provision", fleet.line] + device.provisioning + ["--security-floor", "7"]
            try await expect(0, Program.factory.run(again, in: device.transcript))
            let back = try await expect(1, device.agent("attest")).json
            #expect(back["reasons"].texts == ["retired"])

            let ledger = try await fleet.run(.auditor, ["ledger", "verify", "--trust", fleet.trust, "--json"]).json
            #expect(ledger["types.farewell"].number == 1 && ledger["types.reappearance"].number == 1)
        }
    }

    /// Who is at a terminal says twice which device it is: a life that was ended by mistake does not come back.
    @Test func aMistypedSerialRetiresNobody() async throws {
        try await Fleet.with { fleet in
            let device = try #require(fleet.devices.first)
            try await expect(0, device.agent("attest"))
            let order = ["device", "retire", device.serial, "--reason", "scrapped"] + fleet.asAlice
            let mistyped = try await Program.auditor.runAtATerminal(order, typing: "GW-9999\n", in: fleet.transcript)
            #expect(mistyped.code == 1 && mistyped.output.contains("nothing was done"), "\(mistyped)")
            #expect(mistyped.output.contains("serial") && mistyped.output.contains(device.serial), "it is shown")
            #expect(try await fleet.record(of: device)["lifecycle"].text == "trusted")
            let typed = try await Program.auditor.runAtATerminal(
                order,
                typing: device.serial + "\n",
                in: fleet.transcript
            )
            #expect(typed.code == 0, "\(typed)")
            #expect(try await fleet.record(of: device)["lifecycle"].text == "retired")
        }
    }

    @Test func aRetiredTPMIsBornAgainAsAnother() async throws {
        try await Fleet.with { fleet in
            let device = try #require(fleet.devices.first)
            let former = try #require(try await expect(0, device.agent("attest")).json["instance"].text)
            try await fleet.act("retire", on: device, because: "refurbished")
            try await expect(0, device.agent("retire", ["--yes"]))

            var order = device.provisioning
            order[1] = "GW-0009"
            order += ["--follows", former, "--follows-because", "refurbished", "--by", "bob"]
            let born = try await expect(
                0,
                Program.factory.run(["provision", fleet.line] + order, in: device.transcript)
            )
            let instance = try #require(born.json["instance"].text)
            #expect(instance != former)
            try await fleet.importBirths()

            #expect(try await expect(0, device.agent("attest")).json["instance"].text == instance)
            let old = try await fleet.record(of: device)
            #expect(old["lifecycle"].text == "retired" && old["followedBy"].text == instance)
            let show = ["device", "show", "GW-0009"] + fleet.asAlice
            let told = try await fleet.run(.auditor, show + ["--json"]).json
            #expect(told["lifecycle"].text == "trusted" && told["follows"].text == former)
            #expect(try await fleet.run(.auditor, show).output.contains("which the same TPM was before"))
        }
    }
}
