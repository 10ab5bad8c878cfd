public import Appraisal
public import Messages
public import UpdateTrust

/// Evidence of an instance with a TPM, and the record of whom it says that it is.
///
/// The verifier judges it as it comes, and whoever takes a decision again judges it years later: by the same code, which asks nobody.
public struct MeasuredCase: Sendable {
    /// The evidence.
    public var evidence: Evidence
    /// The request in it.
    public var request: ReceivedRequest
    /// The birth record.
    public var record: BirthRecord
    /// The key in that record.
    public var key: EnrolledKey
    /// Why it is no older than it may be, when it came as a file.
    public var carried: CarriedFreshness?

    /// Joins the parts.
    public init(
        evidence: Evidence,
        request: ReceivedRequest,
        record: BirthRecord,
        key: EnrolledKey,
        carried: CarriedFreshness?
    ) {
        self.evidence = evidence
        self.request = request
        self.record = record
        self.key = key
        self.carried = carried
    }

    /// All that the appraisal looks at.
    public func appraisal(on state: InstanceState, by policy: JudgedPolicy, log: LogEvidence) -> AppraisalInput {
        let asked = request.request
        return AppraisalInput(
            instance: record.instance,
            key: key,
            attest: evidence.attest.bytes,
            signature: evidence.signature.bytes,
            pcrs: evidence.pcrs,
            log: log,
            ima: ima(state, policy),
            request: request.digest,
            qualifyingData: request.qualifyingData,
            selection: record.selection,
            // A receipt is younger than its grant, and may be older than what was seen since.
            lastClock: carried == .grant
                ? asked.grant.flatMap { state.clockBeforeReceipt(of: $0) } : state.lastSeen?.clock,
            firmwareVersions: [state.lastSeen?.firmwareVersion ?? record.tpm.firmwareVersion],
            expectations: state.expectations(for: asked.purpose, grant: asked.grant, carried: carried)
        )
    }

    /// What is said of the PCR that Linux extends, by the rule that will decide.
    private func ima(_ state: InstanceState, _ policy: JudgedPolicy) -> IMAEvidence? {
        guard let pcr = record.imaPCR else { return nil }
        let package = request.request.package?.name ?? state.running.name
        let rule = policy.policy.rule(for: PolicySubject(record.facts, package: package))
        return IMAEvidence(
            pcr: pcr,
            list: evidence.ima,
            progress: state.ima,
            policy: rule?.boot.ima.flatMap { policy.ima[$0] }
        )
    }

    /// All that the decision depends on.
    /// - Parameters:
    ///   - appraised: what the evidence came to.
    ///   - log: the event log beside the quote, when it is held.
    ///   - release: the one that is asked for; `nil` when it is not registered, or none is asked for.
    ///   - authority: what people have said of that one.
    public func decision(
        on appraised: AppraisedEvidence,
        log: ContentDigest?,
        state: InstanceState,
        release: KnownRelease?,
        standings: ReleaseStandings,
        authority: ReleaseAuthority,
        policy: Policy,
        now: Int64,
        identifiers: FreshIdentifiers,
        verifier: Label
    ) -> DecisionInput {
        DecisionInput(
            verdict: appraised.verdict,
            request: request,
            quote: ContentDigest(of: evidence.attest.bytes),
            log: log,
            record: record,
            state: state,
            release: release,
            known: appraised.known,
            standings: standings,
            authority: authority,
            carried: carried,
            policy: policy,
            now: now,
            identifiers: identifiers,
            verifier: verifier
        )
    }
}
