import FoundationEssentials
import Messages
import Testing

/// The keys of a verifier change while devices are away, by the commands that people use; nobody visits a device.
@Suite(.timeLimit(.minutes(60))) struct KeyStoryTests {
    /// Lets the verifier know its people, and gives their names to devices that were not born yet.
    private func prepare(_ fleet: Fleet) async throws -> TrustPeople {
        let people = fleet.people
        try await people.begin()
        try await fleet.run(.verifier, ["init", fleet.place, "--trust-keys", people.set])
        try await fleet.restart()
        var bundle = try TrustBundle(parsing: contents(of: fleet.place + "/trust.json"))
        #expect(bundle.trustKeys?.threshold == 2)
        bundle.url = "https://localhost:\(try #require(await fleet.verifier.port))"
        try write(EditedJSON.encode(bundle), to: fleet.trust)
        return people
    }

    @Test func keysChangeWhileDevicesAreAway() async throws {
        try await Fleet.with(["p256", "p256"]) { fleet in
            let people = try await prepare(fleet)
            let (away, island) = (fleet.devices[0], fleet.devices[1])
            for device in fleet.devices { try await expect(0, device.agent("attest")) }

            // An auditor keeps what he began with.
            let beginning = fleet.directory + "/first.json"
            try write(contents(of: fleet.trust), to: beginning)
            let grant = try await people.rotate("grant")
            try await fleet.restart()
            #expect(try await people.publish(["--drop", grant])["removed"].texts == [grant])
            // The ledger's key too; both sign while one follows the other, and the old one goes while both devices are away.
            let ledger = try await people.rotate("ledger")
            try await fleet.restart()
            try await fleet.act("suspend", on: island, because: "both keys sign this")
            try await fleet.act("reinstate", on: island, because: "and this")
            #expect(try await people.publish(["--drop", ledger])["removed"].texts == [ledger])
            try await fleet.restart()
            try await fleet.run(.auditor, ["ledger", "verify", "--trust", fleet.trust])

            // A device on a network finds its way by itself.
            try await expect(0, away.update())
            #expect(exists(away.slot))
            try await away.boot(Fleet.released)
            try await expect(0, away.agent("confirm"))
            #expect(try await expect(0, away.agent("status")).json["trustVersion"].number == 5)

            // One that never sees one is brought a file.
            let stick = fleet.directory + "/successors.json"
            try await fleet.run(
                .auditor,
                ["trust", "export", "--since", "1", "--out", stick, "--trust", fleet.trust]
            )
            try await expect(0, island.agent("trust", [stick]))
            #expect(try await expect(0, island.agent("status")).json["trustVersion"].number == 5)
            try await expect(0, island.update())
            let audit = fleet.directory + "/island.audit"
            try await fleet.run(.auditor, ["audit", "export", island.serial, "--out", audit] + fleet.asAlice)
            let judging = ["audit", "verify", audit, "--trust", beginning]
            try await fleet.run(.auditor, judging + ["--successors", stick])
            let old = try await Program.auditor.run(judging, in: fleet.transcript)
            #expect(old.code == 1, "by the keys of the beginning alone it is not the verifier's: \(old)")
        }
    }

    /// Who would sign in vain is told so, before the next one waits for his signature.
    @Test func nobodySignsWhatWillNotCount() async throws {
        try await Fleet.with([], born: false) { fleet in
            let people = try await prepare(fleet)
            let (draft, next) = (fleet.directory + "/draft.json", fleet.directory + "/vain.dsse.json")
            let held = ["--trust", fleet.trust]
            try await fleet.run(.auditor, ["trust", "draft", "--out", draft] + held)
            let strange = ["trust", "sign", draft, "--key", fleet.releaseKey, "--out", next, "--json"] + held
            try await Program.auditor.run(strange, in: fleet.transcript).expectFailure(2, "a maker's key")
            // The same draft, once it is published, is what is held.
            try await people.publish([])
            let stale = ["trust", "sign", draft, "--key", fleet.directory + "/ann.key", "--out", next, "--json"] + held
            try await Program.auditor.run(stale, in: fleet.transcript).expectFailure(2, "a draft of before")
            #expect(!exists(next))
        }
    }

    @Test func aStolenKeyIsEndedInOneAct() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            try await expect(0, device.agent("attest"))
            let act =
                ["key", "compromised", "station", "line-1", "--reason", "laptop stolen", "--json"] + fleet.asAlice
            let rehearsal = try await fleet.run(.auditor, act + ["--dry-run"]).json
            #expect(rehearsal["instances"].number == 1 && rehearsal["entry"].number == nil)
            #expect(try await fleet.record(of: device)["lifecycle"].text == "trusted")
            let done = try await fleet.run(.auditor, act).json
            #expect(done["instances"].number == 1 && done["entry"].number != nil)
            #expect(try await fleet.record(of: device)["lifecycle"].text == "suspended")
            try await expect(1, device.agent("attest"))
            try await fleet.act("reinstate", on: device, because: "its seal is whole")
            try await expect(0, device.agent("attest"))
            try await fleet.run(.auditor, ["ledger", "verify", "--trust", fleet.trust])
        }
    }

    /// What a verifier tells devices without a TPM is signed with another key; their keys move on as if nothing had happened.
    @Test func aDeviceWithoutATPMFollows() async throws {
        try await Sensors.with { sensors in
            let sensor = try Sensor("S-1", in: sensors)
            try await sensor.bear()
            try await expect(0, sensor.agent("attest"))
            let results = try await sensors.people.rotate("results")
            await sensors.verifier.stop()
            try await sensors.verifier.start()
            #expect(try await sensors.people.publish(["--drop", results])["removed"].texts == [results])
            // The first answer cannot be believed, and the same is asked again: no fork, and one step of the ratchet.
            try await expect(0, sensor.update())
            #expect(exists(sensor.slot))
            #expect(try TrustBundle(parsing: contents(of: sensor.state + "/trust.json")).number == 3)
            try sensor.reboot()
            try await expect(0, sensor.agent("confirm"))
            #expect(try await sensors.record(of: sensor.serial)["position"].number == 3)
        }
    }

    @Test func aDeviceBehindAGatewayFollowsThroughIt() async throws {
        try await GatewayAtWork.with { gateway, sensor in
            let sensors = sensor.sensors
            let results = try await sensors.people.rotate("results")
            await sensors.verifier.stop()
            try await sensors.verifier.start()
            _ = try await sensors.people.publish(["--drop", results])
            let order = ["--manifest", sensors.manifest, "--install-command", sensor.installing]
            try await expect(0, sensor.agent("update", order))
            #expect(try TrustBundle(parsing: contents(of: sensor.state + "/trust.json")).number == 3)
            #expect(try TrustBundle(parsing: contents(of: gateway.device.state + "/trust.json")).number == 3)
        }
    }
}
