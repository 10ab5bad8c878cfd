public import Messages
import UpdateTrust

/// What is to be installed, and how.
public struct UpdateOrder: Sendable {
    /// The package's path.
    public var package: String
    /// Its signed release.
    public var release: SignedEnvelope
    /// What /bin/sh -c is given.
    public var installCommand: String
    /// Seconds after which the install command is killed.
    public var installSeconds: Int64
    /// What somebody at a device without a TPM was told; `nil` when nobody was.
    public var witnessCode: WitnessCode?

    /// Joins the parts.
    public init(
        package: String,
        release: SignedEnvelope,
        installCommand: String,
        installSeconds: Int64? = nil,
        witnessCode: WitnessCode? = nil
    ) {
        self.package = package
        self.release = release
        self.installCommand = installCommand
        self.installSeconds = installSeconds ?? Installer.defaultSeconds
        self.witnessCode = witnessCode
    }
}

/// What an update brought.
public struct UpdateOutcome: Hashable, Sendable, Encodable {
    /// The package that is installed now and waits for its boot.
    public var installed: PackageReference
    /// The grant's id.
    public var grant: String
    /// Whether an interrupted run was continued.
    public var resumed: Bool

    init(_ record: UpdateRecord, resumed: Bool) throws(AgentError) {
        guard let grant = record.grant else {
            throw AgentError(.environment, "the journal lost the grant", hint: "run birthmark-device update again")
        }
        self.installed = record.package
        self.grant = grant
        self.resumed = resumed
    }
}

extension Agent {
    /// The whole update up to the reboot: asks for a grant, judges it, spends it, installs.
    ///
    /// A run that was cut off anywhere is continued, when it was for the same release.
    /// - Parameter progress: is told bytes done and bytes in all while the package is copied and digested.
    public func update(
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
        let start = try await withDevice { tpm, born, journal throws(AgentError) -> UpdateStart in
            let readings = try await tpm.readings(born.tag.counters)
            try checkFloorStep(to: release.release, from: readings.floor(born.tag.counters))
            let isSameBoot = journal.update?.resetsAtInstall == readings.resets
            return try UpdateStart(of: release.reference, after: journal.update, isSameBoot: isSameBoot)
        }
        switch start {
        case .done(let record):
            return try UpdateOutcome(record, resumed: true)
        case .goOn:
            return try await goOn(release, orElse: order, progress: progress)
        case .ask:
            return try await askAndInstall(release, order, progress: progress)
        }
    }

    /// Continues the update that an earlier run began, with the package and the command of that run.
    func resume(
        _ lock: borrowing AgentLock,
        progress: (UInt64, UInt64) -> Void
    ) async throws(AgentError) -> UpdateOutcome {
        let record = try state.resumableUpdate()
        if record.step == .installed {
            return try UpdateOutcome(record, resumed: true)
        }
        return try await goOn(try VerifiedRelease(record.release, trust), orElse: nil, progress: progress)
    }
}
