import FoundationEssentials
import Messages
import Testing

/// A device whose TPM does not serve any more, and whose disk is new as well: what it runs and below what it must not go, it is told.
@Suite(.timeLimit(.minutes(20))) struct FreshDiskTests {
    private static let policy = Sensors.policy(
        controls: #"{"releases":["gateway-os"],"approvals":0,"claims":false}"#,
        #"""
        ,{"id":"all","match":{"models":"*","hardwareRevisions":"*","environments":"*","tiers":["tpm","vtpm"],"packages":"*"},
        "moves":{"upgrade":true,"reinstall":true,"downgrade":false},"boot":{"requireLog":true,"secureBoot":"required"},
        "lease":{"seconds":3600},"grant":{"seconds":600}}
        """#
    )

    /// An agent's directory on a disk that is new.
    private struct Disk {
        let fleet: Fleet
        let state: String

        var request: String { state + ".request.json" }
        var lowered: String { state + ".lowered.json" }

        init(_ name: String, _ fleet: Fleet) {
            self.fleet = fleet
            state = "\(fleet.directory)/\(name)"
        }

        func agent(_ verb: String, _ more: [String] = []) async throws -> Program.Ended {
            let trust = verb == "attest" || verb == "update" ? ["--trust", fleet.trust] : []
            return try await Program.device.run(
                [verb, "--state", state, "--json"] + trust + more,
                in: fleet.transcript
            )
        }

        func lower(_ serial: String) async throws -> Program.Ended {
            try await expect(0, agent("enrol", ["--out", request]))
            let order = ["device", "lower-tier", serial, "--key", request, "--days", "7", "--out", lowered]
            return try await Program.auditor.run(
                order + ["--reason", "TPM dead, disk new"] + fleet.asAlice,
                in: fleet.transcript
            )
        }
    }

    @Test func aLoweredTierOnAFreshDisk() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            try write(Self.policy.utf8, to: fleet.place + "/policy.json")
            try await fleet.restart()
            try await device.takeRelease()

            let disk = Disk("fresh", fleet)
            try await expect(0, disk.lower(device.serial))
            try await expect(0, disk.agent("enrol", ["--accept", disk.lowered]))
            let status = try await expect(0, disk.agent("status")).json
            #expect(status["running.version"].text == "2.5.0" && status["securityFloor"].number == 8, "\(status)")
            let lease = try await expect(0, disk.agent("attest")).json
            #expect(lease["tier"].text == "compensated")
            let record = try await fleet.record(of: device)
            #expect(record["lifecycle"].text == "trusted" && record["running.version"].text == "2.5.0", "\(record)")
            #expect(record["tier"].text == "compensated" && record["securityFloor"].number == 8)
            // The TPM that was thought dead does not speak beside it.
            let both = try await expect(1, device.agent("attest")).json
            #expect(both["reasons"].texts == ["tier-lowered"])
            #expect(try await expect(0, device.agent("status")).json["leaseHolds"] == .truth(false))
        }
    }

    /// The new disk is lost as well: another key is named, in the place of the first and not beside it.
    @Test func aSecondFreshDiskTakesThePlaceOfTheFirst() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            try write(Self.policy.utf8, to: fleet.place + "/policy.json")
            try await fleet.restart()
            let (first, second) = (Disk("first", fleet), Disk("second", fleet))
            try await expect(0, first.lower(device.serial))
            try await expect(0, first.agent("enrol", ["--accept", first.lowered]))
            try await expect(0, first.agent("attest"))
            let refused = try await second.lower(device.serial)
            #expect(refused.code != 0 && refused.error.contains("raise it first"), "\(refused)")
            // What is for the first disk is nothing for the second.
            try await expect(1, second.agent("enrol", ["--accept", first.lowered]))
            try await fleet.act("raise-tier", on: device, because: "the disk is lost")
            try await expect(0, second.lower(device.serial))
            try await expect(0, second.agent("enrol", ["--accept", second.lowered]))
            try await expect(0, second.agent("attest"))
            // The lost disk turns up: its key was this device's, and speaks beside another. An operator says which of the two it is.
            let found = try await expect(1, first.agent("attest")).json
            #expect(found["reasons"].texts == ["forked"])
            #expect(try await fleet.record(of: device)["lifecycle"].text == "suspended")
            let settling = [
                "device", "settle-fork", device.serial, "--line", "known", "--reason", "that disk was lost",
            ]
            try await fleet.run(.auditor, settling + fleet.asAlice)
            try await expect(0, second.agent("attest"))
            #expect(try await first.agent("attest").code == 1)
        }
    }
}
