import DurableFiles
import Ledger
import Messages
import Reappraisal
import Testing
import UpdateTrust
import VerifierStore

/// Takes what a record has archived again, from nothing but what the record has.
struct Retaking {
    let store: any VerifierStore

    /// Whatever a test makes a verifier decide, the archive has what it takes to decide the same again.
    func check() async throws {
        for kept in try await store.bases(in: 0..<Int64.max, after: nil, limit: 100) {
            let entries = try await store.ledgerEntries(kept.entries).map { try LedgerEntry(parsing: $0.bytes) }
            let compared = ComparedDecision(entries, try await reappraiser(kept).retake())
            #expect(compared.differences.isEmpty, "\(entries.map(\.body.type)): \(compared.differences)")
            #expect(entries.compactMap(\.body.basis) == [ContentDigest(of: kept.basis.body)])
        }
    }

    func reappraiser(_ kept: KeptBasis) async throws -> Reappraiser {
        let archived = try ArchivedDecision(parsing: kept.basis.body)
        let needs = try ArchivedNeeds(of: archived)
        var releases: [ContentDigest: Release] = [:]
        for manifest in needs.releases {
            releases[manifest] = try Release(parsing: try await store.release(manifest).found().payload)
        }
        var log: [UInt8]?
        if let digest = needs.log { log = try await store.log(digest) }
        var list: [UInt8]?
        if let digest = needs.list { list = try await store.measuredList(digest) }
        let policy = try await store.policy(needs.policy).found().bytes
        return Reappraiser(
            archived,
            birth: try InstanceBirth(parsing: try await store.birth(of: needs.instance).found().payload),
            log: log,
            list: list,
            releases: releases,
            policy: try JudgedPolicy(parsing: policy) { ZoneInfo.file(of: $0.text) }
        )
    }
}
