public import Audit
public import Ledger
import Messages
import UpdateTrust
public import VerifierClient

/// Asks a verifier for all that a bundle must have: the entries in question, then what those rest on.
///
/// Nothing of what it gets is judged here: ``Audit/Auditor`` does that, wherever the bundle is taken.
public struct AuditCollector {
    private let client: VerifierClient
    private let signed: SignedCheckpoint
    private let log: TiledLog
    private let withEvidence: Bool
    private let progress: @Sendable (_ done: Int, _ all: Int) -> Void

    private var entries: [Int: Collected] = [:]
    private var documents = AuditDocuments()
    /// The places of decisions of whose evidence, or of a log that it names, the verifier has nothing, though no entry under the checkpoint
    /// says that it was shed.
    public private(set) var lacking: Set<Int> = []

    /// - Parameters:
    ///   - client: of an operator who may read the ledger.
    ///   - signed: what all proofs will lead to; its signature was judged.
    ///   - withEvidence: whether what decisions rested on is brought along, as far as the archive keeps it.
    ///   - progress: is told how many things of how many were done.
    public init(
        _ client: VerifierClient,
        _ signed: SignedCheckpoint,
        withEvidence: Bool = false,
        progress: @escaping @Sendable (_ done: Int, _ all: Int) -> Void = { _, _ in }
    ) {
        self.client = client
        self.signed = signed
        self.withEvidence = withEvidence
        self.progress = progress
        // Paths of neighbours have most of their tiles in common.
        let tiles = TileMemory { path in try await client.ledgerFile(path) }
        log = TiledLog(size: signed.claimed.size) { path in try await tiles.file(path) }
    }

    /// An entry, read once.
    private struct Collected {
        var bytes: [UInt8]
        var entry: LedgerEntry
        var digest: ContentDigest

        init(_ bytes: [UInt8]) throws(MessageError) {
            self.bytes = bytes
            entry = try LedgerEntry(parsing: bytes)
            digest = ContentDigest(of: bytes)
        }
    }

    /// The verifier's pages of the ledger go in circles.
    public struct Confused: Error, CustomStringConvertible {
        public var description: String { "the verifier's pages of the ledger go in circles" }
    }

    /// Collects.
    /// - Throws: `VerifierClientError`, `MessageError` for an entry that cannot be read, `LedgerFormatError`, `Confused`.
    public mutating func bundle(about subject: AuditSubject) async throws -> AuditBundle {
        switch subject {
        case .instance(let instance): try await take(.instance(instance))
        case .release(let release):
            try await take(.release(release))
            let holders = entries.values.compactMap { held -> InstanceID? in
                guard case .grant = held.entry.body else { return nil }
                return held.entry.instance
            }
            entries = entries.filter { $0.value.entry.instance == nil }
            for instance in Set(holders).sorted() { try await take(.instance(instance)) }
        case .entries(let range): try await take(range)
        }
        try await close()
        if withEvidence { try await takeEvidence() }
        return AuditBundle(
            subject: subject,
            checkpoint: signed,
            entries: try await proven(),
            documents: documents
        )
    }

    /// Takes all entries about something that stand under the checkpoint.
    private mutating func take(
        _ subject: LedgerSubject,
        where isMeant: (LedgerEntry, ContentDigest) -> Bool = { _, _ in true }
    ) async throws {
        var from: Int? = 0
        // What comes behind the checkpoint is not taken, and could come without end.
        while let start = from, start < log.size {
            let page = try await client.ledgerPage(about: subject.path, from: start)
            for line in page.entries where line.index < log.size {
                let held = try Collected(line.bytes.bytes)
                if isMeant(held.entry, held.digest) { entries[line.index] = held }
            }
            guard page.next ?? .max > start else { throw Confused() }
            from = page.next
        }
    }

    private mutating func take(_ range: Range<Int>) async throws {
        for bundle in log.bundles(from: range.lowerBound) {
            let first = bundle.nodes.indices.lowerBound
            guard first < range.upperBound else { break }
            for (offset, entry) in try await log.entries(bundle).enumerated()
            where range.contains(first + offset) { entries[first + offset] = try Collected(entry.bytes) }
        }
    }

