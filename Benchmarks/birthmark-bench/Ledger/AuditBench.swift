import Audit
import AuditCollection
import Crypto
import DurableFiles
import FoundationEssentials
import Ledger
import Messages
import StoreSQLite
import UpdateTrust
import VerifierClient
import VerifierService
import VerifierStore

/// An audit bundle judged off line, against its hashes and signatures alone; and what taking it costs.
enum AuditBench {
    static let suites = [Suite(name: "ledger-audit", in: .ledger, minutes: 0.3, run: run)]

    private static let clients = 16
    private static let grants = 40 * clients
    private static let rounds = 9

    private static func run(_ name: String) async throws -> [Measurement] {
        let fleet = try Fleet()
        return try await withTemporaryDirectory { directory in
            let record = try await FleetRecord.make(in: directory + "/verifier", fleet: fleet, members: clients)
            return try await RunningService.with(record) { service in
                let servers = [("service", service.trust)]
                try await LoadProcess.with(clients: clients, servers: servers, in: directory) { fleet in
                    _ = try await fleet.cost(
                        LoadOrder(server: 0, work: .grant, requests: grants, devices: clients, population: clients)
                    )
                }
                let (bundle, taking) = try await take(service)
                return try measure(name, bundle, service.trust, taking: taking)
            }
        }
    }

    /// A bundle of the whole ledger, as an auditor takes it.
    private static func take(_ service: RunningService) async throws -> (bundle: AuditBundle, taking: WorkTimes) {
        let place = try OperatorAuthority.issue(
            Label(bench: "auditor"),
            roles: [.auditor],
            days: 1,
            in: service.record.directory,
            now: Int64(Date().timeIntervalSince1970)
        )
        let identity = try OperatorIdentity(
            certificate: BoundedFile.read(place + "/cert.pem", limit: OperatorIdentity.maximumSize),
            key: BoundedFile.read(place + "/key.pem", limit: OperatorIdentity.maximumSize)
        )
        let head = try await service.store.ledgerHead()
        let signed = try SignedCheckpoint(parsing: head.checkpoint ?? [])
        return try await VerifierClient.with(service.trust, identity: identity) { client in
            var taken: AuditBundle?
            let times = try await WorkTimes.of {
                var collector = AuditCollector(client, signed)
                taken = try await collector.bundle(about: .entries(0..<head.size))
            }
            guard let taken else { throw WrongResult(name: "a bundle", wrong: 1, of: 1) }
            return (taken, times)
        }
    }

    private static func measure(
        _ name: String,
        _ bundle: AuditBundle,
        _ trust: TrustBundle,
        taking: WorkTimes
    ) throws -> [Measurement] {
        var bytes: [UInt8] = []
        try bundle.write { bytes += $0 }
        let auditor = Auditor(
            AuditAnchors(
                verifier: try Label(bench: trust.verifier),
                ledgerKeys: [try VerifierKey(parsing: trust.ledgerKey)],
                grantKeys: trust.grantKeys,
                releaseKeys: nil
            ),
            time: { String($0) }
        )
        let least = try Least(bundle, trust)
        var (judged, bare) = (Samples(), Samples())
        let count = Double(bundle.entries.count)
        for _ in 0..<rounds {
            let start = CPUClock.thread.now
            let report = auditor.judge(try AuditBundle(parsing: bytes))
            let middle = CPUClock.thread.now
            guard report.isProven else {
                throw WrongResult(
                    name: "\(report.findings.first.map(String.init(describing:)) ?? name)",
                    wrong: 1,
                    of: 1
                )
            }
            guard least.verify() else { throw WrongResult(name: name + ", the floor", wrong: 1, of: 1) }
            judged.append(Double(middle - start) / count / 1_000)
            bare.append(Double(CPUClock.thread.now - middle) / count / 1_000)
        }
        let note =
            "each entry's path hashed, each grant's signature checked; \(bundle.entries.count) entries, \(bytes.count >> 10) KiB"
        return [
            Measurement(name + "-verify-entry", judged, against: bare, aim: nil, note: note),
            Measurement(
                name + "-take-entry",
                value: taking.processor / count,
                floor: bare.median,
                unit: "us",
                aim: nil,
                spread: 0,
                note: "the same; auditor and verifier together, over TLS"
            ),
        ]
    }

    /// What no judging of the bundle can do without.
    private struct Least {
        let root: TreeHash
        let entries: [(bytes: [UInt8], proof: InclusionProof)]
        let grants: [(message: [UInt8], signature: [UInt8])]
        let key: StatementKey

        init(_ bundle: AuditBundle, _ trust: TrustBundle) throws {
            let tree = bundle.checkpoint.claimed
            root = tree.root
            entries = bundle.entries.map { entry in
                let path = entry.path.compactMap { TreeHash($0.bytes) }
                return (entry.bytes.bytes, InclusionProof(index: entry.index, size: tree.size, path: path))
            }
            grants = bundle.documents.grants.compactMap { compact in
                guard let end = compact.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
                let signature = Base64URL.decode(compact[compact.index(after: end)...])
                return signature.map { (Array(compact.utf8[..<end]), $0) }
            }
            guard let key = trust.grantKeys.first, grants.count == bundle.documents.grants.count else {
                throw WrongResult(name: "grants", wrong: 1, of: 1)
            }
            self.key = key
        }

        func verify() -> Bool {
            entries.allSatisfy { $0.proof.verifies(leaf: .leaf($0.bytes), root: root) }
                && grants.allSatisfy { key.isValid(signature: $0.signature, over: $0.message) }
        }
    }
}
