public import Messages
import UpdateTrust
import VerifierClient

/// The agent of a device without a TPM: asks, judges what it is told, installs, and remembers how far it came.
public struct CompensatedAgent: Sendable {
    let state: StateDirectory
    let held: HeldTrust
    /// The gateway through which it speaks; `nil` when it asks the verifier itself.
    let gateway: GatewayContact?
    let bootID: BootID
    /// The operating system's clock, in seconds since 1970; it can only shut the gate.
    let wallClock: @Sendable () -> Int64

    /// Joins the parts.
    public init(
        state: StateDirectory,
        trust: TrustBundle,
        gateway: GatewayContact? = nil,
        bootID: BootID = BootID(),
        wallClock: @escaping @Sendable () -> Int64
    ) {
        self.state = state
        held = HeldTrust(trust)
        self.gateway = gateway
        self.bootID = bootID
        self.wallClock = wallClock
    }

    /// Which verifier, ledger and release keys count now.
    var trust: TrustBundle { held.now }

    /// The identity and the journal of this run.
    func opened() async throws(AgentError) -> (IdentityKeeper, JournalKeeper) {
        let identity = try await IdentityKeeper(state)
        return (identity, try JournalKeeper(state, of: identity.instance))
    }

    /// What the device says that it runs: what was confirmed, or what an install has brought that was booted since.
    /// - Throws: `AgentError` where an install waits for its boot, and nothing says whether this is it.
    func running(_ journal: Journal, _ bornWith: BornWith) throws(AgentError) -> ClaimedRelease {
        if let update = journal.update, update.isConfirmable, try update.isBooted(in: bootID.current) {
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
        witnessCode: WitnessCode? = nil,
        wantsResult: Bool = false,
        _ identity: IdentityKeeper,
        _ journal: JournalKeeper,
        beforeSending: ([UInt8]) throws(AgentError) -> Void = { _ throws(AgentError) in },
        keep: (CompensatedAnswer) throws(AgentError) -> Void = { _ throws(AgentError) in }
    ) async throws(AgentError) -> CompensatedAnswer {
        let (instance, claims) = (identity.instance, try identity.claims)
        let (key, next) = try identity.keys
        let running = try running(journal.journal, identity.bornWith)
        let answer: CompensatedAnswer
        do {
            answer = try await reach { client in
                let order = ChallengeRequest(instance: instance, purpose: purpose, package: package?.sha256)
                let challenge = try await client.challenge(order).challenge
                // Before the answer comes, which is judged by it.
                if purpose == .attest { await lookForTrust(client) }
                let request = CompensatedRequest(
                    instance: instance,
                    purpose: purpose,
                    challenge: challenge,
                    key: SoftwareKey(of: key),
                    next: SoftwareKey(of: next),
                    claims: claims,
                    running: running,
                    package: package,
                    grant: grant,
                    witness: witnessCode
                )
                let bytes = try request.bytes
                try beforeSending(bytes)
                let evidence = try CompensatedEvidence(request, signedBy: key, next: next)
                let answer = try await client.decide(evidence, wantsResult: wantsResult)
                try hold(answer, to: bytes, of: identity.instance)
                return answer
            }
        } catch {
            var failure = AgentError(of: error, about: "the request")
            // What an operator has ended this device learns by this alone: the verifier tells nobody why evidence is not authentic.
            if case .problem(let problem)? = error as? VerifierClientError, problem.kind == .notAuthentic,
                try state.loweredTier() != nil
            {
                failure.hint =
                    "ask the verifier's operator whether the tier was raised: then birthmark-device enrol --forget lets the TPM speak again"
            }
            if !Self.endsLease.isDisjoint(with: failure.reasons) { try journal.change { $0.lease = nil } }
            throw failure
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
        try await identity.moveOn()
        state.forgetRenewalTrouble()
        return answer
    }

    func reach<Result: Sendable>(_ body: (VerifierClient) async throws -> Result) async throws -> Result {
        if let gateway { return try await VerifierClient.with(gateway, body) }
        return try await VerifierClient.with(trust, body)
    }

    /// A gateway that made an answer up would leave this device with a key that nobody has committed.
    private func hold(
        _ answer: CompensatedAnswer,
        to request: [UInt8],
        of instance: InstanceID
    ) throws(AgentError) {
        let (issuer, keys) = try verifierWords
        do {
            try Commitment.hold(answer, to: request, of: instance, issuer: issuer, keys: keys)
        } catch {
            throw AgentError(
                .environment,
                "the answer is not what the verifier has committed: \(error)",
                hint: "whoever carried it is not to be trusted; the same request is made again the next time",
                reasons: [Self.answerNotCommitted]
            )
        }
    }

    /// The reason code of an answer that the verifier has not signed, as far as is known here.
    static let answerNotCommitted = "answer-not-committed"

    /// By whom and with which keys it is signed what the verifier tells a device without a TPM.
    var verifierWords: (issuer: Label, keys: [StatementKey]) {
        get throws(AgentError) {
            guard let issuer = Label(trust.verifier), let keys = trust.resultKeys else {
                throw AgentError(
                    .malformed,
                    "the trust bundle names no verifier, or no keys for what it commits",
                    hint: "birthmark-device trust brings it up to date, when a newer one names them"
                )
            }
            return (issuer, keys)
        }
    }

    /// Reason codes of decisions after which no lease holds.
    static let endsLease: Set<String> = ["forked", "read-back-differs", "drifted", "suspended", "retired"]
}
