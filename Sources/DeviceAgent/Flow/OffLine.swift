public import Messages
import TPMDevice
import UpdateTrust

/// A receipt as a file.
public struct ReceiptOutcome: Hashable, Sendable, Encodable {
    /// The package whose boot it shows.
    public var package: PackageReference
    /// The grant that it closes.
    public var grant: String
}

/// Evidence that travels as a file: made here, judged where the verifier is.
extension Agent {
    /// Makes a request for a package: the quote of this boot over it.
    ///
    /// Nothing of it is kept here. The grant that comes back brings the request along, and the TPM remembers what matters.
    /// - Parameters:
    ///   - envelope: the signed release of the package.
    ///   - freshness: the epoch, or the challenge that this device was given.
    public func request(
        _ envelope: SignedEnvelope,
        _ freshness: Freshness,
        _ lock: borrowing AgentLock
    ) async throws(AgentError) -> Evidence {
        let release = try VerifiedRelease(envelope, trust)
        return try await withDevice { tpm, born, _ throws(AgentError) in
            guard freshness.instance ?? born.tag.instance == born.tag.instance else {
                throw AgentError(
                    .refused,
                    "the challenge was given to another device",
                    hint: "take the file of this instance, \(born.tag.instance), or an epoch, which is for all",
                    reasons: ["other-instance"]
                )
            }
            let readings = try await tpm.readings(born.tag.counters)
            try checkFloorStep(to: release.release, from: readings.floor(born.tag.counters))
            let request = DecisionRequest(
                instance: born.tag.instance,
                purpose: .delayed,
                challenge: freshness.challenge,
                installation: try installationProof(born, freshness.challenge),
                package: release.reference,
                counters: try readings.counters
            )
            // An epoch is for all devices, so it cannot say which of them quote what Linux measures: PCR 10, by the birth tag.
            let isMeasuring =
                freshness.imaPCR != nil
                || (freshness.instance == nil && born.tag.selection.pcrs.contains(Self.linuxPCR))
            return try await evidence(for: request, tpm, born, resets: readings.resets, withList: isMeasuring)
        }
    }

    /// Makes the receipt of the update that was installed last and has booted.
    public func receipt(
        _ lock: borrowing AgentLock
    ) async throws(AgentError) -> (evidence: Evidence, outcome: ReceiptOutcome) {
        try await withDevice { tpm, born, journal throws(AgentError) in
            let readings = try await tpm.readings(born.tag.counters)
            let (record, grant) = try journal.confirmable { $0.resetsAtInstall == readings.resets }
            // Nobody knew the grant's name before it was given, so a quote over it is younger than the grant.
            let request = DecisionRequest(
                instance: born.tag.instance,
                purpose: .confirm,
                challenge: grant,
                installation: try installationProof(born, grant),
                grant: grant,
                counters: try readings.counters
            )
            let isMeasuring = born.tag.selection.pcrs.contains(Self.linuxPCR)
            let evidence = try await evidence(
                for: request,
                tpm,
                born,
                resets: readings.resets,
                withList: isMeasuring
            )
            return (evidence, ReceiptOutcome(package: record.package, grant: grant))
        }
    }

    /// Uses a grant that came as a file: judges it, spends it, installs.
    ///
    /// A grant that the gate does not open for leaves everything as it was; a run that was cut off is continued.
    public func redeem(
        _ file: GrantFile,
        _ order: UpdateOrder,
        _ lock: borrowing AgentLock,
        progress: (UInt64, UInt64) -> Void
    ) async throws(AgentError) -> UpdateOutcome {
        let release = try VerifiedRelease(order.release, trust)
        let grant: Grant
        do {
            grant = try Grant.verify(file.delivery.grant, issuer: try trust.gate.issuer, keys: trust.grantKeys)
        } catch let error as JWSError {
            throw AgentError(shut: [GateReason(error.code)])
        } catch let error as AgentError {
            throw error
        } catch {
            throw AgentError(.environment, String(describing: error))
        }
        let jti = grant.claims.jti
        let artifact = release.release.artifact
        // Before the package is taken in: it takes the place of one that an install under way is to be continued with.
        let start = try await withDevice { tpm, born, journal throws(AgentError) -> UpdateStart in
            let readings = try await tpm.readings(born.tag.counters)
            try checkFloorStep(to: release.release, from: readings.floor(born.tag.counters))
            if let record = journal.update {
                if record.grant == jti, record.package == release.reference {
                    if record.step == .installed, record.resetsAtInstall == readings.resets { return .done(record) }
                    if record.isUnderInstall { return .goOn }
                }
                try checkNothingIsUnderWay(record, resets: readings.resets)
            }
            // Before the journal forgets the update before: a grant that is good for nothing must not cost its confirmation.
            try await checkGate(file, release, tpm, born)
            return .ask
        }
        if case .done(let record) = start { return try UpdateOutcome(record, resumed: true) }
        try Spool(directory: state.spoolPath).admit(order.package, as: artifact) { progress($0, artifact.size) }
        var isResumed = true
        if case .ask = start {
            isResumed = false
            try await withDevice { tpm, born, journal throws(AgentError) in
                let readings = try await tpm.readings(born.tag.counters)
                // Taking a package in takes as long as a stick does, and the grant's time may be over by then.
                try await checkGate(file, release, tpm, born)
                try journal.change { journal in
                    journal.update = UpdateRecord(
                        request: file.request,
                        resetsAtRequest: readings.resets,
                        package: release.reference,
                        release: release.envelope,
                        installCommand: order.installCommand,
                        installSeconds: order.installSeconds
                    )
                }
                try keep(file.delivery, journal)
            }
        } else {
            try openJournal().change { $0.goOn(by: order) }
        }
        return try await pass(release, resumed: isResumed, progress: progress)
    }

