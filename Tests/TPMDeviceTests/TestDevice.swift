import FoundationEssentials
import SoftwareDevice
import TPMDevice
import TPMWire

/// Runs a test with a device of its own, and leaves nothing behind.
func withDevice<Result: Sendable>(
    endorsementKeys: [EndorsementKey] = [],
    _ body: (SoftwareDevice) async throws -> Result
) async throws -> Result {
    let directory = "/tmp/tpmdevice-tests-\(UInt64.random(in: 0...UInt64.max))"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let ca = try LocalCA(directory: directory + "-ca")
    defer { try? FileManager.default.removeItem(atPath: directory + "-ca") }
    return try await SoftwareDevice.with(
        in: DeviceDirectory(directory),
        ca: ca,
        endorsementKeys: endorsementKeys,
        body
    )
}

/// Templates of the tests' own, so that they do not depend on the software that is tested against the TPM.
enum Templates {
    static let attestationKey = TPMTPublic(
        nameAlg: .sha256,
        objectAttributes: [
            .fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .restricted, .sign,
        ],
        parameters: .ecc(
            TPMSECCParms(symmetric: .null, scheme: .ecdsa(.sha256), curveID: .p256),
            unique: TPMSECCPoint(x: [], y: [])
        )
    )

    static let signingKey = TPMTPublic(
        nameAlg: .sha256,
        objectAttributes: [.fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .sign],
        parameters: .ecc(
            TPMSECCParms(symmetric: .null, scheme: .ecdsa(.sha256), curveID: .p256),
            unique: TPMSECCPoint(x: [], y: [])
        )
    )

    static let storageKey = TPMTPublic(
        nameAlg: .sha256,
        objectAttributes: [
            .fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .noDA, .restricted, .decrypt,
        ],
        parameters: .ecc(
            TPMSECCParms(symmetric: .aes128CFB, scheme: .null, curveID: .p256),
            unique: TPMSECCPoint(x: [], y: [])
        )
    )
}

/// A selection that the test itself knows to be well formed.
func selection(_ bank: AlgorithmID, _ pcrs: Set<Int>) throws -> TPMLPCRSelection {
    guard let selection = TPMSPCRSelection(bank: bank, pcrs: pcrs) else { throw TestFailure("bad selection") }
    return TPMLPCRSelection(selection)
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
