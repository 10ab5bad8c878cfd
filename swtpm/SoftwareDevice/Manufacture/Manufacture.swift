import DurableFiles
import FoundationEssentials
import TPMCrypto
import TPMDevice
public import TPMWire

extension SoftwareDevice {
    /// Makes a device: a fresh TPM with certified endorsement keys, without power yet.
    ///
    /// - Parameters:
    ///   - directory: Must not hold a finished device; its path is at most 97 bytes, for the socket in it.
    ///   - endorsementKeys: Which keys get certificates, in NV as makers put them. An RSA key costs 30 ms more.
    ///   - banks: The PCR banks of the TPM.
    ///   - seed: what the TPM's keys follow from; without it nobody can foresee them.
    public static func make(
        in directory: DeviceDirectory,
        ca: LocalCA,
        endorsementKeys: [EndorsementKey] = [.p256],
        banks: [AlgorithmID] = [.sha1, .sha256, .sha384],
        seed: DeviceSeed? = nil
    ) async throws -> SoftwareDevice {
        try prepare(directory)
        guard let lock = try locked(directory) else {
            throw SoftwareDeviceError(
                .environment,
                "another birthmark-swtpm makes \(directory.path)",
                hint: "wait for it"
            )
        }
        defer { lock.release() }
        try makeState(of: directory)
        let device = SoftwareDevice(unfinished: directory)
        if let seed { try await device.follow(seed) }
        try await device.start()
        let identity = try await device.manufacture(ca: ca, endorsementKeys: endorsementKeys, banks: banks)
        try await device.stop()
        try FinishedDevice(
            manufacturer: identity.manufacturer,
            firmwareVersion: identity.firmwareVersion,
            endorsementKeys: endorsementKeys,
            banks: banks.map(\.description),
            seed: seed
        ).write(to: directory)
        return device
    }

    /// Makes a device that has power for as long as `body` runs.
    public static func with<Result: Sendable>(
        in directory: DeviceDirectory,
        ca: LocalCA,
        endorsementKeys: [EndorsementKey],
        _ body: (SoftwareDevice) async throws -> Result
    ) async throws -> Result {
        let device = try await make(in: directory, ca: ca, endorsementKeys: endorsementKeys)
        try await device.start()
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await body(device))
        } catch {
            outcome = .failure(error)
        }
        try? await device.stop(orderly: false)
        return try outcome.get()
    }

    private static func prepare(_ directory: DeviceDirectory) throws {
        guard directory.controlSocket.utf8.count <= DeviceDirectory.socketPathMaximum else {
            throw SoftwareDeviceError(
                .input,
                "\(directory.controlSocket) is too long for a socket (\(DeviceDirectory.socketPathMaximum) bytes)",
                hint: "choose a directory with a shorter path"
            )
        }
        do throws(FileError) {
            if !FileManager.default.fileExists(atPath: directory.path) { try PrivateDirectory.make(directory.path) }
        } catch {
            throw SoftwareDeviceError(error)
        }
    }

    /// The right to make the device; `nil` while another process has it.
    private static func locked(_ directory: DeviceDirectory) throws(SoftwareDeviceError) -> FileLock? {
        do throws(FileError) {
            return try FileLock.trying(directory.lock)
        } catch {
            throw SoftwareDeviceError(error)
        }
    }

    private static func makeState(of directory: DeviceDirectory) throws(SoftwareDeviceError) {
        guard !FileManager.default.fileExists(atPath: directory.deviceFile) else {
            throw SoftwareDeviceError(
                .input,
                "\(directory.path) holds a device already",
                hint: "remove it or choose another"
            )
        }
        // What a killed `make` left would be a TPM of unknown history.
        try? FileManager.default.removeItem(atPath: directory.state)
        do throws(FileError) {
            try PrivateDirectory.make(directory.state)
        } catch {
            throw SoftwareDeviceError(error)
        }
    }

    /// Has a fresh TPM, which has no power, made its secrets from a seed instead of those that it drew.
    private func follow(_ seed: DeviceSeed) async throws {
        // The first start makes the state.
        try await start()
        try await stop()
        let file = "\(directory.state)/\(PermanentState.file)"
        do {
            guard var state = PermanentState(try BoundedFile.read(file, limit: PermanentState.maximumSize)) else {
                throw SoftwareDeviceError(
                    .environment,
                    "this swtpm keeps the state of a TPM in a form that is not known here",
                    hint: "make the device without a seed"
                )
            }
            state.follow(seed)
            try AtomicFile.write(state.bytes, to: file)
        } catch let error as FileError {
            throw SoftwareDeviceError(error)
        }
    }

    /// What a TPM maker does, with the platform's authorization, which is empty until firmware changes it.
    private func manufacture(
        ca: LocalCA,
        endorsementKeys: [EndorsementKey],
        banks: [AlgorithmID]
    ) async throws -> TPMIdentity {
        let tpm = try await openTPM(tcti: tcti)
        let identity = try await tpm.perform { connection throws(TPMError) in try connection.identity() }
        for kind in endorsementKeys {
            let key = try await tpm.perform { connection throws(TPMError) in
                try connection.createPrimary(kind.template.area, in: .endorsement).object.publicArea
            }
            let certificate = try ca.certify(key, of: identity)
            try await tpm.perform { connection throws(TPMError) in
                try connection.store(certificate, at: kind.certificateIndex)
            }
        }
        let allocated = try await tpm.perform { connection throws(TPMError) in
            try connection.allocate(banks)
        }
        await tpm.close()
        guard allocated else {
            throw SoftwareDeviceError(.input, "this swtpm does not have all of the PCR banks \(banks)")
        }
        return identity
    }
}

extension TPMConnection {
    fileprivate func store(_ certificate: [UInt8], at handle: Handle) throws(TPMError) {
        let area = TPMSNVPublic(
            nvIndex: handle,
            nameAlg: .sha256,
            attributes: [.ppWrite, .ppRead, .ownerRead, .authRead, .noDA, .platformCreate],
            dataSize: UInt16(clamping: certificate.count)
        )
        let index = try nvDefineSpace(area, by: .platform)
        try nvWrite(certificate, to: index, as: .platform)
    }

    /// Gives the TPM exactly the named banks, from its next reset on.
    fileprivate func allocate(_ banks: [AlgorithmID]) throws(TPMError) -> Bool {
        let all = Set(0..<24)
        let present = try pcrBanks().selections.map(\.hash)
        guard Set(banks).isSubset(of: present) else { return false }
        let wanted = present.compactMap { TPMSPCRSelection(bank: $0, pcrs: banks.contains($0) ? all : []) }
        guard let selection = TPMLPCRSelection(wanted) else { return false }
        return try pcrAllocate(selection)
    }
}
