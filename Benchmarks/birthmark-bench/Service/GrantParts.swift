import Crypto
import Ledger
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
        func commit(_ name: String, isOnLedger: Bool) throws -> BareCommit {
            try BareCommit(
                at: "\(directory)/\(name).sqlite",
                like: service.record.file,
                group: group,
                members: clients,
                isOnLedger: isOnLedger
            )
        }
        let whole = try commit("bare", isOnLedger: true)
        let unrecorded = try commit("unrecorded", isOnLedger: false)
        let ledger = try await LedgerPart(service, grants: group, entriesPerGrant: whole.rows.entriesPerGrant)
        times = try alternate([
            Work("appraisal") { AppraisalBench.appraise(input) },
            Work("P-256 signature") { try key.signature(for: message).rawRepresentation.count == 64 },
            Work("group commit", whole.commit),
            Work("group commit without a ledger", unrecorded.commit),
            Work("entries written", ledger.write),
            Work("entries appended", ledger.seal),
        ])
    }

    func measurements(_ name: String, _ grant: Samples, _ requests: Samples) -> [Measurement] {
        func text(_ value: Double) -> String { String(Int(value.rounded())) }
        func each(_ samples: Samples) -> Double { samples.median / Double(group) }
        let (appraisal, signature, share) = (times[0].median, times[1].median, each(times[2]))
        let (rows, written, sealed) = (share - each(times[3]), each(times[4]), each(times[5]))
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
                value: rows + written + sealed,
                floor: grant.median,
                unit: "us",
                aim: 0.1,
                spread: (grant / requests).spread,
                note: """
                    the whole grant; of it for the ledger \(text(written)) writing entries + \(text(sealed)) tree and \
                    checkpoint + \(text(rows)) rows
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

    init(_ service: RunningService, grants: Int, entriesPerGrant: Int) async throws {
        let size = try await service.store.ledgerHead().size
        let count = min(size, grants * entriesPerGrant)
        entries = try await service.store.ledgerEntries(size - count..<size).map { entry in
            try WrittenEntry(LedgerEntry(parsing: entry.bytes))
        }
        sealer = LedgerSealer(service.record.materials.checkpointSigner)
        tail = try sealer.seal(.empty, appending: entries).tail
    }

    func write() throws -> Bool {
        try entries.allSatisfy { try WrittenEntry($0.entry).bytes.count == $0.bytes.count }
    }

    func seal() throws -> Bool {
        try sealer.seal(tail, appending: entries).size == tail.size + entries.count
    }
}
