public import Messages
import UpdateTrust
public import VerifierClient

/// Asks a verifier's archive for decisions, one after the other.
public struct ArchiveReader {
    private enum Source {
        /// Entries that state decisions, the next one last.
        case entries([ContentDigest])
        case span(Range<Int64>, after: ArchivePage.Mark?)
        case end
    }

    private let client: VerifierClient
    private var source: Source
    /// Decisions that were fetched already, the next one last.
    private var waiting: [ArchivedReport] = []
    /// Decisions of which the archive keeps nothing, or nothing any more.
    public private(set) var unkept = 0
    /// How far it has come, of how much.
    public private(set) var progress: (done: UInt64, all: UInt64)

    /// Reads the decisions about one instance, in the order of the ledger.
    public init(_ client: VerifierClient, about instance: InstanceID) async throws {
        self.client = client
        var entries: [ContentDigest] = []
        var from: Int? = 0
        while let start = from {
            let page = try await client.ledgerPage(about: LedgerSubject.instance(instance).path, from: start)
            for line in page.entries {
                let entry = try LedgerEntry(parsing: line.bytes.bytes)
                guard entry.instance == instance else {
                    throw VerifierClientError.malformedAnswer("entry \(line.index) is not of instance \(instance)")
                }
                if entry.body.restsOnEvidence { entries.append(ContentDigest(of: line.bytes.bytes)) }
            }
            guard page.next ?? .max > start else { throw AuditCollector.Confused() }
            from = page.next
        }
        source = .entries(entries.reversed())
        progress = (0, UInt64(entries.count))
    }

    /// Reads the decisions of a span of time, in seconds since 1970.
    public init(_ client: VerifierClient, of times: Range<Int64>) {
        self.client = client
        source = .span(times, after: nil)
        progress = (0, UInt64(clamping: times.upperBound &- times.lowerBound))
    }

    /// The next decision; `nil` when there are no more.
    public mutating func next() async throws -> ArchivedReport? {
        while true {
            if let report = waiting.popLast() { return report }
            switch source {
            case .entries(var entries):
                guard let entry = entries.popLast() else {
                    source = .end
                    continue
                }
                source = .entries(entries)
                progress.done += 1
                guard let report = try await client.archived(entry) else {
                    unkept += 1
                    continue
                }
                // One sound decision would else stand for all that are asked for.
                guard report.entries.contains(where: { ContentDigest(of: $0.bytes) == entry }) else {
                    throw VerifierClientError.malformedAnswer(
                        "it is of another decision than the one that was asked for"
                    )
                }
                return report
            case .span(let times, let mark):
                let page = try await client.archive(times, after: mark)
                waiting = page.decisions.reversed()
                guard let next = page.next else {
                    source = .end
                    progress.done = progress.all
                    continue
                }
                let goesOn = mark.map { ($0.at, $0.index) < (next.at, next.index) } ?? true
                guard goesOn, !page.decisions.isEmpty else { throw AuditCollector.Confused() }
                source = .span(times, after: next)
                progress.done = UInt64(clamping: next.at &- times.lowerBound)
            case .end: return nil
            }
        }
    }
}
