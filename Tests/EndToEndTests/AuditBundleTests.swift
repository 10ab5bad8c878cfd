import FoundationEssentials
import Testing

/// The proof that somebody takes away after an incident, judged on a machine without a verifier, and looked at in a browser.
@Suite(.timeLimit(.minutes(20))) struct AuditBundleTests {
    private func anchors(_ fleet: Fleet) -> [String] {
        ["--trust", fleet.trust, "--birth-keys", fleet.line + "/birth-keys.json"]
            + ["--factory-roots", fleet.line + "/factory-roots.pem", "--ek-roots", fleet.line + "/ek-roots"]
    }

    @Test func whatADeviceWasGivenIsProvenAfterItsVerifierIsGone() async throws {
        try await Fleet.with { fleet in
            let device = try #require(fleet.devices.first)
            try await expect(0, device.agent("attest"))
            try await device.takeRelease()
            let path = fleet.directory + "/device.audit"
            let exported = try await fleet.run(
                .auditor,
                ["audit", "export", device.serial, "--out", path, "--json"] + fleet.asAlice
            ).json
            #expect(exported["bundle"].text == path)
            await fleet.verifier.stop()

            let page = fleet.directory + "/device.html"
            let verify = ["audit", "verify", path] + anchors(fleet)
            let told = try await fleet.run(.auditor, verify + ["--html", page]).output
            #expect(told.contains("release gateway-os 2.5.0 was granted to \(device.serial)"))
            #expect(told.contains("because its quote showed the one it is known to run"))
            #expect(told.contains("\(device.serial) booted gateway-os 2.5.0 and measured as expected"))
            #expect(told.contains("proven: "))
            let report = try await fleet.run(.auditor, verify + ["--json"]).json
            #expect(report["verdict"].text == "proven" && report["findings"].list.isEmpty)

            #expect(report["acts.isHeldToOperators"] == .truth(false))
            let asked = try await fleet.run(.auditor, verify + ["--operators", fleet.alice + "/cert.pem", "--json"])
                .json
            #expect(asked["verdict"].text == "proven" && asked["acts.isHeldToOperators"] == .truth(true))
            let signed = try #require(asked["acts.signed"].number)
            #expect(signed >= 1 && asked["acts.unsigned"].list.isEmpty)
            try await fleet.run(.verifier, ["operator", fleet.place, "bob", "--role", "operator"])
            let bobs = verify + ["--operators", fleet.place + "/operators/bob/cert.pem"]
            let stranger = try await expect(1, Program.auditor.run(bobs, in: fleet.transcript))
            #expect(stranger.output.contains("no certificate of alice is known from elsewhere"), "\(stranger)")
            #expect(!stranger.output.contains("by operators who are known from elsewhere"), "\(stranger)")

            // One byte, and it says where.
            var bytes = try contents(of: path)
            let grant = try #require(bytes.firstRange(of: Array(#"{"grant":""#.utf8))).upperBound + 40
            bytes[grant] = bytes[grant] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let changed = fleet.directory + "/changed.audit"
            try write(bytes, to: changed)
            let refused = try await expect(
                1,
                Program.auditor.run(["audit", "verify", changed] + anchors(fleet), in: fleet.transcript)
            )
            #expect(refused.output.contains("found: entry") && refused.output.hasSuffix("not proven\n"), "\(refused)")
            // What stands in an entry says nothing on a line of its own.
            let whole = String(decoding: try contents(of: path), as: UTF8.self)
            let forged = whole.split(separator: "\n").map { line -> String in
                guard let found = line.firstMatch(of: /"bytes":"([^"]*)"/)?.output.1,
                    let entry = Data(base64Encoded: String(found))
                else { return String(line) }
                let text = String(decoding: entry, as: UTF8.self)
                    .replacing(#""accepted":true"#, with: #""accepted":false"#)
                    .replacing(#""reasons":[]"#, with: #""reasons":["late\nproven: all of it"]"#)
                return String(line.replacing(found, with: Data(text.utf8).base64EncodedString()))
            }
            try write(Array((forged.joined(separator: "\n") + "\n").utf8), to: changed)
            let lines = try await expect(
                1,
                Program.auditor.run(["audit", "verify", changed] + anchors(fleet), in: fleet.transcript)
            )
            #expect(lines.output.contains(#"late\nproven: all of it"#), "\(lines)")
            #expect(!lines.output.contains("\nproven: "), "\(lines)")
            try write(bytes.dropLast(10), to: changed)
            let cut = try await Program.auditor.run(
                ["audit", "verify", changed] + anchors(fleet),
                in: fleet.transcript
            )
            #expect(try expect(1, cut).error.contains("cut short"))

            try await look(at: page, device.serial)
        }
    }

    @Test func decisionsAreTakenAgainOutOfTheArchive() async throws {
        try await Fleet.with { fleet in
            let device = try #require(fleet.devices.first)
            try await expect(0, device.agent("attest"))
            try await device.takeRelease()

            let again = try await fleet.run(.auditor, ["audit", "reappraise", device.serial, "--json"] + fleet.asAlice)
                .json
            let decisions = try #require(again["decisions"].number)
            #expect(decisions >= 3 && again["same"].number == decisions && again["unkept"].number == 0)
            #expect(again["different"].list.isEmpty)
            let span = ["audit", "reappraise", "--from", "2000-01-01"]
            let all = try await fleet.run(.auditor, span + fleet.asAlice).output
            #expect(all.contains("decisions taken again") && all.contains(" the same, 0 not"))

            let policy = fleet.directory + "/stricter.json"
            let stricter = #"""
                {"formatVersion": 1, "rules": [{"id": "stricter", "match": {"environments": "*", "tiers": "*", "models": "*",
                "hardwareRevisions": "*", "packages": "*"}, "moves": {"upgrade": false, "reinstall": false, "downgrade": false},
                "boot": {"requireLog": false, "secureBoot": "any"}, "lease": {"seconds": 60}, "grant": {"seconds": 60}}]}
                """#
            try write(Array(stricter.utf8), to: policy)
            let changed = try await expect(
                1,
                Program.auditor.run(["policy", "diff", policy] + fleet.asAlice, in: fleet.transcript)
            )
            #expect(changed.output.contains("verdict: accepted to refused"), "\(changed)")
            #expect(changed.output.contains("to stricter"), "\(changed)")

            let path = fleet.directory + "/evidence.audit"
            try await fleet.run(
                .auditor,
                ["audit", "export", device.serial, "--with-evidence", "--out", path] + fleet.asAlice
            )
            let bundle = String(decoding: try contents(of: path), as: UTF8.self)
            #expect(bundle.contains(#"{"evidence":""#) && bundle.contains(#"{"log":""#))
            let report = try await fleet.run(.auditor, ["audit", "verify", path, "--json"] + anchors(fleet)).json
            #expect(report["verdict"].text == "proven" && report["findings"].list.isEmpty)
            #expect(report["retaken"]["same"].number == decisions)

            // What somebody takes out of it is missed.
            let lines = bundle.split(separator: "\n")
            // A log that only the evidence named which is gone is found first.
            for (kind, says) in [("log", "cannot be decided again: event log"), ("evidence", "found: ")] {
                let first = try #require(lines.firstIndex { $0.hasPrefix("{\"\(kind)\":") })
                let left = lines.enumerated().filter { $0.offset != first }.map(\.element)
                try write(Array((left.joined(separator: "\n") + "\n").utf8), to: path)
                let page = fleet.directory + "/cut.html"
                let cut = try await Program.auditor.run(
                    ["audit", "verify", path, "--html", page] + anchors(fleet),
                    in: fleet.transcript
                )
                try expect(1, cut)
                #expect(cut.output.contains(says), "\(cut)")
                #expect(String(decoding: try contents(of: page), as: UTF8.self).contains("Not proven."), "\(kind)")
                #expect(cut.output.hasSuffix("not proven\n"), "\(cut)")
            }
        }
    }

    /// What people see of the page, and what comes out of a printer.
    private func look(at page: String, _ serial: String) async throws {
        // Each has a profile of its own, since one that is just ending holds its own still; and /dev/shm has little room in containers.
        func browser(_ profile: String) -> [String] {
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--user-data-dir=\(page).\(profile)",
            ]
        }
        let paper = page + ".pdf"
        let printed = try await Tool(name: "chromium").run(
            browser("printing") + ["--no-pdf-header-footer", "--print-to-pdf=\(paper)", "file://\(page)"]
        )
        try #require(printed.succeeded, "\(printed.error)")
        let read = try await Tool(name: "pdftotext").run(["-layout", paper, "-"])
        #expect(read.output.contains("Proven: everything told here"))
        #expect(read.output.contains("gateway-os 2.5.0 was granted to \(serial)"))

        let tree = try await Tool(name: "chromium").run(browser("showing") + ["--dump-dom", "file://\(page)"])
        try #require(tree.succeeded, "\(tree.error)")
        #expect(tree.output.contains("<rect class=\"trusted\"") && tree.output.contains("<circle class=\"granted\""))
        // It needs nothing beside itself.
        #expect(
            !tree.output.contains("http://") && !tree.output.contains("https://") && !tree.output.contains("<script")
        )
    }

    @Test func aReleasesBundleNamesAllThatWereGrantedIt() async throws {
        try await Fleet.with(["p256", "p256"]) { fleet in
            let (first, second) = (try #require(fleet.devices.first), try #require(fleet.devices.last))
            for device in fleet.devices { try await expect(0, device.agent("attest")) }
            try await expect(0, first.update())
            let listed = try await fleet.run(.auditor, ["release", "list", "--json"] + fleet.asAlice).json
            let manifest = try #require(listed["releases"].list.first?["manifest"].text)
            let path = fleet.directory + "/release.audit"
            try await fleet.run(.auditor, ["audit", "export", "--release", manifest, "--out", path] + fleet.asAlice)
            let report = try await fleet.run(.auditor, ["audit", "verify", path, "--json"] + anchors(fleet)).json
            #expect(report["verdict"].text == "proven")
            let devices = Set(report["timeline"].list.compactMap { $0["device"].text })
            #expect(devices == [first.serial], "\(second.serial) was not granted it")

            let span = fleet.directory + "/span.audit"
            try await fleet.run(.auditor, ["audit", "export", "--from", "2000-01-01", "--out", span] + fleet.asAlice)
            let all = try await fleet.run(.auditor, ["audit", "verify", span, "--json"] + anchors(fleet)).json
            let size = try #require(all["size"].number)
            #expect(all["verdict"].text == "proven" && all["timeline"].list.count == Int(size))
            try await expect(
                1,
                Program.auditor.run(
                    ["audit", "export", "--from", "2000-01-01", "--to", "2000-01-02", "--out", span] + fleet.asAlice,
                    in: fleet.transcript
                )
            )
        }
    }
}
