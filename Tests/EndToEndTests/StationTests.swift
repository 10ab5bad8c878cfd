import FoundationEssentials
import MachineFaults
import Messages
import TPMDevice
import Testing
import UpdateTrust

/// What leaves a station reaches the verifier as it was made, or it is noticed; and boards that are swapped.
@Suite(.timeLimit(.minutes(20))) struct StationTests {
    private func importing(_ path: String, _ fleet: Fleet) async throws -> Program.Ended {
        try await Program.auditor.run(["births", "import", path, "--json"] + fleet.asAlice, in: fleet.transcript)
    }

    private func outcomes(_ ended: Program.Ended) throws -> [String] {
        try ended.json["births"].list.compactMap { $0["outcome"].text }
    }

    private func missing(_ answer: JSON) -> [Int64] {
        answer["missing"].list.flatMap { [$0["first"].number, $0["last"].number].compactMap { $0 } }
    }

    private func stations(_ fleet: Fleet) async throws -> [JSON] {
        try await fleet.run(.auditor, ["births", "stations", "--json"] + fleet.asAlice).json["stations"].list
    }

    @Test func aLostBundleIsNoticedAndMadeAgain() async throws {
        try await Fleet.with(["p256", "p256", "p256"], born: false) { fleet in
            var bundles: [String] = []
            for device in fleet.devices {
                try await expect(0, device.provision(on: fleet.line))
                bundles.append("\(fleet.directory)/bundle-\(bundles.count + 1).json")
                let export = ["export", fleet.line, "--out", bundles[bundles.count - 1], "--json"]
                let made = try await fleet.run(.factory, export).json
                #expect(made["bundle"].number == Int64(bundles.count) && made["births"].number == 1)
            }
            #expect(try await missing(expect(0, importing(bundles[0], fleet)).json) == [])
            #expect(try await missing(expect(0, importing(bundles[2], fleet)).json) == [2, 2])
            let told = try await fleet.run(.auditor, ["births", "stations"] + fleet.asAlice)
            #expect(told.output.contains("bundle 2 of line-1 has not arrived"))
            #expect(try await missing(#require(stations(fleet).first)) == [2, 2])

            // The stick was lost; the station makes the same bundle again.
            let again = fleet.directory + "/again.json"
            try await fleet.run(.factory, ["export", fleet.line, "--bundle", "2", "--out", again])
            #expect(try contents(of: again) == contents(of: bundles[1]))
            let answer = try await expect(0, importing(again, fleet))
            #expect(try outcomes(answer) == ["imported"])
            #expect(try await missing(#require(stations(fleet).first)) == [])
            #expect(try await outcomes(expect(0, importing(bundles[1], fleet))) == ["known"])
        }
    }

    @Test func aBundleThatIsNotWholeIsRefusedWhole() async throws {
        try await Fleet.with(["p256", "p256"], born: false) { fleet in
            for device in fleet.devices { try await expect(0, device.provision(on: fleet.line)) }
            try await fleet.run(.factory, ["export", fleet.line, "--out", fleet.births])
            let honest = try BirthBundle(parsing: contents(of: fleet.births))
            #expect(honest.births.count == 2 && honest.logs.count == 1)
            let spoiled = fleet.directory + "/spoiled.json"
            let ways: [(String, (inout BirthBundle) -> Void)] = [
                ("births-differ", { $0.births.removeLast() }), ("births-differ", { $0.births[1] = $0.births[0] }),
                ("births-differ", { $0.births[0].payload.bytes[500] ^= 1 }), ("logs-differ", { $0.logs = [] }),
                ("logs-differ", { $0.logs[0].bytes[100] ^= 1 }),
                ("manifest-signature", { $0.list.payload.bytes[10] ^= 1 }),
                ("station-unknown", { $0.list.signatures = [] }),
            ]
            for (reason, spoil) in ways {
                var bundle = honest
                spoil(&bundle)
                try write(CanonicalJSON.encode(bundle), to: spoiled)
                let ended = try await importing(spoiled, fleet)
                try #require(ended.code == 1, "\(reason): \(ended)")
                #expect(try ended.json["reasons"].texts == [reason])
                #expect(ended.error.contains("nothing of it was taken over") && ended.error.contains("hint: "))
            }
            let nobody = try await fleet.run(.auditor, ["device", "list", "--json"] + fleet.asAlice).json
            #expect(nobody["instances"].list.isEmpty)
            #expect(try await outcomes(expect(0, importing(fleet.births, fleet))) == ["imported", "imported"])
        }
    }

    @Test func aStationsTimeEnds() async throws {
        try await Fleet.with(["p256"], born: false) { fleet in
            try await expect(0, fleet.devices[0].provision(on: fleet.line))
            try await fleet.run(.factory, ["export", fleet.line, "--out", fleet.births])
            let listed = fleet.line + "/birth-keys.json"
            var keys = try StationKeys(parsing: contents(of: listed))
            #expect(keys.stations[0].until - keys.stations[0].from == 365 * 86_400)
            // As the verifier would find it a year later.
            keys.stations[0].from -= 400 * 86_400
            keys.stations[0].until = now - 1
            let ended = fleet.directory + "/ended.json"
            try write(EditedJSON.encode(keys), to: ended)
            try await fleet.run(.verifier, ["init", fleet.place, "--birth-keys", ended])
            #expect(try await fleet.run(.verifier, ["check", fleet.place]).output.contains("does not count now"))
            try await fleet.restart()
            let refused = try await importing(fleet.births, fleet)
            #expect(try expect(1, refused).json["reasons"].texts == ["station-expired"])
            // The station is given more time, and its verifiers are told.
            try await fleet.run(.factory, ["init", fleet.line, "--name", "line-1", "--days", "400"])
            try await fleet.run(.verifier, ["init", fleet.place, "--birth-keys", listed])
            try await fleet.restart()
            #expect(try await outcomes(expect(0, importing(fleet.births, fleet))) == ["imported"])
        }
    }

    /// What only people can renew is said where it is used, and to whom, before it ends.
    @Test func whatEndsSoonIsSaidAhead() async throws {
        try await Fleet.with(["p256"], born: false) { fleet in
            try await fleet.run(.factory, ["init", fleet.line, "--name", "line-1", "--days", "20"])
            let born = try await expect(0, fleet.devices[0].provision(on: fleet.line))
            #expect(born.error.hasPrefix("warning: the word of the station line-1 expires at 2"), "\(born)")
            #expect(born.error.contains("\nhint: birthmark-factory init \(fleet.line) --name line-1 --days"), "\(born)")
            try await fleet.run(.factory, ["init", fleet.line, "--name", "line-1", "--days", "40"])
            #expect(try await expect(0, fleet.devices[0].provision(on: fleet.line)).error.isEmpty)

            let list = ["device", "list", "--json", "--trust", fleet.trust, "--operator"]
            try await fleet.run(.verifier, ["operator", fleet.place, "bob", "--role", "auditor", "--days", "20"])
            let bob = fleet.place + "/operators/bob"
            let asked = try await fleet.run(.auditor, list + [bob])
            #expect(asked.error.hasPrefix("warning: the operator's certificate in \(bob) expires at 2"), "\(asked)")
            #expect(try asked.json["instances"].list.isEmpty)
            #expect(try await fleet.run(.auditor, list + [fleet.alice]).error.isEmpty)
        }
    }

    /// TPM2_Clear in the field, found by the verifier; the station restores it, the operator takes it back, and it updates again.
    @Test func aClearedDeviceIsRestoredAndUpdates() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            try await device.takeRelease()
            let before = try await fleet.record(of: device)
            #expect(before["securityFloor"].number == 8)
            try await expect(0, device.agent("attest"))

            let tpm = try await openTPM(tcti: device.tcti)
            try await tpm.perform { connection throws(TPMError) in try connection.clear(by: .lockout) }
            await tpm.close()
            #expect(try await device.agent("attest").code != 0)
            let asked = try await expect(1, device.provision(on: fleet.line))
            #expect(try asked.json["reasons"].texts == ["security-floor-unknown"])
            // Somebody believes it to be the floor of the birth: the verifier knows better, and says which.
            let low = ["provision", fleet.line] + device.provisioning + ["--security-floor", "7"]
            #expect(try await fleet.run(.factory, low).json["verdict"].text == "restored")
            try await fleet.run(.factory, ["export", fleet.line, "--out", fleet.births])
            let refused = try expect(1, await importing(fleet.births, fleet)).json["restorations"].list
            #expect(refused.compactMap { $0["outcome"].text } == ["refused"])
            #expect(refused[0]["detail"].text?.contains("--security-floor 8") == true)
            let right = ["provision", fleet.line] + device.provisioning + ["--security-floor", "8"]
            #expect(try await fleet.run(.factory, right).json["verdict"].text == "restored")
            let made = try await fleet.run(.factory, ["export", fleet.line, "--out", fleet.births, "--json"]).json
            #expect(made["births"].number == 0 && made["restorations"].number == 1)
            let answer = try expect(0, await importing(fleet.births, fleet)).json["restorations"].list
            #expect(answer.compactMap { $0["outcome"].text } == ["imported"])

            let born = try await fleet.record(of: device)
            #expect(born["lifecycle"].text == "born" && born["lease.id"].text == nil)
            #expect(born["instance"].text == before["instance"].text)
            try await expect(0, device.agent("attest"))
            // Granted, spent on the counter as it is now, and confirmed; the floor stays what it was.
            let spent = try await device.grantsSpent()
            try await expect(0, device.update())
            #expect(try await device.grantsSpent() == spent + 1)
            try await device.boot(Fleet.released)
            try await expect(0, device.agent("confirm"))
            let after = try await fleet.record(of: device)
            #expect(after["securityFloor"].number == 8 && after["lifecycle"].text == "trusted")
            try await fleet.run(.auditor, ["ledger", "verify"] + fleet.asAlice)
        }
    }

    /// Killed before and after the one file that each command places, and repeated.
    @Test func aBoardIsSwapped() async throws {
        try await Fleet.with(["p256", "p256"], born: false) { fleet in
            let (first, other) = (fleet.devices[0], fleet.devices[1])
            let second = FleetDevice(
                serial: first.serial,
                profile: other.profile,
                software: other.software,
                directory: other.directory,
                fleet: other.fleet,
                transcript: other.transcript
            )
            let old = try #require(try await expect(0, first.provision(on: fleet.line)).json["instance"].text)
            try await fleet.importBirths()
            try await expect(0, first.update())
            #expect(try await expect(1, second.provision(on: fleet.line)).json["reasons"].texts == ["serial-taken"])

            let rework = [
                "rework", fleet.line, "--serial", first.serial, "--reason", "TPM does not answer", "--by", "bob",
                "--json",
            ]
            let faults = try await MachineFaults(in: fleet.directory)
            for moment in MachineFaults.Moment.allCases {
                let cut = faults.killing(moment, placing: 1, of: "~1.json")
                #expect(try await Program.factory.run(rework, environment: cut, in: fleet.transcript).isKilled)
            }
            let known = try await fleet.run(.factory, rework).json
            #expect(known["verdict"].text == "known" && known["instance"].text == old)
            #expect(try await expect(1, first.provision(on: fleet.line)).json["reasons"].texts == ["retired"])
            let new = try #require(try await expect(0, second.provision(on: fleet.line)).json["instance"].text)

            let export = ["export", fleet.line, "--out", fleet.births, "--json"]
            for moment in MachineFaults.Moment.allCases {
                let cut = faults.killing(moment, placing: 1, of: "bundles/2.json")
                #expect(try await Program.factory.run(export, environment: cut, in: fleet.transcript).isKilled)
            }
            let exported = try await fleet.run(.factory, export).json
            #expect(exported["bundle"].number == 2 && exported["again"] == .truth(true))
            #expect(try await outcomes(expect(0, importing(fleet.births, fleet))) == ["imported"])

            // The first one's life is over, its lease and its grant with it.
            let ended = try await fleet.run(.auditor, ["device", "show", old, "--json"] + fleet.asAlice).json
            #expect(ended["lifecycle"].text == "retired" && ended["lease"] == .null)
            #expect(ended["remark"].text?.contains("bob: TPM does not answer") == true)
            #expect(try await fleet.endsOfLeases(of: old) == [.boardSwapped])
            try await expect(1, first.agent("attest"))
            try await expect(0, second.agent("attest"))
            #expect(try await fleet.record(of: second)["instance"].text == new)
            let ledger = try await fleet.run(.auditor, ["ledger", "verify", "--trust", fleet.trust, "--json"]).json
            #expect(ledger["types.rework"].number == 1 && ledger["types.birth"].number == 2)
            #expect(try await missing(#require(stations(fleet).first)) == [])
        }
    }
}
