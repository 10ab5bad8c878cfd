import Messages
import SoftwareDevice
import Testing
import UpdateTrust

/// Devices that boot what nobody granted them.
@Suite(.timeLimit(.minutes(20))) struct TamperTests {
    @Test func everyTamperedBootEndsTheLease() async throws {
        let tampers = Tamper.allCases
        try await Fleet.with(tampers.map { _ in "p256" }) { fleet in
            try await withThrowingTaskGroup { group in
                for (device, tamper) in zip(fleet.devices, tampers) {
                    group.addTask { try await tampered(device, tamper, in: fleet) }
                }
                try await group.waitForAll()
            }
            let ledger = try await LedgerCopy(fleet.trust).statements()
            let ended = ledger.filter { entry in
                if case .lease(let lease) = entry.body { lease.event == .ended } else { false }
            }
            #expect(Set(ended.compactMap(\.instance)).count == tampers.count)
        }
    }

    private func tampered(_ device: FleetDevice, _ tamper: Tamper, in fleet: Fleet) async throws {
        let before = try await expect(0, device.agent("attest")).json
        try await device.boot(Fleet.bornWith, [tamper])
        let refused = try await device.agent("attest")
        try expect(1, refused)
        #expect(try refused.json["reasons"].texts == ["evidence-refused", "boot-unexpected"], "\(tamper)")
        // The operator finds the decision under the number that the device was told.
        let words = try #require(refused.error.firstRange(of: "ledger entry ").map { refused.error[$0.upperBound...] })
        let number = String(words.prefix { $0.isNumber })
        let shown = try await fleet.run(.auditor, ["ledger", "show", number, "--json"] + fleet.asAlice).json
        #expect(shown["entry.type"].text == "decision")
        let instance = try await fleet.record(of: device)["instance"].text
        #expect(shown["entry.instance"].text == instance && instance != nil)
        // Nobody is told what would have been right.
        let measured = try contents(of: device.fleet + "/boot.json")
        let right = String(decoding: measured, as: UTF8.self).split(separator: "\"").filter { $0.count == 64 }
        #expect(!right.isEmpty)
        for digest in right {
            #expect(!refused.output.contains(digest) && !refused.error.contains(digest))
        }
        let record = try await fleet.record(of: device)
        #expect(record["lifecycle"].text == "suspended")
        #expect(record["lease"] == .null)
        #expect(record["remark"].text?.isEmpty == false)
        let status = try await expect(0, device.agent("status")).json
        #expect(status["lease"] == .null)
        #expect(before["lease.id"].text != nil)

        // Healthy again it stays suspended: people have to look first.
        try await device.boot(Fleet.bornWith)
        #expect(try await expect(1, device.agent("attest")).json["reasons"].texts == ["suspended"])
        #expect(try await expect(1, device.update()).json["reasons"].texts == ["suspended"])
        #expect(device.installs == 0)
    }

    @Test func anOperatorReinstatesWithAReason() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            try await device.boot(Fleet.bornWith, [.kernel])
            try await expect(1, device.agent("attest"))
            try await device.boot(Fleet.bornWith)
            try await expect(1, device.agent("attest"))

            let wordless = ["device", "reinstate", device.serial] + fleet.asAlice
            try await expect(2, Program.auditor.run(wordless, in: fleet.transcript))
            try await fleet.act("reinstate", on: device, because: "reflashed in the shop")
            #expect(try await fleet.record(of: device)["lifecycle"].text == "born")
            try await expect(0, device.agent("attest"))
            #expect(try await fleet.record(of: device)["lifecycle"].text == "trusted")

            let acts = try await LedgerCopy(fleet.trust).statements().compactMap { entry -> OperatorEntry? in
                if case .act(let act) = entry.body { act } else { nil }
            }
            #expect(acts.map(\.act) == [.reinstate])
            #expect(acts.first?.reason.text == "reflashed in the shop")

            // Reinstating once does not excuse the next time.
            try await device.boot(Fleet.bornWith, [.cmdline])
            try await expect(1, device.agent("attest"))
            #expect(try await fleet.record(of: device)["lifecycle"].text == "suspended")
        }
    }

    @Test func theReleaseBeforeIsAFallBackOnceTheNextIsConfirmed() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            try await expect(0, device.update())
            // Before the confirmation the boot loader may fall back, and nobody is hurt.
            try await device.boot(Fleet.bornWith)
            #expect(try await expect(1, device.agent("confirm")).json["reasons"].texts == ["boot-not-as-granted"])
            #expect(try await fleet.record(of: device)["lifecycle"].text == "trusted")
            try await device.boot(Fleet.released)
            try await expect(0, device.agent("confirm"))

            try await device.boot(Fleet.bornWith)
            #expect(try await expect(0, device.agent("attest")).json["bootState"].text == "previous")
            var record = try await fleet.record(of: device)
            #expect(record["lifecycle"].text == "rescue")
            #expect(record["running.version"].text == "2.5.0")
            #expect(record["securityFloor"].number == 8)

            // The release before with another kernel is no fall back.
            try await device.boot(Fleet.bornWith, [.kernel])
            let rolled = try await expect(1, device.agent("attest")).json
            #expect(rolled["reasons"].texts == ["evidence-refused", "boot-unexpected"])
            record = try await fleet.record(of: device)
            #expect(record["lifecycle"].text == "suspended")
        }
    }
}
