public import Messages
public import UpdateTrust

extension CompensatedAgent {
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
    ) async throws(AgentError) -> CompensatedGateVerdict {
        let measured = try PackageFile(opening: package).measure(progress: progress)
        let (identity, journal) = try await opened()
        return try judge(stored, release: release, measured, identity, journal)
    }

    func judge(
        _ stored: GrantFile,
        release: SignedEnvelope,
        _ measured: MeasuredPackage,
        _ identity: IdentityKeeper,
        _ journal: JournalKeeper
    ) throws(AgentError) -> CompensatedGateVerdict {
        let keys = try identity.keys
        let input = CompensatedGateInput(
            delivery: stored.delivery,
            request: stored.request.bytes,
            release: release,
            package: measured,
            instance: identity.instance,
            keys: [SoftwareKey(of: keys.key), SoftwareKey(of: keys.next)],
            securityFloor: try state.softwareFloor(identity.bornWith, journal.journal),
            wallClock: wallClock(),
            used: Set([journal.update?.usedGrant].compactMap { $0 }),
            journalled: journal.update.flatMap { $0.step == .installing ? $0.grant : nil }
        )
        return CompensatedGateCheck.judge(input, trust: try trust.gate)
    }
}

extension UpdateRecord {
    /// The grant whose install has ended, well or not: without a counter in a TPM the journal alone says that it was used.
    fileprivate var usedGrant: String? {
        switch step {
        case .requested, .granted, .spent, .installing: nil
        case .installed, .confirmed: grant
        case .failed: [.installing, .installed].contains(failure?.after) ? grant : nil
        }
    }
}
