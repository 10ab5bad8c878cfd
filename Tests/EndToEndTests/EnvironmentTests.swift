import FoundationEssentials
import Testing

/// The machine is at fault: status 3, words that help, nothing lost, and the same command again works when it is mended.
@Suite(.timeLimit(.minutes(20))) struct EnvironmentTests {
    @Test func aTPMThatIsNotThere() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            try await expect(0, device.agent("attest"))
            let own = ["--state", device.state, "--event-log", device.log]
            let order = ["--package", fleet.package, "--manifest", fleet.manifest, "--install-command", "false"]
            let commands: [(Program, [String])] = [
                (.device, ["attest"] + own), (.device, ["update"] + own + order), (.device, ["confirm"] + own),
                (.factory, ["inspect", "--profile", "Provisioning/profiles/p256.json"]),
                (.factory, ["provision", fleet.line] + device.provisioning.dropLast(5)),
            ]
            let before = try Snapshot([device.state, fleet.line])
            for tcti in ["swtpm:path=\(fleet.directory)/nobody", "device:/dev/null", "nonsense:x"] {
                for (program, arguments) in commands {
                    let ended = try await program.run(arguments + ["--tcti", tcti, "--json"], in: fleet.transcript)
                    ended.expectFailure(3, "\(program.rawValue) \(arguments[0]) at \(tcti)")
                }
                // What the device believes can be seen without its TPM.
                let status = try await Program.device.run(
                    ["status", "--state", device.state, "--tcti", tcti, "--json"],
                    in: fleet.transcript
                )
                #expect(try expect(0, status).json["tpmTrouble"].text?.isEmpty == false)
            }
            #expect(try before.changes(to: Snapshot([device.state, fleet.line])) == [])
        }
    }

    @Test func aVerifierThatIsNotThere() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            try await expect(0, device.agent("attest"))
            await fleet.verifier.stop()
            let before = try Snapshot([device.state])
            try await device.agent("attest").expectFailure(3, "attest")
            #expect(try before.changes(to: Snapshot([device.state])) == [])
            try await device.update().expectFailure(3, "update")
            #expect(device.installs == 0)
            let commands: [[String]] = [
                ["births", "import", fleet.births], ["release", "add", fleet.manifest], ["release", "list"],
                ["release", "withdraw", String(repeating: "0", count: 64), "--reason", "test"], ["device", "list"],
                ["device", "show", device.serial], ["device", "suspend", device.serial, "--reason", "test"],
                ["policy", "explain", device.serial], ["ledger", "verify"], ["ledger", "show", "0"], ["key", "list"],
                ["policy", "put", fleet.place + "/policy.json", "--reason", "test"],
            ]
            for command in commands {
                let ended = try await Program.auditor.run(command + fleet.asAlice + ["--json"], in: fleet.transcript)
                ended.expectFailure(3, command.joined(separator: " "))
                #expect(ended.error.contains("cannot be reached"))
            }
            try await fleet.verifier.start()
            try await expect(0, device.update())
            #expect(device.installs == 1)
        }
    }

    @Test func aPortOrARecordThatSomebodyElseHas() async throws {
        try await Fleet.with([], born: false) { fleet in
            let port = try #require(await fleet.verifier.port)
            let other = fleet.directory + "/other"
            try await fleet.run(.verifier, ["init", other, "--listen", "127.0.0.1:\(port)"])
            let taken = try await Program.verifier.run(["serve", other], in: fleet.transcript)
            try expect(3, taken)
            #expect(taken.error.contains("in use") && taken.error.contains("hint: "), "\(taken)")
            let second = ["serve", fleet.place, "--listen", "127.0.0.1:0"]
            let served = try await Program.verifier.run(second, in: fleet.transcript)
            try expect(3, served)
            #expect(served.error.contains("another birthmark-verifier") && served.error.contains("hint: "), "\(served)")
            // Addresses that this machine does not have, a port file that has no place: refused before anything listens.
            for (option, words) in [
                (["--listen", "203.0.113.9:0"], "no address"),
                (["--listen", "no-host.invalid:0"], "cannot be resolved"),
                (["--listen", "127.0.0.1:0", "--port-file", other + "/nowhere/port"], "does not exist"),
            ] {
                let ended = try await Program.verifier.run(["serve", other] + option, in: fleet.transcript)
                try expect(3, ended)
                #expect(ended.error.contains(words) && ended.error.contains("hint: "), "\(ended)")
            }
            // Neither has hurt the one that serves.
            try await fleet.run(.auditor, ["release", "list"] + fleet.asAlice)
        }
    }

    @Test func aPlaceThatCannotBeWritten() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            try write([], to: fleet.directory + "/file")
            let signing =
                ["release", "sign", "--key", fleet.releaseKey, "--package", fleet.package, "--name", "a"]
                + ["--version", "1", "--security-version", "1", "--model", "m", "--hardware-revision", "B"]
            for place in ["/proc/nowhere/x", fleet.directory + "/file/x", "/sys/x"] {
                let commands: [(Program, [String])] = [
                    (.auditor, signing + ["--boot", fleet.boot, "--out", place]),
                    (.auditor, ["release", "keygen", place]),
                    (.factory, ["export", fleet.line, "--out", place]),
                    (.factory, ["init", place, "--name", "line-9"]),
                    (.verifier, ["init", place]),
                    (.device, ["attest", "--state", place, "--tcti", device.tcti, "--trust", fleet.trust]),
                    (.swtpm, ["make", place, "--ca", fleet.authority]),
                    (.swtpm, ["make", fleet.directory + "/new", "--ca", place]),
                ]
                for (program, arguments) in commands {
                    let ended = try await program.run(arguments + ["--json"], in: fleet.transcript)
                    ended.expectFailure(3, "\(program.rawValue) into \(place)")
                }
            }
        }
    }

    @Test func aWrongPathToADirectoryChangesNothing() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            let missing = fleet.directory + "/missing"
            let file = fleet.directory + "/file"
            try write([], to: file)
            let tcti = ["--tcti", device.tcti]
            let before = try Snapshot([file, fleet.line, device.state])
            for place in [missing, file] {
                let commands: [(Program, [String], Set<Int32>)] = [
                    (.device, ["attest", "--state", place] + tcti, [3]),
                    (.device, ["confirm", "--state", place] + tcti, [3]),
                    (.device, ["update", "--resume", "--state", place] + tcti, [3]),
                    (.device, ["status", "--state", place] + tcti, [3]),
                    (.factory, ["export", place], [2, 3]),
                    (.factory, ["provision", place] + device.provisioning.filter { $0 != "--json" }, [2, 3]),
                    (.verifier, ["check", place], [1]),
                    (.verifier, ["operator", place, "bob", "--role", "auditor"], [2, 3]),
                    (.auditor, ["ek", "verify", fleet.authority + "/root.pem", "--roots", place], [2]),
                    (.swtpm, ["start", place], [2]), (.swtpm, ["stop", place], [2]),
                    (.swtpm, ["power-cycle", place], [2]), (.swtpm, ["status", place], [2]),
                    (.swtpm, ["boot", place, "--firmware", Fleet.released], [2]),
                ]
                for (program, arguments, statuses) in commands {
                    let ended = try await program.run(arguments + ["--json"], in: fleet.transcript)
                    let what = "\(program.rawValue) \(arguments[0]) \(place)"
                    #expect(ended.code.map(statuses.contains) == true, "\(what): \(ended)")
                    ended.expectFailure(ended.code ?? -1, what)
                    #expect(!ended.error.contains("Error Domain"), "\(what): \(ended)")
                }
                let served = try await Program.verifier.run(["serve", place], in: fleet.transcript)
                #expect(served.code == 2 || served.code == 3, "\(served)")
                #expect(served.error.contains("hint: "), "\(served)")
            }
            #expect(!exists(missing))
            #expect(try before.changes(to: Snapshot([file, fleet.line, device.state])) == [])
        }
    }

    @Test func twoAtOnceDoNotHurtEachOther() async throws {
        try await withDirectory { directory in
            let transcript = Transcript()
            let commands: [(Program, [String])] = [
                (.swtpm, ["make", directory + "/tpm", "--ca", directory + "/ca"]),
                (.verifier, ["init", directory + "/verifier"]),
                (.factory, ["init", directory + "/line", "--name", "line-1"]),
                (.auditor, ["release", "keygen", directory + "/release.key"]),
            ]
            for (program, arguments) in commands {
                let ends = try await withThrowingTaskGroup(of: Program.Ended.self) { group in
                    for _ in 0..<3 { group.addTask { try await program.run(arguments + ["--json"], in: transcript) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(ends.contains { $0.code == 0 }, "\(ends)")
                for ended in ends where ended.code != 0 { ended.expectFailure(ended.code == 2 ? 2 : 3, "two at once") }
            }
            for _ in 0..<2 {
                let start = ["start", directory + "/tpm", "--json"]
                try await expect(0, Program.swtpm.run(start, in: transcript))
            }
            try await expect(0, Program.swtpm.run(["stop", directory + "/tpm"], in: transcript))
            try await expect(0, Program.verifier.run(["check", directory + "/verifier"], in: transcript))
        }
    }
}
