import FactoryLine
import Messages
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

/// A TPM whose instance was retired is born again, with real TPMs: another instance of the same endorsement key.
@Suite(.timeLimit(.minutes(20))) struct RebirthTests {
    private func order(_ serial: String, following instance: InstanceID) throws -> BirthOrder {
        var order = TestLine.order(serial)
        order.follows = Replacement(
            instance: instance,
            reason: try #require(Remark("refurbished")),
            by: TestLine.label("bob")
        )
        return order
    }

    /// What birthmark-device retire does to a TPM.
    private func removeIdentity(_ device: SoftwareDevice) async throws {
        let nv = try TestLine.profile().nv
        let indices = [nv.iakCertificate, nv.idevidCertificate, nv.securityFloor, nv.grants, nv.birthTag].map(\.handle)
        let keys = try TestLine.profile().keys
        let handles = [keys.iakHandle.handle, keys.idevidHandle.handle]
        try await device.onTPM { tpm throws(TPMError) in
            for handle in handles {
                if let key = try tpm.persistentObject(at: handle) { try tpm.evict(key) }
            }
            for handle in indices {
                if let index = try tpm.nvIndex(at: handle) { try tpm.nvUndefineSpace(index) }
            }
        }
    }

    @Test func anotherLifeHasOtherKeysAndSaysWhatItFollows() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { device in
                let first = try #require(try await line.provision(device).record)
                // As long as the old keys are there, the TPM is what it was.
                let next = try order("GW-0002", following: first.instance)
                #expect(try await line.provision(device, next).text == "born-elsewhere")
                try await removeIdentity(device)
                #expect(try await line.provision(device, TestLine.order("GW-0002")).text == "born-as-another")
                let second = try #require(try await line.provision(device, next).record)
                #expect(second.ek == first.ek)
                #expect(second.instance != first.instance)
                #expect(second.iak.name != first.iak.name && second.idevid.name != first.idevid.name)
                #expect(second.follows == next.follows && second.replaces == nil)
                #expect(try await line.provision(device, next).text == "already-born")
                #expect(try await line.provision(device).text != "born")

                // A clear takes the counters, and the same keys come back.
                try await device.onTPM { tpm throws(TPMError) in try tpm.clear() }
                guard case .restored(let restored, _) = try await line.provision(device, next, securityFloor: 3) else {
                    Issue.record("not restored")
                    return
                }
                #expect(restored.instance == second.instance)

                // And a third life behind it.
                try await removeIdentity(device)
                let last = try order("GW-0003", following: second.instance)
                let third = try #require(try await line.provision(device, last).record)
                #expect(Set([first.instance, second.instance, third.instance]).count == 3)
                #expect(try line.births().count == 3)
            }
        }
    }

    /// A station that never saw the TPM's first life.
    @Test func atAnotherStationUnderTheSameSerialNumber() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { device in
                let first = try #require(try await line.provision(device).record)
                try await removeIdentity(device)
                let other = try line.otherStation()
                let again = try order("GW-0001", following: first.instance)
                let second = try #require(try await line.provision(device, again, at: other).record)
                #expect(second.serial == first.serial && second.instance != first.instance)
            }
        }
    }

    /// The board of a second life can be swapped like any other.
    @Test func aBoardOfASecondLifeIsSwapped() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { device in
                let first = try #require(try await line.provision(device).record)
                try await removeIdentity(device)
                let next = try order("GW-0002", following: first.instance)
                let second = try #require(try await line.provision(device, next).record)
                let reason = try #require(Remark("the TPM does not answer"))
                let swapped = try line.station.rework(
                    TestLine.label("GW-0002"),
                    reason: reason,
                    by: TestLine.label("bob"),
                    now: TestLine.now
                )
                guard case .reworked(let rework) = swapped else {
                    Issue.record("\(swapped)")
                    return
                }
                #expect(rework.instance == second.instance)
                #expect(try await line.provision(device, next).text == "retired")
                try await line.withDevice("b") { board in
                    let third = try #require(try await line.provision(board, TestLine.order("GW-0002")).record)
                    #expect(third.replaces?.instance == second.instance && third.follows == nil)
                }
            }
        }
    }
}
