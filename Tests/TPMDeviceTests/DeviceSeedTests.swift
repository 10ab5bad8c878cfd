import Crypto
import FoundationEssentials
import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

/// Devices whose keys follow from a number.
@Suite struct DeviceSeedTests {
    /// SHA-256 of the endorsement key's public area of a new device, of an attestation key's, and of its authority's key.
    private func keys(_ seed: DeviceSeed?, _ kind: EndorsementKey) async throws -> [String] {
        let directory = "/tmp/tpmdevice-tests-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        let ca = try LocalCA(directory: directory + "/ca", seed: seed)
        let device = try await SoftwareDevice.make(
            in: DeviceDirectory(directory + "/d"),
            ca: ca,
            endorsementKeys: [kind],
            seed: seed
        )
        try await device.start()
        let areas = try await device.onTPM { connection throws(TPMError) in
            [
                try connection.createPrimary(kind.template.area, in: .endorsement).object.publicArea,
                try connection.createPrimary(Templates.attestationKey, in: .endorsement).object.publicArea,
            ]
        }
        try await device.stop(orderly: false)
        let root = try Data(contentsOf: URL(filePath: directory + "/ca/root-key.pem"))
        return areas.map { Self.digest($0.bytes) } + [Self.digest([UInt8](root))]
    }

    private static func digest(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count < 2 ? "0" + digits : digits
        }.joined()
    }

    @Test func theSameSeedIsTheSameDevice() async throws {
        let one = try await keys(DeviceSeed(7), .p256)
        #expect(try await keys(DeviceSeed(7), .p256) == one)
        let other = try await keys(DeviceSeed(8), .p256)
        let none = try await keys(nil, .p256)
        for (index, key) in one.enumerated() { #expect(key != other[index] && key != none[index]) }
    }

    /// What seed 1 makes, on every machine with the TPM library of Debian 12; another library may derive keys otherwise, and
    /// then this says so.
    @Test(arguments: [
        (EndorsementKey.p256, "bba8fdcfd26b99ca28722fdb9b0a71b160cdecad436f4093ad76d0c6d586d0d4"),
        (.p384, "48f6f247839dc6ea1f22423a241b2b1c99a08528e14a9f6770c42b9c4dbc1356"),
        (.rsa2048, "041a0f6929822991a440db1cb2861d95c5bf9a4c1a1048955238f2deb8ecd575"),
    ])
    func seedOneIsTheSameEverywhere(kind: EndorsementKey, expected: String) async throws {
        #expect(try await keys(DeviceSeed(1), kind).first == expected)
    }
}
