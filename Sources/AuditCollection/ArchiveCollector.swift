public import Messages
public import Reappraisal
public import UpdateTrust
public import VerifierClient

/// A decision as the archive has it, and everything that it takes to take it again.
public struct CollectedDecision: Sendable {
    /// The place on the ledger of the entry that states it.
    public let index: Int
    /// All entries that were written with it.
    public let entries: [LedgerEntry]
    /// Takes it again.
    public let reappraiser: Reappraiser

    /// Whom it is about.
    public var instance: InstanceID { reappraiser.archived.state.instance }
    /// When it was taken, in seconds since 1970.
    public var at: Int64 { reappraiser.archived.at }
}

/// Fetches what archived decisions name, each document once.
public struct ArchiveCollector {
    private let client: VerifierClient
    private let prover: EntryProver?
    private let zoneFile: @Sendable (ZoneName) -> [UInt8]?
    private var births = DocumentMemory<InstanceID, InstanceBirth>()
    private var releases = DocumentMemory<ContentDigest, Release>()
    private var policies = DocumentMemory<ContentDigest, JudgedPolicy>()
    private var logs = DocumentMemory<ContentDigest, [UInt8]>()

    /// - Parameters:
    ///   - prover: holds entries to a checkpoint; `nil` where the verifier is believed what stands on its ledger.
    ///   - zoneFile: the time-zone file (RFC 9636) of a zone that a policy's window names.
    public init(
        _ client: VerifierClient,
        provenBy prover: EntryProver? = nil,
        zoneFile: @escaping @Sendable (ZoneName) -> [UInt8]?
    ) {
        self.client = client
        self.prover = prover
        self.zoneFile = zoneFile
    }

    /// Whether a decision was taken since the checkpoint was signed that entries are held to.
    public func isBeyond(_ report: ArchivedReport) -> Bool {
        prover.map { report.index >= $0.size - report.entries.count + 1 } ?? false
    }

    /// Fetches what one decision names.
    /// - Parameter other: the policy to decide by in the place of the one of then.
    /// - Throws: `VerifierClientError`, `MessageError`, `ReappraisalFault`.
    public mutating func decision(
        _ report: ArchivedReport,
        by other: JudgedPolicy? = nil
    ) async throws -> CollectedDecision {
        guard report.index >= 0, report.index <= Int.max - report.entries.count else {
            throw ReappraisalFault.unreadable("\(report.index) is no place on a ledger")
        }
        if let prover {
            for (offset, entry) in report.entries.enumerated() {
                guard try await prover.stands(entry.bytes, at: report.index + offset) else {
                    throw ReappraisalFault.unreadable(
                        "entry \(report.index + offset) is not on the ledger that was signed"
                    )
                }
            }
        }
        let written = try report.entries.map { try WrittenEntry(LedgerEntry(parsing: $0.bytes)) }
        guard let decided = written.decided, let offset = written.firstIndex(of: decided) else {
            throw ReappraisalFault.unreadable("no entry states the decision")
        }
        guard decided.entry.body.basis == ContentDigest(of: report.basis.bytes) else {
            throw ReappraisalFault.unreadable("it is not what the entry says that the decision rests on")
        }
        let archived = try ArchivedDecision(parsing: report.basis.bytes)
        guard decided.entry.instance == archived.state.instance else {
            throw ReappraisalFault.unreadable("entry and evidence are of different instances")
        }
        let needs = try ArchivedNeeds(of: archived)
        var found: [ContentDigest: Release] = [:]
        for manifest in needs.releases.sorted() { found[manifest] = try await release(manifest) }
        var log: [UInt8]?
        if let digest = needs.log { log = try await eventLog(digest) }
        var list: [UInt8]?
        if let digest = needs.list { list = try await client.eventLog(digest) }
        let policy = if let other { other } else { try await self.policy(needs.policy) }
        return CollectedDecision(
            index: report.index + offset,
            entries: written.map(\.entry),
            reappraiser: Reappraiser(
                archived,
                birth: try await birth(needs.instance),
                log: log,
                list: list,
                releases: found,
                policy: policy
            )
        )
    }

    private mutating func birth(_ instance: InstanceID) async throws -> InstanceBirth {
        if let known = births[instance] { return known }
        let birth = try InstanceBirth(parsing: try await client.birth(of: instance).payload.bytes)
        guard birth.facts.instance == instance else { throw ReappraisalFault.missing(.birth(instance)) }
        births.keep(birth, for: instance)
        return birth
    }

    private mutating func release(_ manifest: ContentDigest) async throws -> Release {
        if let known = releases[manifest] { return known }
        let payload = try await client.release(manifest).payload.bytes
        guard ContentDigest(of: payload) == manifest else { throw ReappraisalFault.missing(.release(manifest)) }
        let release = try Release(parsing: payload)
        releases.keep(release, for: manifest)
        return release
    }

    private mutating func policy(_ digest: ContentDigest) async throws -> JudgedPolicy {
        if let known = policies[digest] { return known }
        let bytes = try await client.policyFile(digest, limit: Policy.maximumSize)
        guard ContentDigest(of: bytes) == digest else { throw ReappraisalFault.missing(.policy(digest)) }
        let policy = try JudgedPolicy(parsing: bytes, zoneFile: zoneFile)
        policies.keep(policy, for: digest)
        return policy
    }

    private mutating func eventLog(_ digest: ContentDigest) async throws -> [UInt8] {
        if let known = logs[digest] { return known }
        guard let log = try await client.eventLog(digest) else { throw ReappraisalFault.missing(.log(digest)) }
        logs.keep(log, for: digest)
        return log
    }
}

/// Documents that were fetched; forgotten all at once when they become many.
private struct DocumentMemory<Key: Hashable & Sendable, Document: Sendable> {
    private var documents: [Key: Document] = [:]
    private static var limit: Int { 256 }

    subscript(_ key: Key) -> Document? { documents[key] }

    mutating func keep(_ document: Document, for key: Key) {
        if documents.count >= Self.limit { documents = [:] }
        documents[key] = document
    }
}
