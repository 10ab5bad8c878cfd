import Appraisal
public import Messages
public import UpdateTrust

/// Takes archived decisions again, with the code of today.
///
/// Nothing is asked of anybody: the same documents give the same decision, wherever and whenever.
public struct Reappraiser: Sendable {
    /// What the decision was taken on.
    public var archived: ArchivedDecision
    /// The birth record.
    public var birth: InstanceBirth
    /// The event log that `ArchivedNeeds.log` names.
    public var log: [UInt8]?
    /// What Linux measured, which `ArchivedNeeds.list` names.
    public var list: [UInt8]?
    /// The releases that `ArchivedNeeds.releases` names.
    public var releases: [ContentDigest: Release]
    /// The policy to decide by: the one of then, or another one.
    public var policy: JudgedPolicy

    /// Joins the parts.
    public init(
        _ archived: ArchivedDecision,
        birth: InstanceBirth,
        log: [UInt8]?,
        list: [UInt8]?,
        releases: [ContentDigest: Release],
        policy: JudgedPolicy
    ) {
        self.archived = archived
        self.birth = birth
        self.log = log
        self.list = list
        self.releases = releases
        self.policy = policy
    }

    /// Takes the decision again.
    public func retake() throws(ReappraisalFault) -> RetakenDecision {
        if let measured = archived.measured { return try retake(measured) }
        if let software = archived.software { return try retake(software) }
        throw .unreadable("it has no evidence")
    }

    private func retake(_ basis: MeasuredBasis) throws(ReappraisalFault) -> RetakenDecision {
        guard case .measured(let record) = birth else { throw .unreadable("the birth is of another tier") }
        let request: ReceivedRequest
        do { request = try ReceivedRequest(parsing: basis.evidence.request.bytes) } catch {
            throw .unreadable(error.detail)
        }
        let key: EnrolledKey
        do { key = try EnrolledKey(record.iak) } catch {
            return .nothing("the key in its birth record is refused today: \(error)")
        }
        let measured = MeasuredCase(
            evidence: try evidence(basis),
            request: request,
            record: record,
            key: key,
            carried: basis.carried
        )
        let appraisal = measured.appraisal(on: archived.state, by: policy, log: try logEvidence(basis))
        var replayed: ReplayedLog?
        var appraised = AppraisedEvidence(appraisal, replaying: &replayed)
        if appraised.isUnexpectedBoot, let tried = basis.tried {
            appraised.look(
                among: try tried.map { release throws(ReappraisalFault) in try known(release) },
                for: appraisal,
                of: record,
                on: archived.state,
                replaying: &replayed
            )
        }
        var input = measured.decision(
            on: appraised,
            log: basis.log,
            state: archived.state,
            release: try asked(request.request.package?.manifest),
            standings: archived.standings,
            authority: try authority(over: request.request.package, record.facts),
            policy: policy.policy,
            now: archived.at,
            identifiers: archived.identifiers,
            verifier: archived.verifier
        )
        input.basis = try digest
        return switch archived.kind {
        case .decision: .measured(decide(input))
        case .receipt: .receipt(receive(input))
        case .farewell: .farewell(takeLeave(input))
        }
    }

    /// What the entry names as its basis.
    private var digest: ContentDigest {
        get throws(ReappraisalFault) {
            do { return ContentDigest(of: try archived.bytes) } catch { throw .unreadable(error.detail) }
        }
    }

    private func evidence(_ basis: MeasuredBasis) throws(ReappraisalFault) -> Evidence {
        guard let part = basis.list else { return basis.evidence }
        guard let list, ContentDigest(of: list) == part.digest else {
            throw .missing(.list(part.digest))
        }
        var evidence = basis.evidence
        evidence.ima = IMAListPart(offset: part.offset, bytes: Blob(list))
        return evidence
    }

    private func logEvidence(_ basis: MeasuredBasis) throws(ReappraisalFault) -> LogEvidence {
        guard let digest = basis.log else { return .none }
        guard let log, ContentDigest(of: log) == digest else { throw .missing(.log(digest)) }
        return .bytes(log, digest: digest)
    }

    private func retake(_ basis: CompensatedBasis) throws(ReappraisalFault) -> RetakenDecision {
        let request: ReceivedCompensatedRequest
        do { request = try ReceivedCompensatedRequest(parsing: basis.evidence.request.bytes) } catch {
            throw .unreadable(error.detail)
        }
        guard let subject = birth.subject(on: archived.state), let ratchet = archived.state.ratchet else {
            throw .unreadable("its TPM speaks for the instance")
        }
        let asked = request.request
        let authority = try authority(over: asked.package, subject.facts)
        let positions = [(asked.key, basis.keyPosition), (asked.next, basis.nextPosition)]
        let appraiser = CompensatedAppraiser(record: subject, ratchet: ratchet) { key in
            positions.first { $0.0 == key }?.1
        }
        var input = CompensatedInput(
            verdict: appraiser.appraise(basis.evidence, asked),
            request: request,
            evidence: basis.evidence.digest,
            record: subject,
            state: archived.state,
            release: try self.asked(asked.package?.manifest),
            standings: archived.standings,
            approvals: authority.approvals,
            emergencies: authority.emergencies,
            vouch: basis.vouch.map { Vouch($0) },
            gatewayHolds: basis.gatewayHolds,
            policy: policy.policy,
            now: archived.at,
            identifiers: archived.identifiers,
            verifier: archived.verifier
        )
        input.basis = try digest
        return switch archived.kind {
        case .decision: .compensated(decide(input))
        case .farewell: .farewell(takeLeave(input))
        case .receipt: .nothing("an instance without a TPM makes no receipts")
        }
    }

    private func asked(_ manifest: ContentDigest?) throws(ReappraisalFault) -> KnownRelease? {
        guard let manifest, let standing = archived.standings[manifest] else { return nil }
        var release = try known(StandingRelease(manifest: manifest, standing: standing))
        release.rollout = archived.rollout
        return release
    }

    private func authority(
        over package: PackageReference?,
        _ facts: BirthFacts
    ) throws(ReappraisalFault) -> ReleaseAuthority {
        guard let authority = archived.authority(over: package, facts, by: policy.policy) else {
            throw .missing(.approvals)
        }
        return authority
    }

    private func known(_ release: StandingRelease) throws(ReappraisalFault) -> KnownRelease {
        guard let payload = releases[release.manifest] else { throw .missing(.release(release.manifest)) }
        return KnownRelease(release: payload, manifest: release.manifest, standing: release.standing)
    }
}

extension InstanceBirth {
    /// Whom evidence without a TPM was held to; `nil` for an instance whose TPM spoke for it.
    fileprivate func subject(on state: InstanceState) -> CompensatedSubject? {
        switch self {
        case .compensated(let record): record.subject
        case .measured(let record): state.lowered.map { CompensatedSubject(facts: record.facts, claims: $0.claims) }
        }
    }
}
