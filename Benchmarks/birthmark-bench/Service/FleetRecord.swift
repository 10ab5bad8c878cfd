import CommandLineContract
import Crypto
import FoundationEssentials
import Ledger
import Messages
import StoreSQLite
import UpdateTrust
import VerifierService
import VerifierStore

/// A verifier's directory with a fleet and a release on its record, as if they had been judged.
struct FleetRecord: Sendable {
    let materials: VerifierMaterials
    let fleet: Fleet
    /// How many devices.
    let members: Int
    /// What their births added to the file, in bytes.
    let bytes: Int
    /// What the births took, in seconds.
    let seconds: Double

    var directory: VerifierDirectory { materials.directory }
    var file: String { directory.database(materials.configuration) }

    // Large, so that the disk is synchronised seldom; what is written is the same.
    private static let group = 4_000

    /// Makes it, births through the store's commits.
    static func make(in path: String, fleet: Fleet, members: Int) async throws -> FleetRecord {
        let materials = try setUp(VerifierDirectory(path))
        let file = materials.directory.database(materials.configuration)
        let start = try await writing(file, materials) { try await register(fleet, $0) }
        let before = try size(of: file)
        _ = try await writing(file, materials) { try await fill($0, fleet, members) }
        return FleetRecord(
            materials: materials,
            fleet: fleet,
            members: members,
            bytes: try size(of: file) - before,
            seconds: (ContinuousClock.now - start) / .seconds(1)
        )
    }

    /// The record, open to be written.
    private struct Writer {
        let store: SQLiteStore
        let materials: VerifierMaterials

        func commit(_ changes: [StoreChange]) async throws {
            let receipt = try await store.commit(changes, sealer: LedgerSealer(materials.checkpointSigner))
            let wrong = receipt.outcomes.filter { if case .committed = $0 { false } else { true } }.count
            guard wrong == 0 else { throw WrongResult(name: "the record", wrong: wrong, of: changes.count) }
        }
    }

    /// - Returns: when it was done.
    private static func writing(
        _ file: String,
        _ materials: VerifierMaterials,
        _ body: (Writer) async throws -> Void
    ) async throws -> ContinuousClock.Instant {
        let store = try SQLiteStore.open(at: file)
        try await body(Writer(store: store, materials: materials))
        if let checkpoint = try await store.ledgerHead().checkpoint {
            try Data(checkpoint).write(to: URL(filePath: materials.directory.lastCheckpoint))
        }
        try store.close()
        return .now
    }

    private static func size(of file: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
    }

    /// What `init` makes, and limits that let one address ask as much as a fleet.
    private static func setUp(_ directory: VerifierDirectory) throws -> VerifierMaterials {
        var options = DirectorySetup.Options()
        options.name = try Label(bench: "bench")
        options.listen = "127.0.0.1:0"
        let policy = [UInt8](try Data(contentsOf: URL(filePath: "Provisioning/policies/default.json")))
        try DirectorySetup(directory, options, now: now).run(
            defaultPolicy: policy,
            storeExists: { FileManager.default.fileExists(atPath: directory.database($0)) },
            makeStore: { try SQLiteStore.create(at: directory.database($0)).close() }
        )
        let file = URL(filePath: directory.configuration)
        var configuration = try VerifierConfiguration(parsing: [UInt8](Data(contentsOf: file)))
        configuration.limits.requestsPerSecond = 1_000_000
        configuration.limits.requestBurst = 1_000_000
        try Data(EditedJSON.encode(configuration)).write(to: file)
        return try VerifierMaterials(directory)
    }

    private static func register(_ fleet: Fleet, _ record: Writer) async throws {
        let name = record.materials.configuration.name
        let release = StoreChange.release(
            StoredRelease(
                manifest: fleet.manifest,
                envelope: try CanonicalJSON.encode(
                    SignedEnvelope(
                        payload: fleet.payload,
                        payloadType: Release.payloadType,
                        signers: [.p256(P256.Signing.PrivateKey())]
                    )
                ),
                payload: fleet.payload,
                addedAt: now,
                addedBy: name
            ),
            entry: try WrittenEntry(
                LedgerEntry(
                    at: now,
                    actor: Actor(.operator, name),
                    body: .release(ReleaseEntry(manifest: fleet.manifest, release: fleet.release))
                )
            )
        )
        try await record.commit([release, .log(StoredLog(fleet.machine.log))])
    }

    private static func fill(_ record: Writer, _ fleet: Fleet, _ members: Int) async throws {
        let bar = ProgressBar("births")
        defer { bar.finish() }
        let name = record.materials.configuration.name
        var made = try await births(0..<min(group, members), fleet, by: name)
        for first in stride(from: 0, to: members, by: group) {
            let next = min(first + group, members)..<min(first + 2 * group, members)
            // While one processor writes, the other makes what is written next.
            async let following = births(next, fleet, by: name)
            try await record.commit(made)
            made = try await following
            bar.update(UInt64(next.lowerBound), of: UInt64(members))
        }
    }

    @concurrent private static func births(
        _ numbers: Range<Int>,
        _ fleet: Fleet,
        by name: Label
    ) async throws
        -> [StoreChange]
    {
        let station = StatementSigner.p256(P256.Signing.PrivateKey())
        return try numbers.map { number in
            let record = try FleetMember(number, of: fleet).record
            let payload = try CanonicalJSON.encode(record)
            let envelope = try SignedEnvelope(
                payload: payload,
                payloadType: BirthRecord.payloadType,
                signers: [station]
            )
            let digest = ContentDigest(of: payload)
            return .birth(
                BirthImport(
                    birth: StoredBirth(
                        envelope: try CanonicalJSON.encode(envelope),
                        payload: payload,
                        importedAt: now
                    ),
                    record: digest,
                    serial: record.serial,
                    endorsementKey: record.ek.name.bytes,
                    transition: try .birth(of: record, payload: digest, at: now, by: name),
                    log: nil
                )
            )
        }
    }

    private static var now: Int64 { Int64(Date().timeIntervalSince1970) }
}
