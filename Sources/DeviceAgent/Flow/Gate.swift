import DurableFiles
public import Messages
public import UpdateTrust

extension Agent {
    /// Judges a grant and a package, and changes nothing.
    /// - Parameters:
    ///   - stored: the grant with the request that it answers.
    ///   - release: the signed release.
    ///   - package: the package's path.
    /// - Returns: the verdict; a shut gate is not an error.
    public func gate(
        _ stored: GrantFile,
        release: SignedEnvelope,
        package: String,
        progress: (UInt64) -> Void
    ) async throws(AgentError) -> GateVerdict {
        let measured = try PackageFile(opening: package).measure(progress: progress)
        return try await DeviceTPM.with(tcti: tcti) { tpm throws(AgentError) in
            let born = try await tpm.bornInstance()
            let update = try state.journal().flatMap { $0.isOf(born.tag) ? $0.update : nil }
            return try await judge(stored, release: release, measured, tpm, born, beside: update)
        }
    }

    func judge(
        _ stored: GrantFile,
        release: SignedEnvelope,
        _ measured: MeasuredPackage,
        _ tpm: DeviceTPM,
        _ born: BornInstance,
        beside update: UpdateRecord?
    ) async throws(AgentError) -> GateVerdict {
        let readings = try await tpm.readings(born.tag.counters)
        let input = GateInput(
            delivery: stored.delivery,
            request: stored.request.bytes,
            release: release,
            package: measured,
            instance: born.tag.instance,
            iakPublicArea: born.iakPublicArea,
            counters: born.tag.counters,
            readings: readings.forGate,
            wallClock: wallClock(),
            journalled: update?.grantToResume(resets: readings.resets)
        )
        return GateCheck.judge(input, trust: try trust.gate)
    }
}

extension UpdateRecord {
    /// Whether the counter may have been spent for this update's grant, and by nobody else.
    var isUnderInstall: Bool {
        switch step {
        case .granted, .spent, .installing: true
        case .requested, .installed, .confirmed, .failed: false
        }
    }

    /// The grant under which an install may go on although its counter is spent.
    ///
    /// An install that was begun is finished, whatever happened in between. Before that, only in the boot in which it was asked for:
    /// a journal out of an old backup would otherwise have its grant used a second time.
    func grantToResume(resets: UInt32) -> String? {
        step == .installing || (isUnderInstall && resets == resetsAtRequest) ? grant : nil
    }
}

extension AgentError {
    /// A gate that stays shut.
    init(shut reasons: [GateReason]) {
        self.init(
            .refused,
            "the gate stays shut: " + reasons.map(\.sentence).joined(separator: " "),
            hint: "nothing was installed; run birthmark-device update again to ask for a fresh grant",
            reasons: reasons.map(\.rawValue)
        )
    }
}
