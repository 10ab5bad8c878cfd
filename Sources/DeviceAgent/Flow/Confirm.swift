public import Messages

/// What a confirmation brought.
public struct ConfirmOutcome: Hashable, Sendable, Encodable {
    /// What runs now, as the verifier has on record.
    public var running: PackageReference
    /// The grant that is closed.
    public var grant: String
    /// The lease as it now is; absent when the confirmation was given before.
    public var lease: LeaseStatement?
}

extension Agent {
    /// Shows the verifier the boot that followed an install: the receipt.
    public func confirm(_ lock: borrowing AgentLock) async throws(AgentError) -> ConfirmOutcome {
        try await withNewestTrust { () async throws(AgentError) in try await confirm() }
    }

    private func confirm() async throws(AgentError) -> ConfirmOutcome {
        let outcome = try await withDevice { tpm, born, journal throws(AgentError) -> ConfirmOutcome in
            let readings = try await tpm.readings(born.tag.counters)
            let (record, jti) = try journal.confirmable { $0.resetsAtInstall == readings.resets }
            if record.step == .confirmed { return ConfirmOutcome(running: record.package, grant: jti, lease: nil) }
            let release = try VerifiedRelease(installedBy: record)
            let answer = try await confirming(
                Question(purpose: .confirm, grant: jti, readings: readings),
                tpm,
                born,
                journal
            )
            try journal.change { journal in
                journal.confirm(record, of: release.release)
                journal.floorTarget = release.release.securityVersion
            }
            try await settleFloor(tpm, born, journal)
            return ConfirmOutcome(running: record.package, grant: jti, lease: answer.lease)
        }
        Spool(directory: state.spoolPath).clear()
        return outcome
    }

    private func confirming(
        _ question: Question,
        _ tpm: DeviceTPM,
        _ born: BornInstance,
        _ journal: JournalKeeper
    ) async throws(AgentError) -> DecisionAnswer {
        do throws(AgentError) {
            return try await askAndRemember(question, tpm, born, journal)
        } catch {
            guard error.reasons.contains("boot-not-as-granted") else { throw error }
            // The boot loader may have fallen back; another boot may still show what was installed, so the grant is kept.
            try journal.fail("the device booted something else than what was installed")
            var failure = error
            failure.hint =
                "the boot fell back: boot what was installed and confirm again, or run birthmark-device update again"
            throw failure
        }
    }
}

extension JournalKeeper {
    /// The installed update that a boot can be shown for, or was shown for, and its grant.
    /// - Parameter isSameBoot: whether the device was not booted since an update's install.
    func confirmable(
        _ isSameBoot: (UpdateRecord) throws(AgentError) -> Bool
    ) throws(AgentError) -> (record: UpdateRecord, grant: String) {
        guard let record = update, let jti = record.grant, record.isConfirmable || record.step == .confirmed else {
            throw AgentError(
                .refused,
                "no installed update waits for its confirmation here",
                hint: "birthmark-device status says how far the last one came",
                reasons: ["nothing-to-confirm"]
            )
        }
        if record.step != .confirmed, try isSameBoot(record) {
            throw AgentError(
                .refused,
                "the device was not rebooted since the install",
                hint: "reboot it, then run the same command again",
                reasons: ["not-rebooted"]
            )
        }
        return (record, jti)
    }
}
