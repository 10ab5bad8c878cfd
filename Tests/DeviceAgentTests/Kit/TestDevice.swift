import Crypto
import FoundationEssentials
import Messages
import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

/// A software device with an attestation key, counters and a birth tag, as a factory line leaves one; not its certificates,
/// which no agent looks at.
struct TestDevice: Sendable {
    let software: SoftwareDevice
    let record: BirthRecord
    let directory: String

    var tcti: String { software.tcti }
    var log: String { software.logPath }

    /// What every device of these tests runs when it is born.
    static let bornRunning = "gateway-os-2.3.0"
    static let selection = PCRSet(bank: .sha256, pcrs: 0..<10)

    static func with<Result: Sendable>(
        floor: UInt64 = 3,
        _ body: (TestDevice) async throws -> Result
    ) async throws -> Result {
        try await withDirectory { directory in
            let software = try await SoftwareDevice.make(
                in: DeviceDirectory(directory + "/tpm"),
                ca: LocalCA(directory: directory + "/ca"),
                endorsementKeys: []
            )
            let outcome: Swift.Result<Result, any Error>
            do {
                try await software.boot(firmware: .named(bornRunning))
                let record = try await software.onTPM { tpm throws(TPMError) in try Birth(tpm, floor: floor) }
                let device = TestDevice(
                    software: software,
                    record: try #require(record.record),
                    directory: directory
                )
                outcome = .success(try await body(device))
            } catch {
                outcome = .failure(error)
            }
            try? await software.stop(orderly: false)
            return try outcome.get()
        }
    }

    /// The value of a counter above the base it was born with.
    func spent(_ counter: BornCounter) async throws -> UInt64 {
        let index = Handle(rawValue: counter.index)
        let value = try await software.onTPM { tpm throws(TPMError) -> UInt64? in
            guard let counter = try tpm.nvIndex(at: index) else { return nil }
            return try tpm.nvReadCounter(counter)
        }
        return try #require(value) - counter.base
    }

    /// What a boot of this firmware measures, learnt by booting it once; the device is left in the boot of its birth.
    func bootProfile(of firmware: String) async throws -> BootProfile {
        try await software.boot(firmware: .named(firmware))
        let pcrs = try await readPCRs()
        try await software.boot(firmware: .named(Self.bornRunning))
        return BootProfile(exact: pcrs, facts: BootFactRequirements())
    }

    func readPCRs() async throws -> PCRValues {
        let values = try await software.onTPM { tpm throws(TPMError) in try tpm.selectedPCRs() }
        return try #require(PCRValues(bank: .sha256, values: values))
    }
}

extension TPMConnection {
    func selectedPCRs() throws(TPMError) -> [Int: [UInt8]] {
        guard let selection = TPMSPCRSelection(bank: .sha256, pcrs: Set(0..<10)) else { return [:] }
        return try pcrRead(TPMLPCRSelection(selection)).banks[.sha256] ?? [:]
    }
}

/// What a factory line does to a TPM, as far as an agent can see it.
struct Birth: Sendable {
    let record: BirthRecord?

    init(_ tpm: TPMConnection, floor: UInt64) throws(TPMError) {
        let handle = Handle(rawValue: 0x8102_0001)
        let primary = try tpm.createPrimary(DeviceIdentityTemplate.eccP256.iak(), in: .endorsement)
        let iak = try tpm.persist(primary.object, at: handle)
        let shown = try tpm.readPublic(iak)
        let floorBase = try Self.counter(tpm, 0x01D1_0240)
        let counters = BornCounters(
            securityFloor: BornCounter(index: 0x01D1_0240, base: floorBase),
            grants: BornCounter(index: 0x01D1_0241, base: try Self.counter(tpm, 0x01D1_0241))
        )
        let key = BornKey(
            template: label("H-2"),
            handle: handle.rawValue,
            publicArea: Blob(shown.publicArea.bytes),
            name: HexBytes(shown.name.contents),
            qualifiedName: HexBytes(shown.qualifiedName.contents),
            certificate: nil
        )
        guard let selection = TestDevice.selection,
            let pcrs = PCRValues(bank: .sha256, values: try tpm.selectedPCRs())
        else {
            record = nil
            return
        }
        let nothing = Blob([])
        let record = BirthRecord(
            serial: label("SN-0001"),
            model: label("gateway"),
            hardwareRevision: label("B"),
            environment: label("lab"),
            tier: .vtpm,
            profile: label("p256"),
            bornAt: now,
            station: label("test-line"),
            bornWith: BornWith(name: label("gateway-os"), version: label("2.3.0"), securityVersion: floor),
            ek: key,
            iak: key,
            idevid: key,
            eccUniqueY: .empty,
            residency: Residency(
                enrolmentKey: nothing,
                iakCreation: nothing,
                iakSignature: nothing,
                idevidCreation: nothing,
                idevidSignature: nothing
            ),
            counters: counters,
            tpm: Messages.TPMIdentity(
                manufacturer: "IBM",
                vendor: "SW TPM",
                firmwareVersion: try tpm.identity().firmwareVersion
            ),
            selection: selection,
            firstBoot: FirstBoot(pcrs: pcrs, attest: nothing, signature: nothing, log: nil)
        )
        try Self.writeTag(tpm, of: record)
        self.record = record
    }

    /// Defines a counter and increments it once, so that it can be read; the value then means zero.
    static func counter(_ tpm: TPMConnection, _ number: UInt32) throws(TPMError) -> UInt64 {
        let index = try tpm.nvDefineSpace(
            TPMSNVPublic(
                nvIndex: Handle(rawValue: number),
                nameAlg: .sha256,
                attributes: [
                    .ownerRead, .authRead, .ownerWrite, .authWrite, .noDA, TPMANV.IndexType.counter.attribute,
                ],
                authPolicy: [],
                dataSize: 8
            )
        )
        try tpm.nvIncrement(index)
        return try tpm.nvReadCounter(index)
    }

    static func writeTag(_ tpm: TPMConnection, of record: BirthRecord) throws(TPMError) {
        let tag = BirthTag(
            instance: record.instance,
            serial: record.serial,
            counters: record.counters,
            selection: record.selection,
            iakHandle: record.iak.handle,
            profile: record.profile
        )
        guard let bytes = try? CanonicalJSON.encode(tag) else { return }
        let index = try tpm.nvDefineSpace(
            TPMSNVPublic(
                nvIndex: Handle(rawValue: BirthTag.defaultIndex),
                nameAlg: .sha256,
                attributes: [.ownerRead, .authRead, .ownerWrite, .authWrite, .noDA, .writeDefine],
                authPolicy: [],
                dataSize: UInt16(clamping: bytes.count)
            )
        )
        try tpm.nvWrite(bytes, to: index)
        try tpm.nvWriteLock(index)
    }
}

/// A label that the test itself knows to be one.
func label(_ text: String) -> Label {
    guard let label = Label(text) else { fatalError("\(text) is no label") }
    return label
}
