public import Messages
public import VerifierClient

/// The agent of a device without a TPM: asks, judges what it is told, installs, and remembers how far it came.
public struct CompensatedAgent: Sendable {
    let state: StateDirectory
    let trust: TrustBundle
    let limits: VerifierClient.Limits
    /// The operating system's clock, in seconds since 1970; it can only shut the gate.
    let wallClock: @Sendable () -> Int64

    /// Joins the parts.
    public init(
        state: StateDirectory,
        trust: TrustBundle,
        limits: VerifierClient.Limits = .init(),
        wallClock: @escaping @Sendable () -> Int64
    ) {
        self.state = state
        self.trust = trust
        self.limits = limits
        self.wallClock = wallClock
    }

    /// The identity, once its factory has signed for it.
    func identity() throws(AgentError) -> (SoftwareIdentity, BornWith) {
        guard let identity = try state.softwareIdentity(), let bornWith = identity.bornWith else {
            throw AgentError(
                .environment,
                "this device was not born yet",
                hint: "birthmark-device enrol makes its key, and takes over what the factory has signed",
                reasons: ["not-born"]
            )
        }
        return (identity, bornWith)
    }

    func journal(_ identity: SoftwareIdentity) throws(AgentError) -> JournalKeeper {
        JournalKeeper(state, again: try state.journal() ?? Journal(instance: identity.instance))
    }

    /// What the device says that it runs: what was confirmed, or what an install has brought that was booted since.
    func running(_ journal: Journal, _ bornWith: BornWith) -> ClaimedRelease {
        if let update = journal.update, update.isConfirmable, update.bootAtInstall != BootID.current {
            let package = update.package
            return ClaimedRelease(name: package.name, version: package.version, manifest: package.manifest)
        }
        guard let running = journal.running else {
            return ClaimedRelease(name: bornWith.name, version: bornWith.version, manifest: nil)
        }
        return ClaimedRelease(name: running.name, version: running.version, manifest: running.manifest)
    }

    /// Asks with the key that was committed and the next one, and moves on once the answer is kept.
    /// - Parameters:
    ///   - beforeSending: is given the request's exact bytes before anybody else sees them.
    ///   - keep: keeps what the answer brought, before the next key signs: cut off in between, the same is asked again.
    func ask(
        _ purpose: Purpose,
        package: PackageReference? = nil,
        grant: String? = nil,
        wantsResult: Bool = false,
        _ journal: JournalKeeper,
        beforeSending: ([UInt8]) throws(AgentError) -> Void = { _ throws(AgentError) in },
        keep: (CompensatedAnswer) throws(AgentError) -> Void = { _ throws(AgentError) in }
    ) async throws(AgentError) -> CompensatedAnswer {
        var (identity, bornWith) = try identity()
        let (key, next) = try identity.keys()
        let claims = try identity.sources.read()
        let running = running(journal.journal, bornWith)
        do {
            let answer = try await VerifierClient.with(trust, limits: limits) { client in
                let order = ChallengeRequest(
                    instance: identity.instance,
                    purpose: purpose,
                    package: package?.sha256
                )
                let request = CompensatedRequest(
                    instance: identity.instance,
                    purpose: purpose,
                    challenge: try await client.challenge(order).challenge,
                    key: SoftwareKey(of: key),
                    next: SoftwareKey(of: next),
                    claims: claims,
                    running: running,
                    package: package,
                    grant: grant
                )
                try beforeSending(try request.bytes)
                let evidence = try CompensatedEvidence(request, signedBy: key, next: next)
                return try await client.decide(evidence, wantsResult: wantsResult)
            }
            guard answer.key == SoftwareKey(of: next) else {
                throw AgentError(
                    .environment,
                    "the verifier has committed another key than this device's",
                    hint: "its answer is not to be trusted; ask its operator"
                )
            }
            try journal.change { $0.lease = answer.lease }
            try keep(answer)
            identity.moveOn()
            try state.write(identity)
            return answer
        } catch let error as AgentError {
            if !Self.endsLease.isDisjoint(with: error.reasons) { try journal.change { $0.lease = nil } }
            throw error
        } catch let error as VerifierClientError {
            let failure = AgentError(error)
            if !Self.endsLease.isDisjoint(with: failure.reasons) { try journal.change { $0.lease = nil } }
            throw failure
        } catch let error as MessageError {
            throw AgentError("the request", error)
        } catch {
            throw AgentError(.environment, String(describing: error))
        }
    }

    /// Reason codes of decisions after which no lease holds.
    private static let endsLease: Set<String> = ["forked", "suspended", "retired", "drifted"]
}
