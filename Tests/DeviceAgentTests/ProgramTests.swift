import DeviceAgent
import FoundationEssentials
import Messages
import Subprocess
import Testing

/// What scripts rely on: exit status, one JSON object on standard output, words on standard error.
@Suite struct ProgramTests {
    @Test func aWholeUpdateInJSON() async throws {
        try await Bench.with { bench in
            let attest = try await bench.program("attest", ["--json"])
            #expect(attest.status == .exited(0), "\(attest)")
            #expect(try attest.json["bootState"] == "current")
            #expect(attest.error.isEmpty)

            let update = try await bench.program("update", bench.updateArguments + ["--json"])
            #expect(update.status == .exited(0), "\(update)")
            let grant = try #require(try update.json["grant"])

            let arguments = [
                "--grant", "\(bench.state)/grants/\(grant).json", "--package", bench.package,
                "--manifest", bench.device.directory + "/system.dsse.json", "--json",
            ]
            let gate = try await bench.program("gate", arguments)
            #expect(gate.status == .exited(1), "\(gate)")
            #expect(try gate.json["verdict"] == "shut")
            #expect(gate.output.contains("already-spent"))

            let looking = ["status", "--state", bench.state, "--tcti", bench.device.tcti]
            let installed = try await Program.device.run(looking)
            #expect(installed.output.contains("reboot, then run birthmark-device confirm"), "\(installed)")
            try await bench.boot(Bench.grownTo)
            let booted = try await Program.device.run(looking)
            #expect(booted.output.contains("run birthmark-device confirm"), "\(booted)")
            #expect(!booted.output.contains("reboot"), "\(booted)")
            let confirm = try await bench.program("confirm", ["--json"])
            #expect(confirm.status == .exited(0), "\(confirm)")
            #expect(try confirm.json["grant"] == grant)
            let status = try await Program.device.run(looking)
            #expect(status.status == .exited(0))
            for expected in ["gateway-os 2.4.0", "floor:        4", "grants spent: 1", "SN-0001", "until "] {
                #expect(status.output.contains(expected), "\(status.output)")
            }
        }
    }

    @Test func aRefusalEndsWithOneAndItsReasons() async throws {
        try await Bench.with { bench in
            try await bench.boot("sensor-os-1.7.0")
            let ended = try await bench.program("attest", ["--json"])
            #expect(ended.status == .exited(1), "\(ended)")
            #expect(ended.output.contains(#""reasons":["evidence-refused""#))
            #expect(ended.error.contains("error: "))
            #expect(ended.error.contains("hint: "))
        }
    }

    @Test(arguments: [
        ["update"], ["update", "--resume", "--package", "x"], ["update", "--package", "x"], ["attest", "--unknown"],
        ["run", "--unknown"],
        ["nonsense"],
        ["gate"], ["update", "--resume", "--install-timeout", "5"],
        ["update", "--package", "x", "--manifest", "x", "--install-command", ""],
        ["redeem", "x", "--package", "x", "--manifest", "x", "--install-command", " "],
    ])
    func wrongUsageEndsWithTwo(_ arguments: [String]) async throws {
        let ended = try await Program.device.run(arguments + ["--json"])
        #expect(ended.status == .exited(2), "\(ended)")
        #expect(ended.error.contains("Usage:"))
        let error = try #require(try ended.json["error"])
        #expect(!error.isEmpty && ended.error.hasPrefix("error: \(error)"), "\(ended)")
    }

    @Test func unreadableInputEndsWithTwo() async throws {
        try await Bench.with { bench in
            let directory = bench.device.directory
            try write(Array("no manifest".utf8), to: directory + "/bad.json")
            for (manifest, words) in [
                ("/nowhere", "does not exist"), (directory, "is a directory"),
                (directory + "/bad.json", "no signed release"),
            ] {
                let arguments = ["--package", bench.package, "--manifest", manifest, "--install-command", "true"]
                let ended = try await bench.program("update", arguments)
                #expect(ended.status == .exited(2), "\(ended)")
                #expect(ended.error.contains(words), "\(ended.error)")
            }
        }
    }

    @Test func aReleaseOfStrangersEndsWithOne() async throws {
        try await Bench.with { bench in
            var foreign = bench.release
            foreign.signatures = []
            let path = bench.device.directory + "/foreign.json"
            try write(CanonicalJSON.encode(foreign), to: path)
            let arguments = ["--package", bench.package, "--manifest", path, "--install-command", "true"]
            let ended = try await bench.program("update", arguments)
            #expect(ended.status == .exited(1), "\(ended)")
        }
    }

    @Test func aMissingEnvironmentEndsWithThree() async throws {
        try await Bench.with { bench in
            let without = ["--state", bench.state, "--trust", bench.device.directory + "/trust.json"]
            let noTPM = try await Program.device.run(["attest", "--tcti", "swtpm:path=/nowhere"] + without)
            #expect(noTPM.status == .exited(3), "\(noTPM)")
            #expect(noTPM.error.contains("--tcti"))

            var nowhere = bench.trust
            nowhere.url = "https://localhost:1"
            try write(EditedJSON.encode(nowhere), to: bench.state + "/trust.json")
            let noServer = try await Program.device.run(
                ["attest", "--state", bench.state, "--tcti", bench.device.tcti, "--event-log", bench.device.log]
            )
            #expect(noServer.status == .exited(3), "\(noServer)")
            #expect(noServer.error.contains("cannot be reached"))
        }
    }

    @Test func anEventLogThatWasNamedMustBeThere() async throws {
        try await Bench.with { bench in
            let ended = try await Program.device.run(
                [
                    "attest", "--state", bench.state, "--tcti", bench.device.tcti, "--event-log", "/nowhere",
                    "--trust", bench.device.directory + "/trust.json",
                ]
            )
            #expect(ended.status == .exited(2), "\(ended)")
            #expect(ended.error.contains("event log"))
        }
    }

    @Test(arguments: [[], ["attest"], ["run"], ["update"], ["confirm"], ["gate"], ["status"]])
    func everyCommandHelpsWithAnExample(_ command: [String]) async throws {
        let ended = try await Program.device.run(command + ["--help"])
        #expect(ended.status == .exited(0))
        #expect(
            ended.output.contains("birthmark-device " + (command.first ?? "update") + " ") || command == ["confirm"]
        )
        #expect(ended.error.isEmpty)
    }
}