    /// Brings along what is named, and what that names, until nothing is missing.
    private mutating func close() async throws {
        var done = AuditCitations()
        while true {
            var wanted = AuditCitations()
            var present = Set<ContentDigest>()
            for held in entries.values {
                wanted.add(held.entry)
                present.insert(held.digest)
            }
            let before = done
            for release in wanted.releases.subtracting(done.releases).sorted() {
                documents.releases.append(try await client.release(release))
                // Approvals for others are others' business.
                try await take(.release(release)) { entry, digest in
                    if case .approval(let approval) = entry.body, !approval.isOfTheRelease {
                        return wanted.entries.contains(digest)
                    }
                    return entry.instance == nil
                }
                done.releases.insert(release)
            }
            for policy in wanted.policies.subtracting(done.policies).sorted() {
                documents.policies.append(try await client.policyFile(policy, limit: Policy.maximumSize))
                try await take(.policy(policy))
                done.policies.insert(policy)
            }
            let missing = wanted.entries.subtracting(present)
            for instance in wanted.instances.subtracting(done.instances).sorted() where !missing.isEmpty {
                try await take(.instance(instance)) { _, digest in missing.contains(digest) }
                done.instances.insert(instance)
            }
            try await takeDocuments(of: wanted, &done)
            if done == before { return }
        }
    }

    private mutating func takeDocuments(of wanted: AuditCitations, _ done: inout AuditCitations) async throws {
        for held in entries.values {
            guard let instance = held.entry.instance else { continue }
            switch held.entry.body {
            case .birth(let body) where done.births.insert(body.record).inserted:
                documents.births.append(try await client.birth(of: instance))
            case .restoration(let body) where done.restorations.insert(body.statement).inserted:
                documents.restorations.append(try await client.restoration(body.number, of: instance))
            default: continue
            }
        }
        for (digest, jti) in wanted.grants where done.grants[digest] == nil {
            documents.grants.append(try await client.grant(jti))
            done.grants[digest] = jti
        }
        for digest in wanted.statements.subtracting(done.statements).sorted() {
            documents.acts.append(try await client.act(digest))
            done.statements.insert(digest)
        }
    }

    private mutating func takeEvidence() async throws {
        var logs = Set<ContentDigest>()
        var unkept: [Int] = []
        for (index, held) in entries.sorted(by: { $0.key < $1.key }) {
            guard let basis = held.entry.body.basis else { continue }
            guard let report = try await client.archived(held.digest), ContentDigest(of: report.basis.bytes) == basis
            else {
                unkept.append(index)
                continue
            }
            documents.evidence.append(report.basis.bytes)
            let measured = try ArchivedDecision(parsing: report.basis.bytes).measured
            let named = [measured?.log, measured?.list?.digest].compactMap { $0 }
            for digest in named where logs.insert(digest).inserted {
                if let bytes = try await client.eventLog(digest) {
                    documents.logs.append(bytes)
                } else {
                    lacking.insert(index)
                }
            }
        }
        try await takeShedding(unkept)
    }

    /// Takes the entries by which evidence was shed: behind each of these decisions, the first one that speaks of its time.
    /// - Parameter decisions: their places, in the order of the ledger.
    private mutating func takeShedding(_ decisions: [Int]) async throws {
        guard let first = decisions.first else { return }
        var ahead = decisions[...]
        var unkept = UnkeptDecisions()
        for bundle in log.bundles(from: first) where !ahead.isEmpty || !unkept.isEmpty {
            let begin = bundle.nodes.indices.lowerBound
            for (offset, bytes) in try await log.entries(bundle).enumerated() {
                let held = try Collected(bytes.bytes)
                if ahead.first == begin + offset {
                    ahead.removeFirst()
                    unkept.insert(begin + offset, at: held.entry.at)
                } else if case .shedding(let body) = held.entry.body, !unkept.remove(shedBy: body).isEmpty {
                    entries[begin + offset] = held
                }
            }
        }
        lacking.formUnion(unkept.places)
    }

    /// The entries with their proofs; paths of neighbours have most of their nodes in common, and each is worked out once.
    private func proven() async throws -> [AuditedEntry] {
        let nodes = NodeMemory(log)
        let tree = try AwaitedTree(size: log.size) { level, index in try await nodes.node(level, index) }
        var proven: [AuditedEntry] = []
        for (index, held) in entries.sorted(by: { $0.key < $1.key }) {
            let path = try await tree.inclusionPath(of: index) ?? []
            proven.append(AuditedEntry(index: index, bytes: held.bytes, path: path.map { Blob($0.bytes) }))
            progress(proven.count, entries.count)
        }
        return proven
    }
}