    /// Refuses a grant that would not open the gate now for the very package that its release names.
    private func checkGate(
        _ file: GrantFile,
        _ release: VerifiedRelease,
        _ tpm: DeviceTPM,
        _ born: BornInstance
    ) async throws(AgentError) {
        let artifact = release.release.artifact
        let measured = MeasuredPackage(size: artifact.size, sha256: artifact.sha256)
        let verdict = try await judge(file, release: release.envelope, measured, tpm, born, beside: nil)
        if case .shut(let reasons) = verdict { throw AgentError(shutOffLine: reasons) }
    }

    /// The PCR that Linux extends with what it measures.
    private static let linuxPCR = 10

    func installationProof(_ born: BornInstance, _ challenge: String) throws(AgentError) -> InstallationProof {
        let key = try state.installationKey()
        do {
            return try InstallationProof(by: key, for: born.tag.instance, challenge: challenge)
        } catch { throw AgentError("the installation's key", error) }
    }

    private func evidence(
        for request: DecisionRequest,
        _ tpm: DeviceTPM,
        _ born: BornInstance,
        resets: UInt32,
        withList: Bool
    ) async throws(AgentError) -> Evidence {
        let log = try eventLog.read()
        let bytes: [UInt8]
        do {
            bytes = try request.bytes
        } catch {
            throw AgentError("the decision request", error)
        }
        let quoted = try await tpm.quote(
            born.tag.selection,
            with: born.tag.iakHandle,
            qualifyingData: DecisionRequest.qualifyingData(for: bytes)
        )
        // What the verifier holds nobody can ask here: the log and the whole list travel.
        return Evidence(
            request: Blob(bytes),
            attest: Blob(quoted.signed.attest),
            signature: Blob(quoted.signed.signature),
            pcrs: quoted.pcrs,
            log: log.map { ContentDigest(of: $0) },
            logBytes: log.map { Blob($0) },
            ima: withList ? try imaList(from: nil, resets: resets) : nil
        )
    }

    private func checkNothingIsUnderWay(_ record: UpdateRecord, resets: UInt32) throws(AgentError) {
        switch record.step {
        case .requested, .granted, .confirmed, .failed: return
        case .spent, .installing:
            throw AgentError(interrupted: record)
        case .installed:
            guard record.resetsAtInstall == resets else { return }
            throw AgentError(
                .refused,
                "\(record.package.name) \(record.package.version) is installed and was not booted yet",
                hint: "reboot, write its receipt with birthmark-device receipt, then install the next",
                reasons: ["not-rebooted"]
            )
        }
    }
}

extension AgentError {
    /// A gate that stays shut for the grant of an update, whichever way that came.
    init(shut reasons: [GateReason], for record: UpdateRecord) {
        if record.isOffLine { self.init(shutOffLine: reasons) } else { self.init(shut: reasons) }
    }

    /// A gate that stays shut for a grant that came as a file.
    init(shutOffLine reasons: [GateReason]) {
        self.init(shut: reasons)
        hint =
            reasons == [.notItsTurn]
            ? "nothing was installed: redeem the grants in the order of their requests"
            : "nothing was installed; a new grant takes a new request: birthmark-device request"
    }
}
