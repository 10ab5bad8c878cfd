import FoundationEssentials
import Messages
import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire

@testable import DeviceAgent

/// A device with all that a factory leaves in a TPM and an agent on a disk, made again as often as it is destroyed.
extension Bench {
    static let keyHandles: [UInt32] = [0x8102_0001, 0x8102_0000]
    static let certificates: [UInt32] = [0x01C9_0100, 0x01C9_0200]
    private static let indices = certificates + [0x01D1_0240, 0x01D1_0241, BirthTag.defaultIndex]
    private static let secret = "what an agent keeps"

    func bearAgain() async throws {
        let record = device.record
        try await device.software.onTPM { tpm throws(TPMError) in
            for number in Self.keyHandles {
                if let key = try tpm.persistentObject(at: Handle(rawValue: number)) { try tpm.evict(key) }
            }
            for number in Self.indices {
                if let index = try tpm.nvIndex(at: Handle(rawValue: number)) { try tpm.nvUndefineSpace(index) }
            }
            let templates = [DeviceIdentityTemplate.eccP256.iak(), DeviceIdentityTemplate.eccP256.idevid()]
            for (number, template) in zip(Self.keyHandles, templates) {
                let key = try tpm.createPrimary(template, in: .endorsement)
                _ = try tpm.persist(key.object, at: Handle(rawValue: number))
            }
            for number in Self.certificates { try Self.write(Array("certificate".utf8), at: number, tpm) }
            let tag = BirthTag(
                instance: record.instance,
                serial: record.serial,
                counters: BornCounters(
                    securityFloor: BornCounter(index: 0x01D1_0240, base: try Birth.counter(tpm, 0x01D1_0240)),
                    grants: BornCounter(index: 0x01D1_0241, base: try Birth.counter(tpm, 0x01D1_0241))
                ),
                selection: record.selection,
                iakHandle: Self.keyHandles[0],
                profile: record.profile,
                idevidHandle: Self.keyHandles[1],
                certificates: Self.certificates
            )
            guard let bytes = try? CanonicalJSON.encode(tag) else { return }
            try Self.write(bytes, at: BirthTag.defaultIndex, tpm)
        }
        try fillState()
    }

    private static func write(_ bytes: [UInt8], at number: UInt32, _ tpm: TPMConnection) throws(TPMError) {
        let index = try tpm.nvDefineSpace(
            TPMSNVPublic(
                nvIndex: Handle(rawValue: number),
                nameAlg: .sha256,
                attributes: [.ownerRead, .authRead, .ownerWrite, .noDA, .writeDefine],
                authPolicy: [],
                dataSize: UInt16(clamping: bytes.count)
            )
        )
        try tpm.nvWrite(bytes, to: index, as: .owner)
        try tpm.nvWriteLock(index, as: .owner)
    }

    private func fillState() throws {
        let state = try StateDirectory(state)
        try state.write(Journal(instance: device.record.instance))
        let trust = try Data(contentsOf: URL(filePath: device.directory + "/trust.json"))
        try state.write(Array(trust), to: state.trustPath)
        let grant = "/grants/\(Base64URL.encode([UInt8](repeating: 7, count: 16))).json"
        for name in ["/renewal.json", grant] { try state.write(Array(Self.secret.utf8), to: state.path + name) }
        let spooled = state.spoolPath + "/package"
        try? FileManager.default.removeItem(atPath: spooled)
        try state.write(Array(Self.secret.utf8), to: spooled)
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: spooled)
    }

    /// What is left of the birth in the TPM, and of the agent on the disk: handles, indices and paths.
    func remains() async throws -> [String] {
        let inTPM = try await device.software.onTPM { tpm throws(TPMError) in
            var found: [String] = []
            for number in Self.keyHandles {
                if try tpm.persistentObject(at: Handle(rawValue: number)) != nil { found.append("key \(number)") }
            }
            for number in Self.indices {
                if try tpm.nvIndex(at: Handle(rawValue: number)) != nil { found.append("index \(number)") }
            }
            return found
        }
        return try inTPM + StateDirectory(state).remains()
    }
}
