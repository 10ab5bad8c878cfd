import FoundationEssentials
import Subprocess
import Testing

/// Directories of the programs' own whose files were spoiled: noticed before anything is done with them.
@Suite(.timeLimit(.minutes(20))) struct DamagedDirectoryTests {
    private static let ways: [Spoiled] = [.missing, .empty, .cut, .garbage]

    @Test func aVerifiersDirectory() async throws {
        try await Fleet.with { fleet in
            #expect(await fleet.verifier.stop() == .exited(0))
            // After an orderly end people may copy the one file: nothing waits in the write-ahead log.
            #expect(((try? contents(of: fleet.place + "/verifier.sqlite-wal")) ?? []).isEmpty)
            // Without these it begins to serve, and tells that nothing of the kind will be accepted.
            let optional = ["release-keys.json", "birth-keys.json", "factory-roots.pem"]
            let needed = ["config.json", "policy.json", "tls.pem", "operator-ca.pem", "verifier.sqlite"]
            let keys = ["grant", "ledger", "challenge", "tls"].map { "keys/\($0).key" }
            for file in needed + keys + optional {
                for way in Self.ways {
                    try await spoiling(file, way, of: fleet.place) {
                        let check = try await Program.verifier.run(
                            ["check", fleet.place, "--json"],
                            in: fleet.transcript
                        )
                        if way == .missing && optional.contains(file) {
                            try expect(0, check)
                            #expect(check.output.contains("notice"))
                            return
                        }
                        check.expectFailure(1, "check with \(file) \(way)")
                        let serve = ["serve", fleet.place, "--listen", "127.0.0.1:0"]
                        let ended = try await Program.verifier.run(serve, in: fleet.transcript)
                        #expect(ended.code == 2 || ended.code == 3, "serve with \(file) \(way): \(ended)")
                        #expect(ended.error.contains("hint: "), "serve with \(file) \(way): \(ended)")
                    }
                }
            }
            try await fleet.run(.verifier, ["check", fleet.place])
        }
    }

    @Test func aStationsDirectory() async throws {
        try await Fleet.with(["p256"], born: false) { fleet in
            let device = fleet.devices[0]
            for file in ["config.json", "ca/config.json", "ca/ca.pem", "ca/keys/ca.key", "keys/station.key"] {
                for way in Self.ways {
                    try await spoiling(file, way, of: fleet.line) {
                        let ended = try await device.provision(on: fleet.line)
                        #expect(ended.code == 2 || ended.code == 3, "\(file) \(way): \(ended)")
                        #expect(ended.error.contains("hint: "), "\(file) \(way): \(ended)")
                    }
                }
            }
            #expect(try await expect(0, device.provision(on: fleet.line)).json["verdict"].text == "born")
        }
    }

    @Test func anAgentsDirectory() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            try await expect(0, device.update())
            for (file, ways) in [("journal.json", [Spoiled.empty, .cut, .garbage]), ("trust.json", Self.ways)] {
                for way in ways {
                    try await spoiling(file, way, of: device.state) {
                        // Without --trust, so that nothing is taken over in place of what is gone.
                        let ended = try await Program.device.run(
                            ["confirm", "--state", device.state, "--tcti", device.tcti, "--json"],
                            in: fleet.transcript
                        )
                        ended.expectFailure(file == "journal.json" ? 3 : 2, "\(file) \(way)")
                    }
                }
            }
            try await device.boot(Fleet.released)
            try await expect(0, device.agent("confirm"))
        }
    }

    /// Runs `body` with one file of a directory spoiled, which is put right afterwards.
    private func spoiling(
        _ file: String,
        _ way: Spoiled,
        of place: String,
        _ body: () async throws -> Void
    ) async throws {
        let path = "\(place)/\(file)"
        let genuine = try contents(of: path)
        if way == .missing {
            try FileManager.default.removeItem(atPath: path)
        } else {
            try write(way.bytes(of: genuine), to: path)
            try setMode(0o600, of: path)
        }
        try await body()
        try write(genuine, to: path)
        try setMode(0o600, of: path)
    }
}
