import Messages
import UpdateTrust

extension Agent {
    /// Asks for a grant, and installs under it.
    func askAndInstall(
        _ release: VerifiedRelease,
        _ order: UpdateOrder,
        progress: (UInt64, UInt64) -> Void
    ) async throws(AgentError) -> UpdateOutcome {
        let spool = Spool(directory: state.spoolPath)
        let size = release.release.artifact.size
        // Before anything is asked: a grant's time must not run while a slow disk copies.
        try spool.admit(order.package, as: release.release.artifact) { progress($0, size) }
        try await withDevice { tpm, born, journal throws(AgentError) in
            let readings = try await tpm.readings(born.tag.counters)
            let question = Question(purpose: .update, package: release.reference, readings: readings)
            let answer = try await askAndRemember(question, tpm, born, journal) { request throws(AgentError) in
                try journal.change { journal in
                    journal.update = UpdateRecord(
                        request: Blob(request),
                        resetsAtRequest: readings.resets,
                        package: release.reference,
                        release: release.envelope,
                        installCommand: order.installCommand,
                        installSeconds: order.installSeconds
                    )
                }
            }
            try keep(answer.grant, journal)
        }
        return try await pass(release, resumed: false, progress: progress)
    }

    /// Continues under the grant that is kept; when that one is good no more and nothing was spent, asks for another.
    func goOn(
        _ release: VerifiedRelease,
        orElse order: UpdateOrder?,
        progress: (UInt64, UInt64) -> Void
    ) async throws(AgentError) -> UpdateOutcome {
        guard let order else { return try await pass(release, resumed: true, progress: progress) }
        let artifact = release.release.artifact
        try Spool(directory: state.spoolPath).admit(order.package, as: artifact) { progress($0, artifact.size) }
        try openJournal().change { $0.goOn(by: order) }
        do throws(AgentError) {
            return try await pass(release, resumed: true, progress: progress)
        } catch {
            guard error.kind == .refused, try openJournal().update?.step == .failed else { throw error }
            return try await askAndInstall(release, order, progress: progress)
        }
    }

    /// Keeps a grant before it is used.
    func keep(_ delivery: GrantDelivery?, _ journal: JournalKeeper) throws(AgentError) {
        let issuer = try trust.gate.issuer
        try state.keep(delivery, journal) { compact throws(JWSError) in
            try Grant.verify(compact, issuer: issuer, keys: trust.grantKeys).claims.jti
        }
    }

    /// Through the gate and to the end of the install command; the package is digested through the descriptor it reads.
    func pass(
        _ release: VerifiedRelease,
        resumed: Bool,
        progress: (UInt64, UInt64) -> Void
    ) async throws(AgentError) -> UpdateOutcome {
        let size = release.release.artifact.size
        let package = try Spool(directory: state.spoolPath).open(release.release.artifact) { progress($0, size) }
        let measured = MeasuredPackage(size: size, sha256: release.release.artifact.sha256)
        let (record, resets) = try await withDevice { tpm, born, journal throws(AgentError) in
            try await spend(release, measured, tpm, born, journal)
        }
        try await openJournal().install(
            package,
            of: release.release,
            by: record,
            hint: "the grant is spent; look at the installer's own words, then "
                + (record.isOffLine
                    ? "make a new request: birthmark-device request" : "run birthmark-device update again")
        ) { $0.resetsAtInstall = resets }
        return try UpdateOutcome(record, resumed: resumed)
    }

    /// The journal, where this run has read it before with the TPM beside it.
    func openJournal() throws(AgentError) -> JournalKeeper {
        guard let journal = try state.journal() else {
            throw AgentError(
                .environment,
                "\(state.journalPath) went away during the update",
                hint: "let nothing else write into \(state.path), and run birthmark-device update again"
            )
        }
        return JournalKeeper(state, again: journal)
    }

    /// Judges the kept grant, and spends the TPM's counter for it unless that was done before the run was cut off.
    private func spend(
        _ release: VerifiedRelease,
        _ measured: MeasuredPackage,
        _ tpm: DeviceTPM,
        _ born: BornInstance,
        _ journal: JournalKeeper
    ) async throws(AgentError) -> (UpdateRecord, UInt32) {
        guard let record = journal.update, let delivery = record.delivery else {
            throw AgentError(.environment, "the journal lost the grant", hint: "run birthmark-device update again")
        }
        let stored = GrantFile(request: record.request, delivery: delivery)
        let verdict = try await judge(stored, release: release.envelope, measured, tpm, born, beside: record)
        let opened: GatePass
        switch verdict {
        case .open(let pass): opened = pass
        case .shut(let reasons):
            try journal.fail(reasons.map(\.sentence).joined(separator: " "))
            throw AgentError(shut: reasons, for: record)
        }
        if opened.stage == .begin {
            let value = try await tpm.increment(born.tag.counters.grants)
            // Somebody else who spends the same counter at the same moment makes it jump by two: then neither installs.
            guard value == opened.grant.claims.bounds.counter.value &+ 1 else {
                try journal.fail(GateReason.alreadySpent.sentence)
                throw AgentError(shut: [.alreadySpent], for: record)
            }
        }
        if record.step == .granted { try journal.reach(.spent) }
        return (record, try await tpm.readings(born.tag.counters).resets)
    }
}
