public import Messages
import UpdateTrust

/// What an attestation of a device without a TPM brought.
public struct CompensatedOutcome: Hashable, Sendable, Encodable {
    /// The instance.
    public var instance: InstanceID
    /// The lease as it now is.
    public var lease: LeaseStatement
    /// The policy rule that decided.
    public var rule: String
    /// How many keys were committed before the current one.
    public var position: Int64
    /// What was required beyond the signature, and what met it.
    public var controls: [ControlReport]
    /// The attestation result for relying parties (an EAR as a JWT), when it was asked for.
    public var ear: String?
}

extension CompensatedAgent {
    /// Asks once: the lease is renewed, or the refusal says why not.
    public func attest(
        _ lock: borrowing AgentLock,
        wantsResult: Bool = false
    ) async throws(AgentError) -> CompensatedOutcome {
        let (identity, _) = try identity()
        let answer = try await ask(.attest, wantsResult: wantsResult, try journal(identity))
        return CompensatedOutcome(
            instance: identity.instance,
            lease: answer.lease,
            rule: answer.rule,
            position: answer.position,
            controls: answer.controls,
            ear: answer.ear
        )
    }

    /// The whole update up to the reboot: asks for a grant, judges it, installs.
    ///
    /// A run that was cut off anywhere is continued, when it was for the same release.
    public func update(
        _ order: UpdateOrder,
        _ lock: borrowing AgentLock,
        progress: (UInt64, UInt64) -> Void
    ) async throws(AgentError) -> UpdateOutcome {
        let release = try VerifiedRelease(order.release, trust)
        let artifact = release.release.artifact
        let (identity, bornWith) = try identity()
        let journal = try journal(identity)
        if let record = journal.update, record.package == release.reference {
            switch record.step {
            case .installed where record.bootAtInstall == BootID.current:
                return try UpdateOutcome(record, resumed: true)
            case .granted, .spent, .installing:
                do throws(AgentError) {
                    return try await pass(release, bornWith, journal, resumed: true, progress: progress)
                } catch {
                    guard error.kind == .refused, journal.update?.step == .failed else { throw error }
                }
            case .requested, .installed, .confirmed, .failed: break
            }
        } else if let record = journal.update, record.step == .installing {
            throw AgentError(
                .refused,
                "the install of \(record.package.name) \(record.package.version) was interrupted",
                hint: "finish it first: birthmark-device update with its package and manifest",
                reasons: ["install-interrupted"]
            )
        }
        // Before anything is asked: a grant's time must not run while a slow disk copies.
        try Spool(directory: state.spoolPath).admit(order.package, as: artifact) { progress($0, artifact.size) }
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
        _ = try await ask(.update, package: release.reference, journal, beforeSending: sending) {
            answer throws(AgentError) in try keep(answer.grant, journal)
        }
        return try await pass(release, bornWith, journal, resumed: false, progress: progress)
    }

    /// Keeps a grant before it is used: its file for provenance, the journal to go on from.
    private func keep(_ delivery: GrantDelivery?, _ journal: JournalKeeper) throws(AgentError) {
        guard let delivery, let request = journal.update?.request else {
            throw AgentError(
                .environment,
                "the verifier accepted the request and gave no grant",
                hint: "check that both sides are of fitting versions; nothing was installed"
            )
        }
        let grant: CompensatedGrant
        do {
            grant = try CompensatedGrant.verify(
                delivery.grant,
                issuer: try gateTrust.issuer,
                keys: trust.grantKeys
            )
        } catch let error as GrantError {
            try journal.fail("the verifier's grant is none: \(error)")
            throw AgentError(shut: [GateReason(error.code)])
        } catch {
            throw error as? AgentError ?? AgentError(.environment, "\(error)")
        }
        try state.keep(GrantFile(request: request, delivery: delivery), as: grant.claims.jti)
        try journal.reach(.granted) { update in
            update.grant = grant.claims.jti
            update.delivery = delivery
        }
    }

