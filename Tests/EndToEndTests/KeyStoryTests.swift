import FoundationEssentials
import Messages
import Testing
import UpdateTrust

/// The keys of a verifier change while devices are away, by the commands that people use; nobody visits a device.
@Suite(.timeLimit(.minutes(60))) struct KeyStoryTests {
    /// Two of two people have to sign.
    private struct People {
        let fleet: Fleet
        var keys: [String] { ["ann", "bob"].map { "\(fleet.directory)/\($0).key" } }
        var set: String { fleet.directory + "/trust-keys.json" }

        init(_ fleet: Fleet) async throws {
            self.fleet = fleet
            try await fleet.run(.auditor, ["release", "keygen", keys[0], "--public", set])
            try await fleet.run(.auditor, ["release", "keygen", keys[1], "--public", set, "--threshold", "2"])
        }

        /// Drafts, signs and publishes what follows the operators' bundle, and brings that up to it.
        @discardableResult
        func publish(_ changes: [String]) async throws -> JSON {
            let (draft, next) = (fleet.directory + "/draft.json", fleet.directory + "/next.dsse.json")
            let trust = ["--trust", fleet.trust]
            try await fleet.run(.auditor, ["trust", "draft", "--out", draft] + trust + changes)
            let alone = try await fleet.run(
                .auditor,
                ["trust", "sign", draft, "--key", keys[0], "--out", next, "--json"] + trust
            )
            #expect(try alone.json["reason"].text == "trust-not-signed-before")
            let early = try await Program.auditor.run(["trust", "publish", next] + fleet.asAlice, in: fleet.transcript)
            #expect(early.code == 1, "\(early)")
            try await fleet.run(.auditor, ["trust", "sign", next, "--key", keys[1], "--out", next] + trust)
            let published = try await fleet.run(.auditor, ["trust", "publish", next, "--json"] + fleet.asAlice)
            try await fleet.run(.auditor, ["trust", "follow", fleet.trust])
            return try published.json
        }
    }

    /// Lets the verifier know its people, and gives their names to devices that were not born yet.
    private func prepare(_ fleet: Fleet) async throws -> People {
        let people = try await People(fleet)
        try await fleet.run(.verifier, ["init", fleet.place, "--trust-keys", people.set])
        try await fleet.restart()
        var bundle = try TrustBundle(parsing: contents(of: fleet.place + "/trust.json"))
        #expect(bundle.trustKeys?.threshold == 2)
        bundle.url = "https://localhost:\(try #require(await fleet.verifier.port))"
        try write(EditedJSON.encode(bundle), to: fleet.trust)
        return people
    }

    /// Makes the next key, has it published beside the current one, and uses it.
    /// - Returns: the name of the one before.
    private func rotate(_ kind: String, _ fleet: Fleet, _ people: People) async throws -> String {
        let held = try TrustBundle(parsing: contents(of: fleet.trust))
        let made = try await fleet.run(.verifier, ["key", "new", kind, fleet.place, "--json"]).json
        let early = try await Program.verifier.run(["key", "use", kind, fleet.place], in: fleet.transcript)
        #expect(early.code == 1, "\(early)")
        let published = try await people.publish(["--add", try #require(made["file"].text)])
        #expect(published["added"].texts == ["\(kind):" + (try #require(made["name"].text))])
        #expect(try TrustBundle(parsing: contents(of: fleet.place + "/trust.json")).number == held.number + 1)
        try await fleet.run(.verifier, ["key", "use", kind, fleet.place])
        try await fleet.restart()
        return try #require(held.keyNames.first { $0.hasPrefix("\(kind):") })
    }

    @Test func keysChangeWhileDevicesAreAway() async throws {
        try await Fleet.with(["p256", "p256"]) { fleet in
            let people = try await prepare(fleet)
            let (away, island) = (fleet.devices[0], fleet.devices[1])
            for device in fleet.devices { try await expect(0, device.agent("attest")) }

            let grant = try await rotate("grant", fleet, people)
            #expect(try await people.publish(["--drop", grant])["removed"].texts == [grant])
            // The ledger's key too; both sign while one follows the other, and the old one goes while both devices are away.
            let ledger = try await rotate("ledger", fleet, people)
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
}
