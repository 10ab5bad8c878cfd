import Messages
import UpdateTrust

extension CompensatedAgent {
    /// The whole update up to the reboot: asks for a grant, judges it, installs.
    ///
    /// A run that was cut off anywhere is continued, when it was for the same release.
    /// - Parameter progress: is told bytes done and bytes in all while the package is copied and digested.
    func update(
        _ order: UpdateOrder,
        _ lock: borrowing AgentLock,
        progress: (UInt64, UInt64) -> Void
    ) async throws(AgentError) -> UpdateOutcome {
        try await withNewestTrust { () async throws(AgentError) in try await update(order, progress: progress) }
    }

    private func update(
        _ order: UpdateOrder,
        progress: (UInt64, UInt64) -> Void
    ) async throws(AgentError) -> UpdateOutcome {
        let release = try VerifiedRelease(order.release, trust)
        let artifact = release.release.artifact
        let (identity, journal) = try await opened()
        // An install of which nobody could say whether it was booted is not begun.
        let boot = try bootID.current
        let isSameBoot = journal.update.map { !$0.isBooted(in: boot) } ?? false
        let start = try UpdateStart(of: release.reference, after: journal.update, isSameBoot: isSameBoot)
        if case .done(let record) = start { return try UpdateOutcome(record, resumed: true) }
        // Before anything is asked: a grant's time must not run while a slow disk copies.
        try Spool(directory: state.spoolPath).admit(order.package, as: artifact) { progress($0, artifact.size) }
        if case .goOn = start {
            try journal.change { $0.goOn(by: order) }
            do throws(AgentError) {
                return try await pass(release, identity, journal, in: boot, resumed: true, progress: progress)
            } catch {
                // The grant that is kept is good no more.
                guard error.kind == .refused, journal.update?.step == .failed else { throw error }
            }
        }
        let sending = { (request: [UInt8]) throws(AgentError) in
            try journal.change { journal in
                journal.update = UpdateRecord(
                    request: Blob(request),
                    resetsAtRequest: 0,
                    package: release.reference,
                    release: release.envelope,
                    installCommand: order.installCommand,
                    installSeconds: order.installSeconds
                )
            }
        }
        _ = try await ask(
            .update,
            package: release.reference,
            witnessCode: order.witnessCode ?? journal.witnessCode(asking: release.reference),
            identity,
            journal,
            beforeSending: sending
        ) { answer throws(AgentError) in try keep(answer.grant, journal) }
        return try await pass(release, identity, journal, in: boot, resumed: false, progress: progress)
    }

    /// Continues the update that an earlier run began, with the package and the command of that run.
    func resume(
        _ lock: borrowing AgentLock,
        progress: (UInt64, UInt64) -> Void
    ) async throws(AgentError) -> UpdateOutcome {
        let record = try state.resumableUpdate()
        if record.step == .installed { return try UpdateOutcome(record, resumed: true) }
        let (identity, journal) = try await opened()
        let release = try VerifiedRelease(record.release, trust)
        let boot = try bootID.current
        return try await pass(release, identity, journal, in: boot, resumed: true, progress: progress)
    }

    /// Keeps a grant before it is used.
    private func keep(_ delivery: GrantDelivery?, _ journal: JournalKeeper) throws(AgentError) {
        let issuer = try trust.gate.issuer
        try state.keep(delivery, journal) { compact throws(JWSError) in
            try CompensatedGrant.verify(compact, issuer: issuer, keys: trust.grantKeys).claims.jti
        }
    }

    /// Through the gate and to the end of the install command; the package is digested through the descriptor it reads.
    private func pass(
        _ release: VerifiedRelease,
        _ identity: IdentityKeeper,
        _ journal: JournalKeeper,
        in boot: String,
        resumed: Bool,
        progress: (UInt64, UInt64) -> Void
    ) async throws(AgentError) -> UpdateOutcome {
        guard let record = journal.update, let delivery = record.delivery else {
            throw AgentError(.environment, "the journal lost the grant", hint: "run birthmark-device update again")
        }
        let artifact = release.release.artifact
        let package = try Spool(directory: state.spoolPath).open(artifact) { progress($0, artifact.size) }
        let verdict = try judge(
            GrantFile(request: record.request, delivery: delivery),
            release: record.release,
            MeasuredPackage(size: artifact.size, sha256: artifact.sha256),
            identity,
            journal
        )
        if case .shut(let reasons) = verdict {
            try journal.fail(reasons.map(\.sentence).joined(separator: " "))
            throw AgentError(shut: reasons)
        }
        try await journal.install(
            package,
            of: release.release,
            by: record,
            hint: "look at the installer's own words, then run birthmark-device update again"
        ) { $0.bootAtInstall = boot }
        return try UpdateOutcome(record, resumed: resumed)
    }
}

extension JournalKeeper {
    /// What was typed for a request that was cut off before its answer came: it is asked with again.
    fileprivate func witnessCode(asking package: PackageReference) -> WitnessCode? {
        guard let update, update.step == .requested, update.package == package else { return nil }
        return try? CompensatedRequest(parsing: update.request.bytes).witness
    }
}
