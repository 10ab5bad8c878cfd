public import Messages
public import UpdateTrust

/// What entries rest on: documents that they name by digest, and other entries.
///
/// Who makes a bundle brings these along, and who judges one wants nothing else in it.
public struct AuditCitations: Hashable, Sendable {
    /// Entries, by the SHA-256 of their bytes.
    public var entries: Set<ContentDigest> = []
    /// Instances whose entries those may be.
    public var instances: Set<InstanceID> = []
    /// Birth records.
    public var births: Set<ContentDigest> = []
    /// Statements of restorations.
    public var restorations: Set<ContentDigest> = []
    /// Releases, by the SHA-256 of their signed payloads: their envelopes, and the entries about them that are no instance's.
    public var releases: Set<ContentDigest> = []
    /// Policies: their files, and the entries that they came into force by.
    public var policies: Set<ContentDigest> = []
    /// Grants: the `jti` of each by the SHA-256 of the compact form.
    public var grants: [ContentDigest: String] = [:]
    /// What operators have signed, by the SHA-256 of the envelopes.
    public var statements: Set<ContentDigest> = []

    /// None.
    public init() {}

    /// Adds what an entry rests on.
    public mutating func add(_ entry: LedgerEntry) {
        if let statement = entry.statement { statements.insert(statement) }
        // What it can be found by besides its instance, it is about.
        for subject in entry.subjects {
            switch subject {
            case .instance: break
            case .release(let release): releases.insert(release)
            case .policy(let policy): policies.insert(policy)
            }
        }
        switch entry.body {
        case .birth(let body): births.insert(body.record)
        case .restoration(let body): restorations.insert(body.statement)
        case .decision(let body):
            policies.insert(body.policy)
            entries.formUnion((body.approvals ?? []) + (body.emergencies ?? []))
            if let release = body.release { releases.insert(release) }
        case .grant(let body):
            grants[body.grant] = body.jti
            if let act = body.downgrade { add([act], in: entry.instance) }
        case .compensated(let body): add(body, of: entry.instance)
        // The rest name nothing more: a test asks that of each digest in each kind of entry.
        default: break
        }
    }

    /// Acts on an instance, which stand in its own chain: of a span, perhaps before it.
    private mutating func add(_ acts: [ContentDigest], in instance: InstanceID?) {
        entries.formUnion(acts)
        if let instance { instances.insert(instance) }
    }

    private mutating func add(_ decision: CompensatedDecisionEntry, of instance: InstanceID?) {
        policies.insert(decision.policy)
        entries.formUnion((decision.approvals ?? []) + (decision.emergencies ?? []))
        // What the ratchet and a window are met by is in the decision itself.
        for report in decision.controls {
            guard let evidence = report.evidence else { continue }
            switch report.control {
            case .approval: entries.formUnion(evidence)
            case .witness: add(evidence, in: instance)
            default: break
            }
        }
        if let vouch = decision.vouch {
            entries.insert(vouch.entry)
            instances.insert(vouch.gateway)
        }
    }
}
