import FoundationEssentials
import Messages
import SoftwareDevice
import Testing
import UpdateTrust

/// Devices whose kernel measures what it runs, from birth to the program that nobody allowed.
@Suite(.timeLimit(.minutes(20))) struct LinuxTests {
    /// A fleet of one device that measures files of its own, with a policy that allows some of them by digest.
    private static func with(
        _ allowed: [String],
        _ body: (Fleet, FleetDevice, Machine) async throws -> Void
    ) async throws {
        try await Fleet.with(["p256-ima"]) { fleet in
            let device = fleet.devices[0]
            let machine = Machine(directory: device.directory)
            try machine.install(["sh", "agent", "update"])
            try await machine.allow(allowed, in: fleet)
            try await body(fleet, device, machine)
        }
    }

    @Test func whatIsAllowedRunsAndOnlyWhatIsNewIsSent() async throws {
        try await Self.with(["sh", "agent"]) { fleet, device, machine in
            try await device.software.measure(files: machine.paths(["sh"]))
            try await expect(0, device.agent("attest", device.measuring))
            #expect(try await fleet.record(of: device)["imaEntries"].number == 2)
            #expect(try journal(of: device)["ima.offset"].number == size(of: device.software.directory.imaList))

            // A list cut off where the verifier has come to is one whose beginning it knows.
            let known = Int(try size(of: device.software.directory.imaList))
            try await device.software.measure(files: machine.paths(["agent"]))
            let list = try contents(of: device.software.directory.imaList)
            try write([UInt8](repeating: 0, count: known) + list[known...], to: machine.forged)
            try await expect(0, device.agent("attest", ["--ima-list", machine.forged]))
            #expect(try await fleet.record(of: device)["imaEntries"].number == 3)

            // An agent that lost its memory sends all, and so does one whose verifier judges by other rules.
            try FileManager.default.removeItem(atPath: device.journal)
            try await expect(0, device.agent("attest", device.measuring))
            try await machine.allow(["sh", "agent", "update"], in: fleet)
            try await device.software.measure(files: machine.paths(["update"]))
            try await expect(0, device.agent("attest", device.measuring))
            #expect(try await fleet.record(of: device)["imaEntries"].number == 4)

            // After a reboot there is another list.
            try await device.boot(Fleet.bornWith)
            try await device.software.measure(files: machine.paths(["agent"]))
            try await expect(0, device.agent("attest", device.measuring))
            #expect(try await fleet.record(of: device)["imaEntries"].number == 2)
        }
    }

    @Test func aProgramThatNobodyAllowedEndsTheLeaseAndIsNamed() async throws {
        try await Self.with(["sh", "agent"]) { fleet, device, machine in
            try await device.software.measure(files: machine.paths(["sh"]))
            try await expect(0, device.agent("attest", device.measuring))
            try await device.software.measure(files: machine.paths(["update"]))
            let refused = try await expect(1, device.agent("attest", device.measuring))
            #expect(try refused.json["reasons"].texts == ["evidence-refused", "ima-policy"])
            #expect(!refused.output.contains("sha256:"))
            #expect(try await fleet.record(of: device)["lifecycle"].text == "suspended")
            let explained = try await fleet.run(.auditor, ["device", "explain", device.serial] + fleet.asAlice)
            #expect(explained.output.contains("entry 2 \(machine.path("update")) sha256:"))

            // Reinstated, it is held to all that runs since the boot: the operator cannot look away by accident.
            try await fleet.act("reinstate", on: device, because: "the vendor says it is harmless")
            #expect(
                try await expect(1, device.agent("attest", device.measuring)).json["reasons"].texts.last == "ima-policy"
            )
            try await device.boot(Fleet.bornWith)
            try await device.software.measure(files: machine.paths(["sh"]))
            try await fleet.act("reinstate", on: device, because: "removed, and started anew")
            try await expect(0, device.agent("attest", device.measuring))
        }
    }

    @Test func aListThatWasCutOrChangedIsRefused() async throws {
        try await Self.with(["sh", "agent"]) { fleet, device, machine in
            try await device.software.measure(files: machine.paths(["sh", "update"]))
            let list = try contents(of: device.software.directory.imaList)
            try write(list.dropLast(100), to: machine.forged)
            let refused = try await expect(1, device.agent("attest", ["--ima-list", machine.forged]))
            #expect(try refused.json["reasons"].texts.first == "evidence-refused")
            #expect(try await fleet.record(of: device)["lifecycle"].text == "suspended")
        }
    }

    @Test func aPolicyThatSaysNothingOfTheListTrustsNothing() async throws {
        try await Fleet.with(["p256-ima"]) { fleet in
            let device = fleet.devices[0]
            try await device.software.measure(files: ["/bin/sh"])
            let refused = try await expect(1, device.agent("attest", device.measuring))
            #expect(try refused.json["reasons"].texts == ["ima-not-judged"])
            #expect(try await fleet.record(of: device)["lease"] == .null)
            #expect(try await fleet.record(of: device)["lifecycle"].text == "born")

            // Without a list there is nothing to send, and the message says where one would be.
            let missing = try await expect(2, device.agent("attest", ["--ima-list", device.directory + "/none"]))
            #expect(missing.error.contains("--ima-list"))
        }
    }

    private func journal(of device: FleetDevice) throws -> JSON {
        try JSONDecoder().decode(JSON.self, from: Data(contents(of: device.journal)))
    }

    private func size(of path: String) throws -> Int64 { Int64(try contents(of: path).count) }
}

/// The programs of a device that measures what it runs.
private struct Machine {
    let directory: String

    var forged: String { directory + "/forged.list" }
    func path(_ name: String) -> String { directory + "/bin-" + name }
    func paths(_ names: [String]) -> [String] { names.map(path) }

    func install(_ names: [String]) throws {
        for name in names { try write(Array("this is \(name)".utf8), to: path(name)) }
    }

    /// Has the verifier judge lists by these programs alone, from now on.
    func allow(_ names: [String], in fleet: Fleet) async throws {
        let digests = names.map { "\"sha256:\(ContentDigest(of: Array("this is \($0)".utf8)))\"" }
        var text = String(decoding: try contents(of: "Provisioning/policies/default.json"), as: UTF8.self)
        text.replace(#""secureBoot": "required""#, with: #""secureBoot": "required", "ima": "appliance""#)
        text.replace(
            #""rules":"#,
            with: #""ima": [{ "id": "appliance", "digests": [\#(digests.joined(separator: ", "))] }], "rules":"#
        )
        try write(text.utf8, to: fleet.place + "/policy.json")
        try await fleet.run(.auditor, ["policy", "check", fleet.place + "/policy.json"])
        try await fleet.restart()
    }
}
