import Testing

/// A release that turns out bad after it was delivered.
@Suite(.timeLimit(.minutes(20))) struct RecallTests {
    @Test func aRecalledReleaseIsLeftByTheDeviceThatRunsIt() async throws {
        try await Fleet.with { fleet in
            let device = try #require(fleet.devices.first)
            try await expect(0, device.agent("attest"))
            try await expect(0, device.update())
            var told = try await fleet.run(.auditor, ["device", "updates", device.serial] + fleet.asAlice).output
            #expect(told.contains("granted") && !told.contains("confirmed"))
            try await expect(0, device.agent("attest"))
            told = try await fleet.run(.auditor, ["device", "updates", device.serial] + fleet.asAlice).output
            #expect(told.contains("installed"), "the quote shows the spent counter: \(told)")
            try await device.boot(Fleet.released)
            try await expect(0, device.agent("confirm"))
            told = try await fleet.run(.auditor, ["device", "updates", device.serial] + fleet.asAlice).output
            #expect(told.contains("confirmed"))

            let bad = try #require(try await fleet.record(of: device)["running.manifest"].text)
            try await fleet.run(
                .auditor,
                ["release", "recall", bad, "--reason", "leaks keys"] + fleet.asAlice
            )
            var record = try await fleet.record(of: device)
            for _ in 0..<1200 where record["lease"] != .null {
                try await Task.sleep(for: .milliseconds(100))
                record = try await fleet.record(of: device)
            }
            #expect(record["lease"] == .null && record["lifecycle"].text == "rescue")
            #expect(record["remark"].text == "it runs gateway-os 2.5.0, which was recalled")
            let totals = try await fleet.run(.auditor, ["release", "updates", bad] + fleet.asAlice)
            #expect(totals.output.contains("1 confirmed"))

            // What it is given now is for the way out, which leads to another release and not to the same.
            try await expect(0, device.agent("attest"))
            #expect(try await fleet.record(of: device)["lifecycle"].text == "rescue")
            #expect(try await expect(1, device.update()).error.contains("release-withdrawn"))
            let better = fleet.directory + "/2.6.0.dsse.json"
            try await fleet.register("gateway-os-2.3.0", version: "2.6.0", to: better)
            let order = ["--package", device.package, "--manifest", better, "--install-command", device.installing]
            try await expect(0, device.agent("update", order))
            try await device.boot("gateway-os-2.3.0")
            try await expect(0, device.agent("confirm"))
            record = try await fleet.record(of: device)
            #expect(record["lifecycle"].text == "trusted" && record["running.version"].text == "2.6.0")
        }
    }
}
