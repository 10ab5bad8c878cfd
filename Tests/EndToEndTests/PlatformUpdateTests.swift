import Messages
import SoftwareDevice
import Testing
import UpdateTrust

/// Updates of the platform move PCRs that no release speaks for: people look, and let through what they saw.
@Suite(.timeLimit(.minutes(20))) struct PlatformUpdateTests {
    private func operate(
        _ verb: String,
        _ device: FleetDevice,
        _ more: [String],
        in fleet: Fleet
    ) async throws -> Program.Ended {
        try await Program.auditor.run(
            ["device", verb, device.serial, "--json"] + more + fleet.asAlice,
            in: fleet.transcript
        )
    }

    private func differing(_ explanation: JSON) -> [Int64] {
        explanation["boots"].list.first?["differing"].list.compactMap { $0["pcr"].number } ?? []
    }

    @Test func revocationListUpdateIsExplainedAndLetThrough() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            try await expect(0, device.agent("attest"))
            #expect(try await operate("explain", device, [], in: fleet).code != 0)
            let update: (inout Firmware.Platform) -> Void = { $0.forbiddenImages += 1 }
            try await device.boot(Fleet.bornWith, changing: update)
            try await expect(1, device.agent("attest"))

            let explanation = try await expect(0, operate("explain", device, [], in: fleet)).json
            #expect(differing(explanation) == [7])
            let event = try #require(explanation["events"].list.first)
            #expect(explanation["events"].list.count == 1)
            #expect(event["pcr"].number == 7)
            #expect(event["expected.meaning"].text?.hasPrefix("variable dbx: ") == true)
            #expect(event["seen.meaning"].text?.hasPrefix("variable dbx: ") == true)
            #expect(event["expected.meaning"].text != event["seen.meaning"].text)
            let evidence = try #require(explanation["quote"].text)

            // Reviewed on other evidence, for a PCR that did not move, or without a reason: nothing.
            let why = ["--reason", "dbx of November, ticket 812"]
            let other = ContentDigest(of: []).description
            try await expect(1, operate("allow-boot", device, ["--evidence", other, "--pcr", "7"] + why, in: fleet))
            try await expect(1, operate("allow-boot", device, ["--evidence", evidence, "--pcr", "4"] + why, in: fleet))
            try await expect(2, operate("allow-boot", device, ["--evidence", evidence, "--pcr", "7"], in: fleet))
            let allowed = ["--evidence", evidence, "--pcr", "7"] + why
            let record = try await expect(0, operate("allow-boot", device, allowed, in: fleet)).json
            #expect(record["lifecycle"].text == "suspended")
            #expect(try await expect(1, device.agent("attest")).json["reasons"].texts == ["suspended"])

            try await fleet.act("reinstate", on: device, because: "ticket 812")
            try await expect(0, device.agent("attest"))
            let entries = try await LedgerCopy(fleet.trust).statements().compactMap { entry in
                if case .allowance(let body) = entry.body { (entry.actor, body) } else { nil }
            }
            #expect(entries.count == 1)
            #expect(entries.first?.1.moves.map(\.pcr) == [7])
            #expect(entries.first?.1.quote.description == evidence)
            #expect(entries.first?.1.log != nil)

            // What was allowed is that one list: the old one is a step back, and a new kernel is still nobody's.
            try await device.boot(
                Fleet.bornWith,
                changing: {
                    update(&$0); $0.forbiddenImages += 1
                }
            )
            try await expect(1, device.agent("attest"))
            try await fleet.act("reinstate", on: device, because: "a mistake")
            try await device.boot(Fleet.bornWith)
            let back = try await expect(1, device.agent("attest")).json
            #expect(back["reasons"].texts == ["evidence-refused", "boot-unexpected"])
        }
    }

    @Test func firmwareUpdateIsExplainedAndLetThroughAndOutlivesTheNextRelease() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            let update: (inout Firmware.Platform) -> Void = { platform in
                platform.version = "BM-G1 UEFI 1.9.0"
                platform.volumes = ["BM-G1 1.9.0 PEI", "BM-G1 1.9.0 DXE"]
            }
            try await expect(0, device.agent("attest"))
            try await device.boot(Fleet.bornWith, changing: update)
            try await expect(1, device.agent("attest"))
            let explanation = try await expect(0, operate("explain", device, [], in: fleet)).json
            let moved = differing(explanation)
            #expect(moved == [0])
            #expect(explanation["events"].list.first?["seen.meaning"].text?.contains("1.9.0") == true)
            let evidence = try #require(explanation["quote"].text)
            let reviewed = ["--evidence", evidence, "--pcr", "0", "--reason", "UEFI 1.9.0 of the vendor"]
            try await expect(0, operate("allow-boot", device, reviewed, in: fleet))
            try await fleet.act("reinstate", on: device, because: "UEFI 1.9.0")
            try await expect(0, device.agent("attest"))

            // A release that was measured on the old firmware is held to the new one, and to nothing else.
            try await expect(0, device.update())
            try await device.boot(Fleet.released, changing: update)
            try await expect(0, device.agent("confirm"))
            try await device.software.boot(firmware: .named(Fleet.released), tamper: [.kernel])
            try await expect(1, device.agent("attest"))
        }
    }

    /// No unit has shown the new boot yet; what it should have been is known from the release's own log.
    @Test func aBootThatWasGrantedIsComparedWithTheLogOfTheRelease() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            try await expect(0, device.agent("attest"))
            try await expect(0, device.update())
            try await device.boot(Fleet.released, [.kernel])
            try await expect(1, device.agent("confirm"))
            let explanation = try await expect(0, operate("explain", device, [], in: fleet)).json
            let golden = ContentDigest(of: try contents(of: fleet.directory + "/golden-2.5.0/boot.log")).description
            #expect(explanation["expectedBoot"].text == "granted")
            #expect(explanation["expectedLog"].text == golden)
            #expect(explanation["events"].list.compactMap { $0["pcr"].number } == [4, 9])
        }
    }

    @Test func resultForRelyingPartiesIsCheckedOffLine() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            let file = device.directory + "/result.jwt"
            try await expect(0, device.agent("attest", ["--ear", file]))
            let verify = ["ear", "verify", file, "--trust", fleet.trust, "--json"]
            let report = try await expect(0, Program.auditor.run(verify, in: fleet.transcript)).json
            #expect(report["verdict"].text == "accepted")
            #expect(report["status"].text == "affirming")
            let appraisal = report["appraisals"]
            guard case .object(let appraisals) = appraisal, let only = appraisals.first else {
                Issue.record("no appraisal")
                return
            }
            #expect(only.key.hasPrefix("urn:birthmark:instance:"))
            #expect(only.value["claims.hardware"].number == 0)
            #expect(only.value["claims.executables"].number == 3)

            // A refusal is told as well, to whoever asks before it is stale.
            try await device.boot(Fleet.bornWith, [.kernel])
            let refusal = device.directory + "/refusal.jwt"
            try await expect(1, device.agent("attest", ["--ear", refusal]))
            let told = try await expect(
                1,
                Program.auditor.run(
                    ["ear", "verify", refusal, "--trust", fleet.trust, "--json"],
                    in: fleet.transcript
                )
            ).json
            #expect(told["status"].text == "contraindicated")
            // Where it cannot be put it is a refusal all the same.
            let unkept = try await expect(1, device.agent("attest", ["--ear", "/nowhere/refusal.jwt"])).json
            #expect(!unkept["reasons"].texts.isEmpty)
            #expect(unkept["error"].text?.contains("/nowhere/refusal.jwt") == true)
            // Good evidence of a suspended device says nothing either way, so there is nothing to show.
            try await device.boot(Fleet.bornWith)
            let nothing = device.directory + "/nothing.jwt"
            try await expect(1, device.agent("attest", ["--ear", nothing]))
            #expect(!exists(nothing))

            var bytes = try contents(of: file)
            bytes[bytes.count / 2] ^= 1
            try write(bytes, to: file)
            #expect(try await Program.auditor.run(verify, in: fleet.transcript).code != 0)
        }
    }
}
