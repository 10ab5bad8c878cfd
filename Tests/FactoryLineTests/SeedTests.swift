import FactoryLine
import Messages
import SoftwareDevice
import TPMWire
import Testing

/// Devices that are made from the same seed are born with the same keys, wherever and whenever.
@Suite struct SeedTests {
    private func born(_ seed: UInt64, profile: String, _ kind: EndorsementKey) async throws -> [[UInt8]] {
        try await TestLine.with { line in
            let device = try await SoftwareDevice.make(
                in: DeviceDirectory(line.directory + "/seeded"),
                ca: line.ca,
                endorsementKeys: [kind],
                seed: DeviceSeed(seed)
            )
            try await device.start()
            let outcome = try await line.provision(device, profile: TestLine.profile(profile))
            try await device.stop(orderly: false)
            let record = try #require(outcome.record, "\(outcome.text)")
            return [record.ek, record.iak, record.idevid].map(\.publicArea.bytes)
        }
    }

    @Test(arguments: [("p256", EndorsementKey.p256), ("p384", .p256), ("rsa2048", .rsa2048)])
    func theSameSeedIsBornWithTheSameKeys(profile: String, kind: EndorsementKey) async throws {
        let first = try await born(7, profile: profile, kind)
        #expect(try await born(7, profile: profile, kind) == first)
        let other = try await born(8, profile: profile, kind)
        #expect(zip(first, other).allSatisfy { $0 != $1 })
    }
}
