import HTTPService
import Ledger
import Messages
import VerifierStore

/// What decisions rested on, for whoever takes them again.
extension Verifier {
    /// `GET /v1/archive/{digest}`: by the digest of the entry that states the decision.
    func showArchived(_ exchange: Exchange) async throws -> Answer {
        guard let entry = ContentDigest(try exchange.parameter("digest")), let kept = try await store.basis(of: entry)
        else { throw ServiceProblem.notFound }
        return try .json(try await report(kept))
    }

    /// `GET /v1/archive?from=T&to=T&after=MARK`: the decisions of a span of time, in seconds since 1970.
    func listArchived(_ exchange: Exchange) async throws -> Answer {
        guard let from = exchange.query["from"].flatMap({ Int64($0) }),
            let to = exchange.query["to"].flatMap({ Int64($0) }),
            from <= to
        else { throw ServiceProblem.malformed("\"from\" and \"to\" are seconds since 1970") }
        let after = try exchange.query["after"].map { text throws(ServiceProblem) in
            guard let mark = ArchivePage.Mark(text) else {
                throw ServiceProblem.malformed("\"after\" is no place in the archive")
            }
            return ArchivePlace(at: mark.at, number: mark.index)
        }
        let limit = ArchivePage.maximumDecisions
        let found = try await store.bases(in: from..<to, after: after, limit: limit + 1)
        var page = ArchivePage(decisions: [], next: nil)
        var size = 0
        for kept in found.prefix(limit) where size < ArchivePage.fullSize {
            size += kept.basis.body.count
            page.decisions.append(try await report(kept))
        }
        if page.decisions.count < found.count {
            page.next = found.prefix(page.decisions.count).last.map { last in
                ArchivePage.Mark(at: last.place.at, index: last.place.number)
            }
        }
        return try .json(page)
    }

    /// `GET /v1/logs/{digest}`: an event log, or a list of what Linux measured.
    func showLog(_ exchange: Exchange) async throws -> Answer {
        guard let digest = ContentDigest(try exchange.parameter("digest")) else { throw ServiceProblem.notFound }
        if let log = try await store.log(digest) { return Answer(mediaType: "application/octet-stream", body: log) }
        guard let list = try await store.measuredList(digest) else { throw ServiceProblem.notFound }
        return Answer(mediaType: "application/octet-stream", body: list)
    }

    private func report(_ kept: KeptBasis) async throws -> ArchivedReport {
        let entries = try await store.ledgerEntries(kept.entries)
        return ArchivedReport(index: kept.entries.lowerBound, entries: entries.map(\.bytes), basis: kept.basis.body)
    }
}
