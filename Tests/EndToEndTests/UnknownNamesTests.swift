import FoundationEssentials
import Testing

/// What is not there is named, with the command that shows what is: one sentence for everything helps nobody.
@Suite(.timeLimit(.minutes(20))) struct UnknownNamesTests {
    private static let digest = String(repeating: "0", count: 64)

    @Test func whatTheVerifierDoesNotHaveIsNamed() async throws {
        try await Fleet.with { fleet in
            let serial = fleet.devices[0].serial
            let unknown: [(command: [String], missing: String, look: String)] = [
                (["device", "show", "GW-9999"], "no device GW-9999", "birthmark device list"),
                (["device", "updates", "GW-9999"], "no device GW-9999", "birthmark device list"),
                (["device", "suspend", "GW-9999", "--reason", "test"], "no device GW-9999", "birthmark device list"),
                (["device", "explain", serial], "no refused boot of a device \(serial)", "birthmark device show"),
                (["release", "updates", Self.digest], "no release \(Self.digest)", "birthmark release list"),
                (["release", "rollout", Self.digest], "no rollout of a release", "birthmark release rollout"),
                (["ledger", "show", "999999"], "no entry 999999", "birthmark ledger tail"),
                (["audit", "reappraise", "GW-9999"], "no device GW-9999", "birthmark device list"),
                (
                    ["key", "compromised", "station", "line-9", "--reason", "test"], "no key line-9 for station",
                    "birthmark key list"
                ),
            ]
            for (command, missing, look) in unknown {
                let ended = try await Program.auditor.run(command + fleet.asAlice, in: fleet.transcript)
                try expect(1, ended)
                #expect(ended.error.contains("error: the verifier has \(missing)"), "\(ended)")
                #expect(ended.error.contains("hint: ") && ended.error.contains(look), "\(ended)")
            }
        }
    }

    @Test func aStickWithoutFilesIsNotCalledADirectory() async throws {
        try await Fleet.with([], born: false) { fleet in
            let stick = fleet.directory + "/stick"
            try FileManager.default.createDirectory(atPath: stick, withIntermediateDirectories: true)
            let commands = [
                (["authorize", stick, "--out", stick], ".request.json"),
                (["receipts", "import", stick], ".receipt.json"),
            ]
            for (command, ending) in commands {
                let ended = try await Program.auditor.run(command + fleet.asAlice, in: fleet.transcript)
                try expect(2, ended)
                #expect(ended.error.contains("no file whose name ends in \(ending)"), "\(ended)")
            }
        }
    }
}
