import Testing

/// Many devices at once, one verifier.
@Suite(.timeLimit(.minutes(20))) struct ParallelTests {
    @Test func threeDevicesLiveTheirLivesAtOnce() async throws {
        try await Fleet.with(["p256", "rsa2048", "p256"]) { fleet in
            try await withThrowingTaskGroup { group in
                for device in fleet.devices {
                    group.addTask {
                        try await expect(0, device.agent("attest"))
                        try await device.takeRelease()
                    }
                }
                try await group.waitForAll()
            }
            let copy = try await LedgerCopy(fleet.trust)
            for device in fleet.devices {
                let record = try await fleet.record(of: device)
                #expect(record["running.version"].text == "2.5.0")
                #expect(device.installs == 1)
                #expect(try await device.grantsSpent() == 1)
                #expect(device.grants.count == 1)
                for grant in device.grants { try copy.expectHolds(grantAt: grant) }
            }
            try await fleet.run(.auditor, ["ledger", "verify", "--trust", fleet.trust])
        }
    }
}
