import Crypto
import Ledger
import Messages
import StoreSQLite
import UpdateTrust
import VerifierService
import VerifierStore

/// What a grant consists of, measured apart.
struct GrantParts {
    private let group: Int
    private let times: [Samples]

    init(_ service: RunningService, group: Int, clients: Int, in directory: String) async throws {
        self.group = group
        let scene = try QuoteScene(.p256())
        let input = scene.input(scene.known)
        let key = P256.Signing.PrivateKey()
        let message = Array("the claims of a grant".utf8)
        func commit(_ name: String, isOnLedger: Bool = true, isArchived: Bool = false) throws -> BareCommit {
            try BareCommit(
                at: "\(directory)/\(name).sqlite",
                like: service.record.file,
                group: group,
                members: clients,
                isOnLedger: isOnLedger,
                isArchived: isArchived
            )
        }
        let whole = try commit("bare")
        let unrecorded = try commit("unrecorded", isOnLedger: false)
        let archived = try commit("archived", isArchived: true)
        let ledger = try await LedgerPart(service, grants: group, entriesPerGrant: whole.rows.entriesPerGrant)
        let archive = try await ArchivePart(service, grants: group)
        times = try alternate([
            Work("appraisal") { AppraisalBench.appraise(input) },
            Work("P-256 signature") { try key.signature(for: message).rawRepresentation.count == 64 },
            Work("group commit", whole.commit),
            Work("group commit without a ledger", unrecorded.commit),
            Work("entries written", ledger.write),
            Work("entries appended", ledger.seal),
            Work("proofs", ledger.prove),
            Work("group commit with the archive", archived.commit),
            Work("bases written", archive.write),
        ])
    }

    func measurements(_ name: String, _ whole: GrantTimes) -> [Measurement] {
        let (grant, requests) = (whole.grant, whole.requests)
        func text(_ value: Double) -> String { String(Int(value.rounded())) }
        func each(_ time: Double) -> Double { time / Double(group) }
        // Every thousandth page or so SQLite copies the write-ahead log into the database: the service pays for it, too.
        let share = each(times[2].mean)
        let (rows, archiveRow) = (share - each(times[3].mean), each(times[7].mean) - share)
        let (appraisal, signature, basis) = (times[0].median, times[1].median, each(times[8].median))
        let (written, sealed, proof) = (each(times[4].median), each(times[5].median), each(times[6].median))
        let ledger = rows + written + sealed + proof
        return [
            Measurement(
                name,
                value: grant.median,
                floor: requests.median + appraisal + signature + share,
                unit: "us",
                aim: 2,
                spread: (grant / requests).spread,
                note: """
                    \(text(requests.median)) two bare TLS requests + \(text(appraisal)) appraisal + \(text(signature)) \
                    signature + \(text(share)) commit share (groups of \(group))
                    """
            ),
            Measurement(
                name + "-ledger",
                value: ledger,
                floor: grant.median - ledger,
                unit: "us",
                aim: 0.1,
                spread: 0,
                note: """
                    the grant without it; for the ledger \(text(written)) writing entries + \(text(sealed)) tree and \
                    checkpoint + \(text(proof)) proof + \(text(rows)) rows by SQLite alone
                    """
            ),
            Measurement(
                name + "-ledger-wait",
                value: written + proof,
                floor: whole.waiting.median,
                unit: "us",
                // Nothing, as far as that can be told.
                aim: 0.01,
                spread: 0,
                note: """
                    what a device waits for challenge and grant, p50; of it for the ledger, beside the commit that is \
                    shared, \(text(written)) writing entries + \(text(proof)) the proof
                    """
            ),
            Measurement(
                name + "-archive",
                value: archiveRow + basis,
                floor: grant.median,
                unit: "us",
                aim: nil,
                spread: 0,
                note: """
                    the whole grant; of it for the archive \(text(basis)) writing what it rested on + \
                    \(text(archiveRow)) its row
                    """
            ),
        ]
    }
}

/// What the ledger does for a group of grants, with the entries that the service wrote last.
private struct LedgerPart {
    private let entries: [WrittenEntry]
    private let tail: LedgerTail
    private let sealer: LedgerSealer
    private let sealed: SealedLedger
    /// A place for each grant.
    private let places: [Int]

    init(_ service: RunningService, grants: Int, entriesPerGrant: Int) async throws {
        let size = try await service.store.ledgerHead().size
        let count = min(size, grants * entriesPerGrant)
        entries = try await service.store.ledgerEntries(size - count..<size).map { entry in
            try WrittenEntry(LedgerEntry(parsing: entry.bytes))
        }
        sealer = LedgerSealer(service.record.materials.checkpointSigner)
        tail = try sealer.seal(.empty, appending: entries).tail
        sealed = try sealer.seal(tail, appending: entries)
        places = stride(from: sealed.size - 1, through: sealed.firstIndex, by: -max(1, entriesPerGrant)).map(\.self)
    }

    func write() throws -> Bool {
        try entries.allSatisfy { try WrittenEntry($0.entry).bytes.count == $0.bytes.count }
    }

    func seal() throws -> Bool {
        try sealer.seal(tail, appending: entries).size == tail.size + entries.count
    }

    func prove() throws -> Bool { try places.allSatisfy { try !sealed.proof(of: $0).bytes.isEmpty } }
}

/// What the archive does for a group of grants, with what the service kept last.
private struct ArchivePart {
    private let kept: [(decision: ArchivedDecision, digest: ContentDigest)]

    init(_ service: RunningService, grants: Int) async throws {
        let bases = try await service.store.bases(in: 0..<Int64.max, after: nil, limit: grants)
        kept = try bases.map { kept in
            (try ArchivedDecision(parsing: kept.basis.body), ContentDigest(of: kept.basis.body))
        }
        guard kept.count == grants else { throw WrongResult(name: "what grants rested on", wrong: 1, of: 1) }
    }

    func write() throws -> Bool {
        try kept.allSatisfy { try ContentDigest(of: $0.decision.bytes) == $0.digest }
    }
}