    private var gateTrust: GateTrust {
        get throws(AgentError) {
            do {
                return try GateTrust(trust)
            } catch {
                throw AgentError("the trust bundle", error)
            }
        }
    }

    /// Through the gate and to the end of the install command.
    private func pass(
        _ release: VerifiedRelease,
        _ bornWith: BornWith,
        _ journal: JournalKeeper,
        resumed: Bool,
        progress: (UInt64, UInt64) -> Void
    ) async throws(AgentError) -> UpdateOutcome {
        guard let record = journal.update, let delivery = record.delivery else {
            throw AgentError(.environment, "the journal lost the grant", hint: "run birthmark-device update again")
        }
        let artifact = release.release.artifact
        let package = try Spool(directory: state.spoolPath).open(artifact) { progress($0, artifact.size) }
        let (identity, _) = try identity()
        let keys = try identity.keys()
        let input = CompensatedGateInput(
            delivery: delivery,
            request: record.request.bytes,
            release: record.release,
            package: MeasuredPackage(size: artifact.size, sha256: artifact.sha256),
            instance: identity.instance,
            keys: [SoftwareKey(of: keys.key), SoftwareKey(of: keys.next)],
            securityFloor: max(bornWith.securityVersion, journal.journal.floorTarget ?? 0),
            wallClock: wallClock(),
            journalled: record.step == .installing ? record.grant : nil
        )
        if case .shut(let reasons) = CompensatedGateCheck.judge(input, trust: try gateTrust) {
            try journal.fail(reasons.map(\.sentence).joined(separator: " "))
            throw AgentError(shut: reasons)
        }
        let installer = Installer(command: record.installCommand, seconds: record.installSeconds)
        try installer.claim(package)
        try journal.reach(.installing)
        let outcome = try await installer.run(package, for: release.release)
        if let trouble = outcome.trouble {
            try journal.fail(trouble)
            throw AgentError(
                .environment,
                trouble,
                hint: "look at the installer's own words, then run birthmark-device update again",
                reasons: ["install-failed"]
            )
        }
        try journal.reach(.installed) { $0.bootAtInstall = BootID.current }
        return try UpdateOutcome(record, resumed: resumed)
    }

    /// Tells the verifier that what was granted runs.
    public func confirm(_ lock: borrowing AgentLock) async throws(AgentError) -> ConfirmOutcome {
        let (identity, _) = try identity()
        let journal = try journal(identity)
        guard let record = journal.update, let jti = record.grant, record.isConfirmable || record.step == .confirmed
        else {
            throw AgentError(
                .refused,
                "no installed update waits for its confirmation here",
                hint: "birthmark-device status says how far the last one came",
                reasons: ["nothing-to-confirm"]
            )
        }
        if record.step == .confirmed { return ConfirmOutcome(running: record.package, grant: jti, lease: nil) }
        guard record.bootAtInstall != BootID.current || record.bootAtInstall == nil else {
            throw AgentError(
                .refused,
                "the device was not rebooted since the install",
                hint: "reboot it, then run the same command again",
                reasons: ["not-rebooted"]
            )
        }
        let release = try VerifiedRelease(record.release, trust)
        let answer = try await ask(.confirm, grant: jti, journal) { _ throws(AgentError) in
        } keep: { _ throws(AgentError) in
            try journal.change { journal in
                journal.update?.step = .confirmed
                journal.update?.failure = nil
                journal.running = RunningPackage(
                    name: record.package.name,
                    version: record.package.version,
                    securityVersion: release.release.securityVersion,
                    manifest: record.package.manifest
                )
                journal.floorTarget = max(journal.floorTarget ?? 0, release.release.securityVersion)
            }
        }
        Spool(directory: state.spoolPath).clear()
        return ConfirmOutcome(running: record.package, grant: jti, lease: answer.lease)
    }
}
