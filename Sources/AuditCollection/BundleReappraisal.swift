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
        /// Why what is missing need not be here, as the bundle itself shows; `nil` when it was left out, or cannot be read.
        public let excuse: String?
    }

    private var entries: [Int: LedgerEntry] = [:]
    private var births: [InstanceID: InstanceBirth] = [:]
    private var releases: [ContentDigest: Release] = [:]
    private var policies: [ContentDigest: JudgedPolicy] = [:]
    private var documents: [ContentDigest: [UInt8]] = [:]
    /// With the places of the decisions whose entries name it.
    private var evidence: [(archived: ArchivedDecision, places: [Int])] = []
    /// Decisions whose evidence is not here, and what that is.
    private var without: [(index: Int, basis: ContentDigest)] = []
    /// Decisions whose entries do not say what their evidence is, and the first one whose entry does.
    private var unnamed: [Int] = []
    private var firstNamed: Int?
    private var citations = AuditCitations()
    /// The records by which instances were born whose births are among the entries.
    private var born: [InstanceID: ContentDigest] = [:]
    /// By the place of a decision: the place of the entry that says that its evidence was shed.
    private var shedding: [Int: Int] = [:]

    /// Reads the bundle.
    /// - Parameter zoneFile: the time-zone file (RFC 9636) of a zone that a policy's window names.
    public init(_ bundle: AuditBundle, zoneFile: (ZoneName) -> [UInt8]?) throws(MessageError) {
        // Each entry stands for itself, also where two claim to rest on the same.
        var named: [ContentDigest: [Int]] = [:]
        // Of evidence that is here nobody asks whether it was shed.
        var decisions = UnkeptDecisions()
        for audited in bundle.entries {
            let entry = try LedgerEntry(parsing: audited.bytes.bytes)
            entries[audited.index] = entry
            citations.add(entry)
            if case .birth(let body) = entry.body, let instance = entry.instance {
                born[instance] = born[instance] ?? body.record
            }
            if case .shedding(let body) = entry.body {
                for place in decisions.remove(shedBy: body) { shedding[place] = audited.index }
            }
            if let basis = entry.body.basis {
                decisions.insert(audited.index, at: entry.at)
                named[basis, default: []].append(audited.index)
                firstNamed = min(firstNamed ?? audited.index, audited.index)
            } else if entry.body.restsOnEvidence {
                unnamed.append(audited.index)
            }
        }
        for envelope in bundle.documents.births {
            let payload = envelope.payload.bytes
            let birth = try InstanceBirth(parsing: payload)
            // One that no entry names, nobody has judged.
            guard born[birth.facts.instance] == ContentDigest(of: payload) else { continue }
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
        var present = Set<ContentDigest>()
        for bytes in bundle.documents.evidence {
            let digest = ContentDigest(of: bytes)
            present.insert(digest)
            guard let places = named[digest] else { continue }
            evidence.append((archived: try ArchivedDecision(parsing: bytes), places: places))
        }
        for (basis, places) in named where !present.contains(basis) {
            without += places.map { (index: $0, basis: basis) }
        }
    }

    /// Takes them again, in the order of the ledger; of those whose evidence is not here it is said.
    public func outcomes() -> [Outcome] {
        let taken = evidence.flatMap { outcomes($0.places, on: $0.archived) }
        let left =
            without.map { untaken($0.index, .missing(.evidence($0.basis))) } + unnamed.map { untaken($0, .unnamed) }
        return (taken + left).sorted { $0.index < $1.index }
    }

    /// A bundle is a stranger's: a million entries may name evidence of megabytes, which is judged once for all of them.
    private func outcomes(_ places: [Int], on archived: ArchivedDecision) -> [Outcome] {
        let taken = Result { () throws(ReappraisalFault) in try retake(archived) }
        return places.map { index in
            switch taken {
            case .success(let again):
                let compared = ComparedDecision(recorded(index, like: again), again)
                return Outcome(index: index, differences: compared.differences, fault: nil, excuse: nil)
            case .failure(let fault): return untaken(index, fault)
            }
        }
    }

    private func untaken(_ index: Int, _ fault: ReappraisalFault) -> Outcome {
        let excuse: String? =
            switch fault {
            case .missing(.evidence): shedding[index].map { "it was shed, as entry \($0) says" }
            case .missing(let document): self.excuse(for: document)
            // A verifier that once named evidence names it ever after.
            case .unnamed where index < firstNamed ?? 0: "it was written before entries named that"
            case .unnamed, .unreadable: nil
            }
        return Outcome(index: index, differences: [], fault: fault, excuse: excuse)
    }

    /// Why a document that evidence names need not be here: a bundle has what its entries name.
    private func excuse(for document: ReappraisalFault.Document) -> String? {
        switch document {
        case .birth(let instance):
            return born[instance] != nil ? nil : "the bundle does not reach back to it"
        case .policy(let digest): return citations.policies.contains(digest) ? nil : Self.unnamed
        case .release(let manifest): return citations.releases.contains(manifest) ? nil : Self.unnamed
        // Evidence names them, and the ledger names the evidence, of which it says itself whether it was shed.
        case .log, .list, .approvals, .evidence: return nil
        }
    }

    private func isHere(_ document: ReappraisalFault.Document) -> Bool {
        switch document {
        case .birth(let instance): births[instance] != nil
        case .policy(let digest): policies[digest] != nil
        case .release(let manifest): releases[manifest] != nil
        case .log(let digest), .list(let digest): documents[digest] != nil
        // No decision names either: the one names the decision, the other is in it.
        case .evidence, .approvals: true
        }
    }

    private static let unnamed = "a bundle has what its entries name, and none names it"

    private func retake(_ archived: ArchivedDecision) throws(ReappraisalFault) -> RetakenDecision {
        let needs: ArchivedNeeds
        do { needs = try ArchivedNeeds(of: archived) } catch { throw .unreadable(error.detail) }
        // What was left out is told before what need not be here.
        if let leftOut = needs.documents.first(where: { !isHere($0) && excuse(for: $0) == nil }) {
            throw .missing(leftOut)
        }
        guard let birth = births[needs.instance] else { throw .missing(.birth(needs.instance)) }
        guard let policy = policies[needs.policy] else { throw .missing(.policy(needs.policy)) }
        return try Reappraiser(
            archived,
            birth: birth,
            log: needs.log.flatMap { documents[$0] },
            list: needs.list.flatMap { documents[$0] },
            releases: releases,
            policy: policy
        ).retake()
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
