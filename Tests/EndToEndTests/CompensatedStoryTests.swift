import FoundationEssentials
import Glibc
import Messages
import Testing

/// The life of a device without a TPM, told by the programs: born at the line, updated under an approval, copied, and settled.
@Suite(.timeLimit(.minutes(20))) struct CompensatedStoryTests {
    @Test func bornUpdatedCopiedAndSettled() async throws {
        try await Sensors.with(approvals: 1) { sensors in
            let sensor = try Sensor("S-7", in: sensors)
            try await sensor.bear()
            let attested = try await expect(0, sensor.agent("attest")).json
            #expect(attested["tier"].text == "compensated" && attested["position"].number == 1)
            try await updateUnderAnApproval(sensor)
            try await copyAndSettle(sensor)

            let ledger = try await sensors.run(.auditor, ["ledger", "verify", "--trust", sensors.trust, "--json"])
            #expect(try ledger.json["types.approval"].number == 1 && ledger.json["types.receipt"].number == 1)
            let copy = try await LedgerCopy(sensors.trust)
            for grant in sensor.grants { try copy.expectHolds(grantAt: grant) }
        }
    }

    private func updateUnderAnApproval(_ sensor: Sensor) async throws {
        let sensors = sensor.sensors
        let refused = try await expect(1, sensor.update()).json
        #expect(refused["reasons"].texts == ["controls-unmet"] && sensor.times("began") == 0)
        let approval = ["--device", sensor.serial, "--role", "release-manager", "--reason", "change 12"]
        try await sensors.run(.auditor, ["approve", sensors.release.description] + approval + sensors.asAlice)
        let installed = try await expect(0, sensor.update()).json
        #expect(installed["installed.version"].text == "1.8.0" && installed["resumed"] != .truth(true))
        #expect(try contents(of: sensor.slot) == contents(of: sensors.package))

        let early = try await expect(1, sensor.agent("confirm")).json
        #expect(early["reasons"].texts == ["not-rebooted"])
        let waiting = try await expect(0, sensor.agent("status")).json
        #expect(waiting["tier"].text == "compensated" && waiting["serial"].text == sensor.serial)
        #expect(waiting["update.step"].text == "installed" && waiting["securityFloor"].number == 3)
        #expect(waiting["identity.isSealed"] == .truth(false) && waiting["identity.isAtFirstKey"] == .truth(false))
        #expect(waiting["leaseHolds"] == .truth(true) && waiting["tpmTrouble"] == .null)

        try sensor.reboot()
        let confirmed = try await expect(0, sensor.agent("confirm")).json
        #expect(confirmed["running.version"].text == "1.8.0" && confirmed["lease"] != .null)
        let after = try await expect(0, sensor.agent("status")).json
        #expect(after["running.version"].text == "1.8.0" && after["securityFloor"].number == 4)
        let record = try await sensors.record(of: sensor.serial)
        #expect(record["running.version"].text == "1.8.0" && record["tier"].text == "compensated")
    }

    /// The disk is copied; the copy speaks after the original has, and both are suspended until somebody has looked.
    private func copyAndSettle(_ sensor: Sensor) async throws {
        let (sensors, copy) = (sensor.sensors, sensor.directory + "/copy")
        try FileManager.default.copyItem(atPath: sensor.state, toPath: copy)
        for _ in 0..<2 { try await expect(0, sensor.agent("attest")) }
        let forked = try await expect(1, sensor.agent("attest", on: copy)).json
        #expect(forked["reasons"].texts == ["forked"])
        let both = try await expect(1, sensor.agent("attest")).json
        #expect(both["reasons"].texts == ["suspended", "forked"])
        #expect(try await expect(0, sensor.agent("status")).json["lease"] == .null, "it knows that it has none")
        let record = try await sensors.record(of: sensor.serial)
        #expect(record["lifecycle"].text == "suspended" && record["fork"] != .null && record["lease"] == .null)

        let settling = [
            "device", "settle-fork", sensor.serial, "--line", "known", "--reason", "the copy was in the shop",
        ]
        try await sensors.run(.auditor, settling + sensors.asAlice)
        try await expect(0, sensor.agent("attest"))
        #expect(try await sensors.record(of: sensor.serial)["lifecycle"].text == "trusted")
        let again = try await expect(1, sensor.agent("attest", on: copy)).json
        #expect(again["reasons"].texts == ["forked"], "the keys of the line that was dropped stay behind")
    }

    /// The identity is sealed by a tool of the platform for the whole of its life.
    @Test func aSealedIdentityLivesAsAnyOther() async throws {
        try await Sensors.with { sensors in
            let sensor = try Sensor("S-8", in: sensors)
            let platform = sensor.directory + "/platform.secret"
            try write("what only this platform has".utf8, to: platform)
            let cipher = "openssl enc -aes-256-cbc -pbkdf2 -pass file:\(platform)"
            let sealing = ["--seal-command", cipher, "--unseal-command", cipher + " -d"]
            try await sensor.bear(sealing)
            #expect(!exists(sensor.state + "/identity.json"))
            try await expect(0, sensor.agent("attest"))
            try await expect(0, sensor.update())
            try sensor.reboot()
            try await expect(0, sensor.agent("confirm"))
            let status = try await expect(0, sensor.agent("status")).json
            #expect(status["identity.isSealed"] == .truth(true) && status["identity.trouble"] == .null)
            #expect(!exists(sensor.state + "/identity.json"))

            // Without what unseals it nothing is asked, and nothing is made anew.
            let hidden = sensor.directory + "/hidden"
            try FileManager.default.moveItem(atPath: platform, toPath: hidden)
            for verb in ["attest", "confirm"] {
                let failed = try await expect(3, sensor.agent(verb))
                #expect(failed.error.contains("the unseal command ended with status"), "\(failed)")
            }
            let enrol = ["--claim", "mmc-cid=\(sensor.cid)", "--out", sensor.directory + "/another.json"]
            try await expect(3, sensor.agent("enrol", enrol))
            #expect(!exists(sensor.state + "/identity.json") && !exists(sensor.directory + "/another.json"))
            let troubled = try await expect(0, sensor.agent("status")).json
            #expect(troubled["identity.trouble"].text?.contains("unseal") == true)

            try FileManager.default.moveItem(atPath: hidden, toPath: platform)
            try await expect(0, sensor.agent("attest"))
            #expect(try await sensors.record(of: sensor.serial)["fork"] == .null)
        }
    }

    /// What the station knows it knows until the first contact, and no longer.
    @Test func aKeyOfTheStationIsGoodForOneContact() async throws {
        try await Sensors.with { sensors in
            let sensor = try Sensor("S-9", in: sensors)
            let born = try await expect(0, sensor.inject()).json
            #expect(born["verdict"].text == "born" && born["keyOrigin"].text == "station")
            let kept = try contents(of: sensor.identity)
            try await sensors.importBirths()

            let enrol = ["--claim", "mmc-cid=\(sensor.cid)", "--injected", sensor.identity]
            let taken = try await expect(0, sensor.agent("enrol", enrol)).json
            #expect(taken["instance"] == born["instance"] && taken["sourceRemoved"] == .truth(true))
            #expect(!exists(sensor.identity))
            #expect(try await expect(0, sensor.agent("status")).json["identity.isAtFirstKey"] == .truth(true))
            try await expect(0, sensor.agent("attest"))
            #expect(try await expect(0, sensor.agent("status")).json["identity.isAtFirstKey"] == .truth(false))
            let again = try await expect(0, sensor.inject()).json
            #expect(again["verdict"].text == "already-born" && again["identity"] == .null)

            // Somebody on the line who has kept the file: he can bring about a fork, and have nothing.
            try write(kept, to: sensor.identity)
            try setMode(0o600, of: sensor.identity)
            let thief = sensor.directory + "/thief"
            try await expect(0, sensor.agent("enrol", enrol, on: thief))
            try await expect(0, sensor.agent("attest"))
            let refused = try await expect(1, sensor.agent("attest", on: thief)).json
            #expect(refused["reasons"].texts == ["forked"])
        }
    }

    /// The agent as a service: it renews, confirms what was installed once it was booted, and ends when it is told.
    @Test func theServiceRenewsAndConfirms() async throws {
        // A lease of seconds, to see it renewed by itself; in so short a time nothing is granted.
        try await Sensors.with(lease: 4) { sensors in
            let sensor = try Sensor("S-10", in: sensors)
            try await sensor.bear()
            let renewed = try await events(of: sensor) { await position(of: sensor) > 1 }
            #expect(renewed.first?["event"].text == "renewed" && renewed.last?["event"].text == "stopped")
            #expect(renewed.count { $0["event"].text == "renewed" } > 1, "by itself")

            let hours = Sensors.policy(controls: #"{"releases":["sensor-os"],"approvals":0,"claims":true}"#)
            try write(hours.utf8, to: sensors.place + "/policy.json")
            await sensors.verifier.stop()
            try await sensors.verifier.start()
            try await expect(0, sensor.update())
            // Before the reboot there is nothing to confirm, and nothing wrong.
            let before = await position(of: sensor)
            let waiting = try await events(of: sensor) { await position(of: sensor) > before }
            #expect(waiting.first?["event"].text == "renewed" && waiting.first?["leaseHolds"] == .truth(true))
            #expect(waiting.allSatisfy { $0["event"].text != "confirmed" && $0["unconfirmed"] == .null })
            try sensor.reboot()
            let confirmed = try await events(of: sensor) { sensor.step == "confirmed" }
            #expect(confirmed.first?["event"].text == "confirmed")
            #expect(try await sensors.record(of: sensor.serial)["running.version"].text == "1.8.0")
        }
    }

    /// That an install was booted is no guess, and that it was not is none either.
    @Test func withoutWordOfTheBootNothingIsInstalledAndNothingSaidOfIt() async throws {
        try await Sensors.with { sensors in
            let sensor = try Sensor("S-12", in: sensors)
            try await sensor.bear()
            let boot = sensor.directory + "/boot"
            try write(#"{"bootID":"\#(boot)"}"#.utf8, to: sensor.state + "/agent.json")
            try await expect(0, sensor.agent("attest"))
            let unknown = try await expect(3, sensor.update())
            #expect(unknown.error.contains("\(boot) does not exist") && unknown.error.contains("bootID"), "\(unknown)")
            #expect(sensor.step == nil && sensor.times("began") == 0)

            try write("first\n".utf8, to: boot)
            try await expect(0, sensor.update())
            let early = try await expect(1, sensor.agent("confirm")).json
            #expect(early["reasons"].texts == ["not-rebooted"])
            try FileManager.default.removeItem(atPath: boot)
            for verb in ["confirm", "attest"] { try await expect(3, sensor.agent(verb)) }
            #expect(sensor.step == "installed")
            #expect(try await sensors.record(of: sensor.serial)["running.version"].text == "1.7.0")

            try write("second\n".utf8, to: boot)
            let confirmed = try await expect(0, sensor.agent("confirm")).json
            #expect(confirmed["running.version"].text == "1.8.0")
        }
    }

    /// How often it has spoken, as the verifier has it.
    private func position(of sensor: Sensor) async -> Int64 {
        (try? await sensor.sensors.record(of: sensor.serial)["position"].number) ?? 0
    }

    /// Runs the service until something holds, and ends it with SIGTERM.
    private func events(of sensor: Sensor, until holds: () async -> Bool) async throws -> [JSON] {
        let ended = try await sensor.agent("run") { id in
            var (looks, last) = (0, Int64?.none)
            while looks < 2400 {
                looks += 1
                // When it asks once more, what it says of the time before is said.
                if let last {
                    if await position(of: sensor) > last { break }
                    _ = Glibc.kill(id, SIGHUP)
                } else if await holds() {
                    last = await position(of: sensor)
                }
                try? await Task.sleep(for: .milliseconds(50))
            }
            _ = Glibc.kill(id, SIGTERM)
        }
        #expect(ended.code == 0, "\(ended)")
        return try ended.output.split(separator: "\n").map { try JSONDecoder().decode(JSON.self, from: Data($0.utf8)) }
    }

    /// Cut off in its install, and asked about its lease before it goes on: the key has moved, and the install is finished all the same.
    @Test func anInstallThatWasCutOffIsResumedAfterOtherContacts() async throws {
        try await Sensors.with { sensors in
            let sensor = try Sensor("S-11", in: sensors)
            try await sensor.bear()
            let nothing = try await expect(1, sensor.agent("update", ["--resume"])).json
            #expect(nothing["reasons"].texts == ["nothing-to-resume"])
            let marker = sensor.directory + "/cut"
            let killing = "[ -e \(marker) ] || { touch \(marker); kill -9 $PPID; exit 1; }; \(sensor.installing)"
            #expect(try await sensor.update(installing: killing).isKilled)
            #expect(sensor.step == "installing")
            for _ in 0..<3 { try await expect(0, sensor.agent("attest")) }
            let resumed = try await expect(0, sensor.agent("update", ["--resume"])).json
            #expect(resumed["resumed"] == .truth(true))
            #expect(try contents(of: sensor.slot) == contents(of: sensors.package))
            try sensor.reboot()
            try await expect(0, sensor.agent("confirm"))
            #expect(sensor.times("ended") == 1 && sensor.grants.count == 1)
        }
    }
}
