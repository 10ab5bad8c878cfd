import FactoryLine
import Foundation
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

/// Two stations, each with a directory of its own, are given one device at the same time.
@Suite(.timeLimit(.minutes(20))) struct TwoStationsTests {
    private func arguments(_ station: Station, _ serial: String, _ device: SoftwareDevice) -> [String] {
        FactoryProcess.provision(station, device, serial: serial) + ["--json"]
    }

    /// Whoever comes first has it: never two births of one TPM, and never a device that nobody can finish.
    ///
    /// Whoever speaks to swtpm connects to it for each command, so that commands of both mix, and one can have the other's key kept: a
    /// device without a resource manager admits one at a time, and a resource manager keeps their objects apart. Then nobody
    /// gives birth, and what is told to be done helps.
    @Test(arguments: [0, 5, 15, 40, 80])
    func aDeviceIsBornOnce(headStart: Int) async throws {
        try await TestLine.with { line in
            let other = try line.otherStation()
            try await line.withDevice { device in
                async let first = FactoryProcess.run(arguments(line.station, "GW-0001", device))
                try await Task.sleep(for: .milliseconds(headStart))
                async let second = FactoryProcess.run(arguments(other, "GW-0002", device))
                let ended = try await [first, second]
                let atOnce = try line.births().count + line.births(at: other).count
                #expect(atOnce <= 1, "\(ended.map(\.output)) \(ended.map(\.errors))")
                // Each tries again, alone.
                func tryAgain() async throws -> [FactoryProcess.Ended] {
                    [
                        try await FactoryProcess.run(arguments(line.station, "GW-0001", device)),
                        try await FactoryProcess.run(arguments(other, "GW-0002", device)),
                    ]
                }
                var again = try await tryAgain()
                let profile = try TestLine.profile()
                let handles = [profile.endorsementKey.handle, profile.keys.iakHandle, profile.keys.idevidHandle]
                // One key after the other may be told of.
                for _ in handles where again.allSatisfy({ $0.output.contains("handle-taken") }) {
                    let told = handles.map(\.handle).filter { handle in
                        again.contains { $0.output.contains("tpm2_evictcontrol -c \(handle)") }
                    }
                    try await device.onTPM { tpm throws(TPMError) in
                        for handle in told {
                            if let key = try tpm.persistentObject(at: handle) { try tpm.evict(key) }
                        }
                    }
                    again = try await tryAgain()
                }
                let births = try line.births().count + line.births(at: other).count
                let told = again.map { "\($0.status) \($0.output)" }
                #expect(births == 1, "\(ended.map { "\($0.status) \($0.output)" }) \(told)")
                #expect(again.map(\.status).sorted() == [0, 1], "\(told)")
            }
        }
    }

    /// An index for a certificate as another station has begun it.
    private func begin(_ handle: Handle, on device: SoftwareDevice) async throws {
        try await device.onTPM { tpm throws(TPMError) in
            let area = TPMSNVPublic(
                nvIndex: handle,
                nameAlg: .sha256,
                attributes: [.ownerWrite, .ownerRead, .authRead, .noDA, .writeDefine],
                dataSize: 8
            )
            try tpm.nvWrite(Self.begun, to: tpm.nvDefineSpace(area), as: .owner)
        }
    }

    private static let begun: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

    /// Each would write over the other: who comes second lets the first one finish, and then finds the TPM taken.
    @Test func whatAnotherStationIsWritingIsLeftToIt() async throws {
        let handle = try TestLine.profile().nv.iakCertificate.handle
        try await TestLine.with { line in
            try await line.withDevice { device in
                try await begin(handle, on: device)
                async let second = line.provision(device).text
                try await Task.sleep(for: .seconds(1))
                try await device.onTPM { tpm throws(TPMError) in
                    guard let index = try tpm.nvIndex(at: handle) else { return }
                    try tpm.nvWriteLock(index, as: .owner)
                }
                #expect(try await second == "index-taken")
                #expect(try await TPMContents.of(device).nv[handle] == Self.begun)
            }
        }
    }

    /// Another station that was interrupted, and goes on no more, leaves a device that can be born all the same.
    @Test func whatAnotherStationHasLeftIsWrittenAnew() async throws {
        let handle = try TestLine.profile().nv.iakCertificate.handle
        try await TestLine.with { line in
            try await line.withDevice { device in
                try await begin(handle, on: device)
                #expect(try await line.provision(device).text == "born")
                #expect(try await TPMContents.of(device).nv[handle] != Self.begun)
            }
        }
    }
}
