import FoundationEssentials
import MachineFaults
import Testing

/// A disk without room: nothing half-written stays, nothing untrue is answered, and with room again all goes on.
@Suite(.timeLimit(.minutes(20))) struct FullDiskTests {
    @Test func nothingHalfWrittenStays() async throws {
        try await Fleet.with(["p256"], born: false) { fleet in
            let device = fleet.devices[0]
            let made = fleet.directory + "/made"
            let flag = fleet.directory + "/full"
            let full = try await MachineFaults(in: fleet.directory).fullDisk(while: flag)
            try write([], to: flag)
            let signing =
                ["release", "sign", "--key", fleet.releaseKey, "--package", fleet.package, "--name", "a"]
                + ["--version", "1", "--security-version", "1", "--model", "m", "--hardware-revision", "B"]
            let commands: [(Program, [String])] = [
                (.auditor, signing + ["--boot", fleet.boot, "--out", made]), (.auditor, ["release", "keygen", made]),
                (.factory, ["provision", fleet.line] + device.provisioning.dropLast()),
                (.factory, ["export", fleet.line, "--out", made]), (.factory, ["init", made, "--name", "line-9"]),
                (.verifier, ["init", made]),
                (.verifier, ["operator", fleet.place, "bob", "--role", "auditor"]),
            ]
            for (program, arguments) in commands {
                let run = { (environment: [String: String]) in
                    try await program.run(arguments + ["--json"], environment: environment, in: fleet.transcript)
                }
                let ended = try await run(full)
                ended.expectFailure(3, "\(program.rawValue) \(arguments[0])")
                #expect(files(below: made) == [], "\(program.rawValue) \(arguments[0])")
                try FileManager.default.removeItem(atPath: flag)
                try await expect(0, run(full))
                try? FileManager.default.removeItem(atPath: made)
                try write([], to: flag)
            }
            #expect(names(in: fleet.line + "/births").filter { $0.hasSuffix(".json") } == ["\(device.serial).json"])
        }
    }

    private func files(below directory: String) -> [String] { tree(directory).filter(\.isFile).map(\.path) }

    @Test func aVerifierWithoutRoomAnswersNothingUntrue() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            let flag = fleet.directory + "/full"
            await fleet.verifier.stop()
            try await fleet.verifier.start(environment: MachineFaults(in: fleet.directory).fullDisk(while: flag))
            try await expect(0, device.agent("attest"))
            let entries = try await LedgerCopy(fleet.trust).entries.count

            try write([], to: flag)
            try await device.agent("attest").expectFailure(3, "attest")
            try await device.update().expectFailure(3, "update")
            #expect(device.installs == 0)
            #expect(device.grants.isEmpty)
            #expect(try await LedgerCopy(fleet.trust).entries.count == entries)

            try FileManager.default.removeItem(atPath: flag)
            try await expect(0, device.update())
            #expect(device.installs == 1)
            let copy = try await LedgerCopy(fleet.trust)
            for grant in device.grants { try copy.expectHolds(grantAt: grant) }
            await fleet.verifier.stop()
            try await fleet.run(.verifier, ["check", fleet.place])
        }
    }

    @Test func anAgentWithoutRoomSpendsNothing() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            let flag = fleet.directory + "/full"
            let full = try await MachineFaults(in: fleet.directory).fullDisk(while: flag)
            try write([], to: flag)
            try await device.agent("attest", environment: full).expectFailure(3, "the first attest")
            #expect(files(below: device.state).filter { !$0.hasSuffix("/lock") } == [])
            try FileManager.default.removeItem(atPath: flag)
            try await expect(0, device.agent("attest"))

            try write([], to: flag)
            let before = try Snapshot([device.state])
            try await device.update(environment: full).expectFailure(3, "update")
            #expect(try before.changes(to: Snapshot([device.state])) == [])
            #expect(try await device.grantsSpent() == 0)
            try FileManager.default.removeItem(atPath: flag)
            try await expect(0, device.update(environment: full))
            #expect(try await device.grantsSpent() == 1)
        }
    }

    /// What an update that failed has left would be in the way of the next for good, where one package has room.
    @Test func aPackageThatIsFetchedTakesThePlaceOfTheOneBefore() async throws {
        try await GatewayAtWork.with { _, sensor in
            let spool = sensor.state + "/spool"
            try write("of before".utf8, to: spool + "/sensor-os-1.7.9.img")
            let order = ["--manifest", sensor.sensors.manifest, "--install-command", sensor.installing]
            try await expect(0, sensor.agent("update", order))
            #expect(names(in: spool).count == 1)
            #expect(!exists(spool + "/sensor-os-1.7.9.img"))
        }
    }

    /// A part that stays on a disk that it has filled keeps the journal from being written, and so no lease is renewed.
    @Test func aFetchedPackageThatFindsNoRoomLeavesItToOthers() async throws {
        try await GatewayAtWork.with { _, sensor in
            // There is room for its name, and for none of its bytes.
            let full = try await MachineFaults(in: sensor.sensors.directory)
                .fullDisk(at: 2, isLasting: true, of: ".fetched")
            let order = ["--manifest", sensor.sensors.manifest, "--install-command", sensor.installing]
            try await sensor.agent("update", order, environment: full).expectFailure(3, "update")
            #expect(names(in: sensor.state + "/spool") == [])
            try await expect(0, sensor.agent("update", order))
        }
    }
}
