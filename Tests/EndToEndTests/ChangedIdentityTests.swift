import FoundationEssentials
import Messages
import SoftwareDevice
import Testing
import UpdateTrust

/// Disks that are written anew, TPMs that are copied or upgraded: each is noticed for what it is, and has its way back.
@Suite(.timeLimit(.minutes(20))) struct ChangedIdentityTests {
    @Test func aReimagedDeviceWaitsForAnOperator() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            let instance = try await expect(0, device.agent("attest")).json["instance"].text
            // An update replaces the system and keeps the state directory: the same installation.
            try await device.takeRelease()

            // The same TPM and the same release, on a disk that was written anew.
            let kept = fleet.directory + "/old-disk"
            try FileManager.default.moveItem(atPath: device.state, toPath: kept)
            #expect(try await expect(1, device.agent("attest")).json["reasons"].texts == ["reimaged"])
            var record = try await fleet.record(of: device)
            #expect(record["lifecycle"].text == "reimaged" && record["lease"] == .null)
            #expect(record["instance"].text == instance && record["running.version"].text == "2.5.0")
            #expect(record["remark"].text?.hasPrefix("it was reimaged, or lost its state directory") == true)
            #expect(try await expect(1, device.update()).json["reasons"].texts == ["reimaged"])
            #expect(try await expect(0, device.agent("status")).json["leaseHolds"] == .truth(false))
            #expect(try await fleet.endsOfLeases(of: instance).last == .reimaged)

            try await fleet.act("reinstate", on: device, because: "disk replaced in the shop, ticket 7")
            #expect(try await expect(0, device.agent("attest")).json["instance"].text == instance)
            try await expect(0, device.update())
            record = try await fleet.record(of: device)
            #expect(record["lifecycle"].text == "trusted" && record["instance"].text == instance)

            // The old disk comes back: that is another installation than the one that was accepted.
            try FileManager.default.removeItem(atPath: device.state)
            try FileManager.default.moveItem(atPath: kept, toPath: device.state)
            #expect(try await expect(1, device.agent("attest")).json["reasons"].texts == ["reimaged"])
        }
    }

    @Test func aDiskThatIsCopiedToAnotherDeviceIsOfNoUseThere() async throws {
        try await Fleet.with(["p256", "p256"]) { fleet in
            let (north, south) = (fleet.devices[0], fleet.devices[1])
            let instance = try await expect(0, north.agent("attest")).json["instance"].text
            try FileManager.default.copyItem(atPath: north.state, toPath: south.state)
            #expect(try await expect(1, south.agent("attest")).json["reasons"].texts == ["other-instance"])
            // With the installation key alone it is itself, and nobody else.
            try FileManager.default.removeItem(atPath: south.journal)
            let own = try await expect(0, south.agent("attest")).json["instance"].text
            #expect(own != nil && own != instance)
            try await expect(0, north.agent("attest"))
            #expect(try await fleet.record(of: north)["lifecycle"].text == "trusted")
            #expect(try await fleet.endsOfLeases(of: instance) == [])
        }
    }

    /// Of two copies of a software TPM neither is the genuine one; what shows is that they contradict each other.
    @Test func twoCopiesOfOneTPMContradictEachOther() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            let instance = try await expect(0, device.agent("attest")).json["instance"].text
            try await device.software.stop()
            let copy = try device.copied(to: fleet.directory + "/copy")
            try await device.boot(Fleet.bornWith)
            try await expect(0, device.agent("attest"))
            // Reset once more than the other one. When the copy's clock is behind, too, it is refused itself; else the other one is.
            try await copy.boot(Fleet.bornWith)
            try await copy.boot(Fleet.bornWith)
            _ = try await copy.agent("attest")
            try await expect(1, device.agent("attest"))
            #expect(try await expect(1, copy.agent("attest")).json["reasons"].texts == ["suspended"])
            #expect(try await fleet.record(of: device)["lifecycle"].text == "suspended")
            let cause = try #require(try await fleet.endsOfLeases(of: instance).last)
            #expect([.tpmClearedOrReplaced, .tpmClockWentBack].contains(cause))

            // As long as both ask, a reinstatement lasts until the next contradiction.
            try await fleet.act("reinstate", on: device, because: "believed to be a repair")
            _ = try await copy.agent("attest")
            _ = try await device.agent("attest")
            try await expect(1, copy.agent("attest"))

            // The way back: one of them is destroyed. A reinstatement takes the TPM as it was seen last; had that been the copy, the
            // other one's counters drop once more.
            try await copy.software.stop(orderly: false)
            try await fleet.act("reinstate", on: device, because: "the copy was destroyed, ticket 8")
            if try await device.agent("attest").code == 1 {
                try await fleet.act("reinstate", on: device, because: "seen last was the copy, ticket 8")
            }
            #expect(try await expect(0, device.agent("attest")).json["instance"].text == instance)
            #expect(try await fleet.record(of: device)["lifecycle"].text == "trusted")
        }
    }

    /// An earlier state of the TPM, out of a snapshot.
    @Test func aTPMOutOfASnapshotIsNoticed() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            try await device.software.stop()
            let snapshot = try device.copied(to: fleet.directory + "/snapshot", disk: false)
            try await device.boot(Fleet.bornWith)
            try await device.boot(Fleet.bornWith)
            let instance = try await expect(0, device.agent("attest")).json["instance"].text
            try await expect(0, device.update())
            let spent = try await device.grantsSpent()
            try await device.software.stop()

            // With the counters of then, a spent grant would be good again.
            try FileManager.default.copyItem(atPath: device.state, toPath: snapshot.state)
            try await snapshot.boot(Fleet.bornWith)
            #expect(try await snapshot.grantsSpent() == spent - 1)
            try await expect(1, snapshot.gate(try #require(snapshot.grants.first)))
            let refused = try await expect(1, snapshot.agent("attest")).json
            #expect(refused["reasons"].texts == ["evidence-refused", "tpm-cleared-or-replaced"])
            #expect(try await fleet.endsOfLeases(of: instance) == [.tpmClearedOrReplaced])
            try await snapshot.software.stop(orderly: false)
        }
    }

    @Test func otherTPMFirmwareWaitsForAnOperator() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            let instance = try await expect(0, device.agent("attest")).json["instance"].text
            let births = try BirthBundle(parsing: contents(of: fleet.births))
            let old = try BirthRecord(parsing: #require(births.births.first).payload.bytes).tpm.firmwareVersion
            try await device.software.stop()
            try device.upgradeTPM(from: old, to: 0x2026_0115_0016_3637)
            try await device.boot(Fleet.bornWith)

            let refused = try await expect(1, device.agent("attest")).json
            #expect(refused["reasons"].texts == ["evidence-refused", "tpm-firmware-changed"])
            let record = try await fleet.record(of: device)
            #expect(record["lifecycle"].text == "suspended" && record["lease"] == .null)
            #expect(record["remark"].text?.contains("TPM firmware 2026011500163637, before ") == true)
            #expect(try await fleet.endsOfLeases(of: instance).last == .tpmFirmwareChanged)

            try await fleet.act("reinstate", on: device, because: "TPM firmware upgraded in campaign 12")
            #expect(try await expect(0, device.agent("attest")).json["instance"].text == instance)
            try await expect(0, device.agent("attest"))
            // Going back to the firmware of birth is a change again.
            try await device.software.stop()
            try device.upgradeTPM(from: 0x2026_0115_0016_3637, to: old)
            try await device.boot(Fleet.bornWith)
            #expect(try await expect(1, device.agent("attest")).json["reasons"].texts.last == "tpm-firmware-changed")
        }
    }
}
