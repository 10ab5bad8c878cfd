import Messages
import TPMDevice
import TPMWire

/// What the agent asks of the TPM.
struct DeviceTPM: Sendable {
    let tpm: TPM

    /// Runs `body` with the TPM open, and gives it back whatever happens: an installer may need it next.
    /// - Parameter tcti: as tpm2-tools spell it; nil for the search of tpm2-tools.
    static func with<Result: Sendable>(
        tcti: String?,
        _ body: (DeviceTPM) async throws(AgentError) -> Result
    ) async throws(AgentError) -> Result {
        let tpm: TPM
        do {
            tpm = try await openTPM(tcti: tcti)
        } catch {
            throw AgentError(error)
        }
        let outcome: Swift.Result<Result, AgentError>
        do throws(AgentError) {
            outcome = .success(try await body(DeviceTPM(tpm: tpm)))
        } catch {
            outcome = .failure(error)
        }
        await tpm.close()
        return try outcome.get()
    }

    func perform<Result: Sendable>(
        _ body: @Sendable (TPMConnection) throws(TPMError) -> Result
    ) async throws(AgentError) -> Result {
        do {
            return try await tpm.perform(body)
        } catch {
            throw AgentError(error)
        }
    }
}

extension AgentError {
    /// The TPM failed; its own text says what to do first.
    init(_ error: TPMError) {
        self.init(.environment, error.description, hint: error.hint)
    }

    /// What a birth has put into the TPM is not there.
    static func missing(_ what: String) -> AgentError {
        AgentError(
            .environment,
            "the TPM holds no \(what)",
            hint: "the TPM was cleared; bring the device back to the factory line, which makes the same key again"
        )
    }
}

/// Who this device is, as its TPM says.
struct BornInstance: Hashable, Sendable {
    /// What the factory wrote into NV.
    var tag: BirthTag
    /// TPMT_PUBLIC of the attestation key, exactly.
    var iakPublicArea: [UInt8]
}

extension DeviceTPM {
    /// Reads the birth tag, and holds it to the attestation key: a tag alone is only a claim.
    func bornInstance() async throws(AgentError) -> BornInstance {
        let tag = try await birthTag()
        let handle = Handle(rawValue: tag.iakHandle)
        let key = try await perform { connection throws(TPMError) -> PublicInformation? in
            guard let key = try connection.persistentObject(at: handle) else { return nil }
            return try connection.readPublic(key)
        }
        guard let key else {
            throw .missing("attestation key at \(handle)")
        }
        guard InstanceID(iakName: key.name.contents) == tag.instance else {
            throw AgentError(
                .environment,
                "the birth tag in NV names \(tag.instance), but the attestation key is another instance's",
                hint: "the tag or the key was replaced; bring the device back to the factory line"
            )
        }
        return BornInstance(tag: tag, iakPublicArea: key.publicArea.bytes)
    }

    /// Whether there is a birth tag, whatever it says.
    func hasBirthTag() async throws(AgentError) -> Bool {
        try await perform { connection throws(TPMError) in
            try connection.nvIndex(at: Handle(rawValue: BirthTag.defaultIndex)) != nil
        }
    }

    private func birthTag() async throws(AgentError) -> BirthTag {
        let bytes = try await perform { connection throws(TPMError) -> [UInt8]? in
            guard let index = try connection.nvIndex(at: Handle(rawValue: BirthTag.defaultIndex)) else { return nil }
            let size = Int(try connection.nvReadPublic(index).publicArea.dataSize)
            return try connection.nvRead(index, count: min(size, BirthTag.maximumSize))
        }
        guard let bytes else {
            throw AgentError(
                .environment,
                "the TPM holds no birth tag: this device was not born, or its TPM was cleared",
                hint: "run birthmark-factory provision on it; with several TPMs, name the right one with --tcti"
            )
        }
        do {
            return try BirthTag(parsing: bytes)
        } catch {
            throw AgentError(
                .environment,
                "the birth tag in the TPM cannot be read: \(error.detail)",
                hint: "it was replaced; bring the device back to the factory line"
            )
        }
    }
}
