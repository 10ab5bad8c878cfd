public import Audit
public import Messages
public import Reappraisal
public import UpdateTrust

/// Takes the decisions again whose evidence is in a bundle, with nothing but what is in it.
///
/// Of a bundle that proves what it says (``Audit/Auditor``): here only is looked whether what was decided follows.
public struct BundleReappraisal: Sendable {
    /// What came of one decision.
    public struct Outcome: Hashable, Sendable {
        /// The place on the ledger of the entry that states it.
        public let index: Int
        /// What is different; empty when it comes out the same.
        public let differences: [Difference]
        /// Why it could not be taken again; `nil` when it was.
        public let fault: ReappraisalFault?
    }

    private var entries: [Int: LedgerEntry] = [:]
    private var births: [InstanceID: InstanceBirth] = [:]
    private var releases: [ContentDigest: Release] = [:]
    private var policies: [ContentDigest: JudgedPolicy] = [:]
    private var documents: [ContentDigest: [UInt8]] = [:]
    private var evidence: [(index: Int, archived: ArchivedDecision)] = []

    /// Reads the bundle.
    /// - Parameter zoneFile: the time-zone file (RFC 9636) of a zone that a policy's window names.
    public init(_ bundle: AuditBundle, zoneFile: (ZoneName) -> [UInt8]?) throws(MessageError) {
        var named: [ContentDigest: Int] = [:]
        for audited in bundle.entries {
            let entry = try LedgerEntry(parsing: audited.bytes.bytes)
            entries[audited.index] = entry
            if let basis = entry.body.basis { named[basis] = audited.index }
        }
        for envelope in bundle.documents.births {
            let birth = try InstanceBirth(parsing: envelope.payload.bytes)
            births[birth.facts.instance] = birth
        }
        for envelope in bundle.documents.releases {
            let payload = envelope.payload.bytes
            releases[ContentDigest(of: payload)] = try Release(parsing: payload)
        }
        for bytes in bundle.documents.policies {
            policies[ContentDigest(of: bytes)] = try JudgedPolicy(parsing: bytes, zoneFile: zoneFile)
        }
        for log in bundle.documents.logs { documents[ContentDigest(of: log)] = log }
        for bytes in bundle.documents.evidence {
            guard let index = named[ContentDigest(of: bytes)] else { continue }
            let archived = try ArchivedDecision(parsing: bytes)
            evidence.append((index, archived))
        }
        evidence.sort { $0.index < $1.index }
    }

    /// Takes them again, in the order of the ledger.
    public func outcomes() -> [Outcome] {
        evidence.map { index, archived -> Outcome in
            do throws(ReappraisalFault) {
                return Outcome(index: index, differences: try differences(index, archived), fault: nil)
            } catch {
                return Outcome(index: index, differences: [], fault: error)
            }
        }
    }

    private func differences(
        _ index: Int,
        _ archived: ArchivedDecision
    ) throws(ReappraisalFault) -> [Difference] {
        let needs: ArchivedNeeds
        do { needs = try ArchivedNeeds(of: archived) } catch { throw .unreadable(error.detail) }
        guard let birth = births[needs.instance] else { throw .missing("the birth of \(needs.instance)") }
        guard let policy = policies[needs.policy] else { throw .missing("policy \(needs.policy)") }
        let again = try Reappraiser(
            archived,
            birth: birth,
            log: needs.log.flatMap { documents[$0] },
            list: needs.list.flatMap { documents[$0] },
            releases: releases,
            policy: policy
        ).retake()
        return ComparedDecision(recorded(index, like: again), again).differences
    }

    /// The entries that were written with a decision: as many before and behind it as there are now, and any more that only come
    /// with a decision.
    private func recorded(_ index: Int, like again: RetakenDecision) -> [LedgerEntry] {
        let shape = again.entries(ofGrant: ContentDigest(of: []))
        let before = shape.firstIndex { $0.body.basis != nil } ?? 0
        let behind = max(0, shape.count - before - 1)
        var recorded = (max(0, index - before)...index).compactMap { entries[$0] }
        var next = index + 1
        while let entry = entries[next], entry.instance == recorded.last?.instance, entry.at == recorded.last?.at,
            next - index <= behind || entry.body.comesWithADecision
        {
            recorded.append(entry)
            next += 1
        }
        return recorded
    }
}

extension LedgerEntry.Body {
    /// Whether nothing but a decision, which stands before it, writes such an entry.
    fileprivate var comesWithADecision: Bool {
        switch self {
        case .grant, .receipt: true
        case .lease(let body): body.event != .ended
        default: false
        }
    }
}
