import FoundationEssentials
import Messages
import Testing
import UpdateTrust

/// The end of a device without a TPM, told by the programs.
@Suite(.timeLimit(.minutes(20))) struct CompensatedRetirementTests {
    private func retire(_ sensor: Sensor) async throws {
        let act = ["device", "retire", sensor.serial, "--reason", "scrapped"]
        try await sensor.sensors.run(.auditor, act + sensor.sensors.asAlice)
    }

    private func left(_ sensor: Sensor) -> [String] {
        names(in: sensor.state).sorted() + names(in: sensor.state + "/spool") + names(in: sensor.state + "/grants")
    }

    private static let nothing = ["grants", "lock", "retirement.json", "spool"]

    @Test func anOperatorFirstThenTheDeviceThenNothing() async throws {
        try await Sensors.with { sensors in
            let sensor = try Sensor("S-21", in: sensors)
            try await sensor.bear()
            try await expect(0, sensor.agent("attest"))
            let stale = sensor.directory + "/stale"
            try FileManager.default.copyItem(atPath: sensor.state, toPath: stale)
            try await expect(0, sensor.update())
            let before = left(sensor)
            let early = try await expect(1, sensor.agent("retire", ["--yes"]))
            #expect(try early.json["reasons"].texts == ["not-retired"])
            #expect(early.error.contains("birthmark device retire"))
            #expect(left(sensor) == before)
            try await expect(0, sensor.agent("attest"))

            try await retire(sensor)
            let unasked = try await expect(2, sensor.agent("retire"))
            #expect(unasked.error.contains("--yes") && left(sensor) == before)
            let needless = ["--yes", "--owner-authorization", sensor.cid]
            try await expect(2, sensor.agent("retire", needless))
            try await expect(2, sensor.agent("retire", ["--yes", "--without-tpm"]))
            let copy = sensor.directory + "/copy"
            try FileManager.default.copyItem(atPath: sensor.state, toPath: copy)
            let done = try await expect(0, sensor.agent("retire", ["--yes"])).json
            let steps = done["steps"].list
            #expect(steps.first?["place"].text == "identity.json" && steps.last?["outcome"].text == "kept")
            #expect(steps.dropLast().allSatisfy { $0["outcome"].text == "removed" })
            #expect(done["serial"].text == sensor.serial && left(sensor) == Self.nothing)
            let shown = try await sensors.record(of: sensor.serial)
            #expect(shown["farewell"] == done["farewell"] && shown["farewell"].number != nil)
            #expect(shown["lifecycle"].text == "retired")

            let again = try await expect(0, sensor.agent("retire", ["--yes"])).json
            #expect(again["farewell"] == done["farewell"] && again["serial"] == done["serial"])
            #expect(try await sensors.record(of: sensor.serial)["farewell"] == done["farewell"])
            // What somebody has copied is good for nothing, and cannot say what the device has not.
            #expect(try await expect(1, sensor.agent("attest", on: copy)).json["reasons"].texts == ["retired"])
            let old = try await expect(1, sensor.agent("retire", ["--yes"], on: stale)).json
            #expect(old["reasons"].texts == ["forked"] && exists(stale + "/identity.json"))

            let ledger = try await LedgerCopy(sensors.trust).statements().compactMap { entry -> Int64? in
                guard case .farewell(let body) = entry.body else { return nil }
                return body.software?.position
            }
            #expect(ledger == [4])
            // The directory can serve another life.
            try await expect(
                0,
                sensor.agent("enrol", ["--claim", "mmc-cid=\(sensor.cid)", "--out", copy + "/new.json"])
            )
        }
    }

    /// Without what unseals it nobody can say farewell, and nothing is destroyed.
    @Test func aSealedIdentityEndsAsAnyOther() async throws {
        try await Sensors.with { sensors in
            let sensor = try Sensor("S-22", in: sensors)
            let platform = sensor.directory + "/platform.secret"
            try write("what only this platform has".utf8, to: platform)
            let cipher = "openssl enc -aes-256-cbc -pbkdf2 -pass file:\(platform)"
            try await sensor.bear(["--seal-command", cipher, "--unseal-command", cipher + " -d"])
            try await retire(sensor)
            let hidden = sensor.directory + "/hidden"
            try FileManager.default.moveItem(atPath: platform, toPath: hidden)
            let failed = try await expect(3, sensor.agent("retire", ["--yes"]))
            #expect(failed.error.contains("the unseal command") && exists(sensor.state + "/identity.sealed.json"))
            try FileManager.default.moveItem(atPath: hidden, toPath: platform)
            let done = try await expect(0, sensor.agent("retire", ["--yes"])).json
            #expect(done["steps"].list.first?["place"].text == "identity.sealed.json")
            #expect(done["farewell"] != .null && left(sensor) == Self.nothing)
        }
    }

    @Test func aVerifierThatIsGoneIsLeftOutOnlyWhenThatIsSaid() async throws {
        try await Sensors.with { sensors in
            let sensor = try Sensor("S-23", in: sensors)
            try await sensor.bear()
            try await expect(0, sensor.agent("attest"))
            await sensors.verifier.stop()
            let failed = try await expect(3, sensor.agent("retire", ["--yes"]))
            #expect(failed.error.contains("--without-verifier") && exists(sensor.state + "/identity.json"))
            let done = try await expect(0, sensor.agent("retire", ["--yes", "--without-verifier"])).json
            #expect(done["farewell"] == .null && left(sensor) == Self.nothing)
        }
    }

    /// What a hook of an installer asks.
    @Test func theGateOpensForTheGrantThatIsHeld() async throws {
        try await Sensors.with { sensors in
            let sensor = try Sensor("S-24", in: sensors)
            try await sensor.bear()
            let marker = sensor.directory + "/cut"
            let killing = "[ -e \(marker) ] || { touch \(marker); kill -9 $PPID; exit 1; }; \(sensor.installing)"
            #expect(try await sensor.update(installing: killing).isKilled)
            let grant = try #require(sensor.grants.first)
            func gate(_ code: Int32, package: String = sensors.package) async throws -> JSON {
                let asked = ["--grant", grant, "--package", package, "--manifest", sensors.manifest]
                return try await expect(code, sensor.agent("gate", asked)).json
            }
            let resumed = try await gate(0)
            #expect(resumed["verdict"].text == "open" && resumed["stage"].text == "resume")
            let named = try #require(resumed["grant"].text)
            #expect(grant.contains(named))
            let other = sensor.directory + "/other.img"
            try write((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 41) }, to: other)
            #expect(try await gate(1, package: other)["reasons"].texts == ["package-content"])

            let text = String(decoding: try contents(of: sensor.journal), as: UTF8.self)
            let granted = text.replacing(#""step":"installing""#, with: #""step":"granted""#)
            try write(granted.utf8, to: sensor.journal)
            let begun = try await gate(0)
            #expect(begun["stage"].text == "begin")
            for _ in 0..<2 { try await expect(0, sensor.agent("attest")) }
            #expect(try await gate(1)["reasons"].texts == ["other-key"], "the key has moved on")

            try write(text.utf8, to: sensor.journal)
            try await expect(0, sensor.agent("update", ["--resume"]))
            let spent = try await gate(1)
            #expect(spent["verdict"].text == "shut" && spent["reasons"].texts.contains("already-spent"))
        }
    }

    /// Nothing bounds a grant that travels as a file: it is said what to do instead.
    @Test func whatTravelsAsAFileIsRefused() async throws {
        try await Sensors.with { sensors in
            let sensor = try Sensor("S-25", in: sensors)
            try await sensor.bear()
            let out = sensor.directory + "/out.json"
            let commands = [
                "request": ["--freshness", out, "--manifest", sensors.manifest, "--out", out],
                "redeem": [
                    out, "--package", sensors.package, "--manifest", sensors.manifest, "--install-command", "true",
                ],
                "receipt": ["--out", out],
            ]
            for (verb, arguments) in commands {
                let refused = try await expect(1, sensor.agent(verb, arguments))
                #expect(try refused.json["reasons"].texts == ["no-tpm"])
                #expect(refused.error.contains("without a TPM") && refused.error.contains("gateway"), "\(refused)")
                #expect(refused.error.contains("--witness-code") && !exists(out))
            }
        }
    }

    /// Its disk is lost, and its factory gives birth to it again: the new life names the old one, which is over.
    @Test func aDeviceThatIsBornAgainNamesTheLifeBefore() async throws {
        try await Sensors.with { sensors in
            let sensor = try Sensor("S-26", in: sensors)
            try await sensor.bear()
            try await expect(0, sensor.agent("attest"))
            let first = try await sensors.record(of: sensor.serial)["instance"]
            let act = ["rework", sensors.line, "--serial", sensor.serial, "--reason", "disk lost", "--by", "bob"]
            let reworked = try await sensors.run(.factory, act + ["--json"])
            #expect(try reworked.json["verdict"].text == "reworked" && reworked.json["instance"] == first)
            let same = ["enrol", sensors.line, sensor.directory + "/request.json"] + sensor.order
            let refused = try await expect(1, Program.factory.run(same, in: sensors.transcript)).json
            #expect(refused["reasons"].texts == ["retired"])

            let lost = sensor.directory + "/lost"
            try FileManager.default.moveItem(atPath: sensor.state, toPath: lost)
            try await sensor.bear()
            let second = try await sensors.record(of: sensor.serial)
            #expect(second["instance"] != first && second["lifecycle"].text == "born")
            try await expect(0, sensor.agent("attest"))
            let old = try #require(first.text)
            #expect(try await sensors.record(of: old)["lifecycle"].text == "retired")
            #expect(try await expect(1, sensor.agent("attest", on: lost)).json["reasons"].texts == ["retired"])
        }
    }
}
