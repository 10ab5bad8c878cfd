import Crypto
import FoundationEssentials
import GRDB
import Ledger
import Messages
import TemporaryDirectories
import Testing
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import StoreSQLite
@testable import VerifierService

/// A record that somebody changed behind the verifier's back must not be served from.
@Suite struct LedgerAuditTests {
    let home: TemporaryDirectory
    let directory: VerifierDirectory
    let factory: TestFactory

    init() throws {
        factory = try TestFactory()
        (home, directory) = try TestVerifier.prepared(factory: factory)
    }

    private var database: String { directory.file("verifier.sqlite") }

    /// Lets a device attest a few times, so that there is a ledger.
    private func fill(_ times: Int = 5) async throws {
        let device = try SoftwareKeyDevice(serial: "SN-\(UInt64.random(in: 0 ... .max))")
        try await TestVerifier.serve(directory) { service in
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                for _ in 0..<times { _ = try await client.attest(device) }
            }
        }
    }

    private func tamper(_ sql: String) async throws {
        let queue = try DatabaseQueue(path: database)
        try await queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    private func refusal() async throws -> SetupError {
        do {
            try await TestVerifier.serve(directory) { _ in }
        } catch let error as SetupError { return error }
        throw Missing()
    }

    @Test func soundLedgerIsServed() async throws {
        try await fill()
        try await TestVerifier.serve(directory) { service in
            let size = try await service.store.ledgerHead().size
            #expect(size == 12)
            #expect(service.verifier.metrics.value(.ledgerSize) == 12)
        }
    }

    @Test func attack71_entryChanged() async throws {
        try await fill()
        try await tamper("UPDATE ledger_entry SET bytes = CAST('{}' AS BLOB) WHERE number = 7")
        let error = try await refusal()
        #expect(error.message.contains("entry 7 "))
        #expect(error.hint != nil)
    }

    @Test func attack71_firstOfSeveralIsNamed() async throws {
        try await fill()
        try await tamper("UPDATE ledger_entry SET bytes = CAST('{}' AS BLOB) WHERE number IN (3, 9, 5)")
        #expect(try await refusal().message.contains("entry 3 "))
    }

    @Test func attack71_entryChangedWithItsLeaf() async throws {
        try await fill()
        let leaf = LowercaseHex.encode(TreeHash.leaf(Array("{}".utf8)).bytes)
        let number = try #require(NodePlace(level: 0, index: 7).number)
        try await tamper(
            """
            UPDATE ledger_entry SET bytes = CAST('{}' AS BLOB) WHERE number = 7;
            UPDATE ledger_node SET hash = x'\(leaf)' WHERE number = \(number)
            """
        )
        #expect(try await refusal().message.contains("level 1"))
    }

    @Test func attack71_wholeTreeRewritten() async throws {
        try await fill()
        let store = try SQLiteStore.open(at: database)
        let size = try await store.ledgerHead().size
        var frontier = TreeFrontier()
        var statements = ["DELETE FROM ledger_node"]
        for index in 0..<size {
            let bytes = index == 7 ? Array("{}".utf8) : try await store.ledgerEntries(index..<index + 1)[0].bytes
            for node in frontier.append(.leaf(bytes)) {
                let number = try #require(node.place.number)
                statements.append(
                    "INSERT INTO ledger_node VALUES (\(number), x'\(LowercaseHex.encode(node.hash.bytes))')"
                )
            }
        }
        try store.close()
        statements.append("UPDATE ledger_entry SET bytes = CAST('{}' AS BLOB) WHERE number = 7")
        try await tamper(statements.joined(separator: ";"))
        #expect(try await refusal().message.contains("root"))
    }

    @Test func attack71_truncated() async throws {
        try await fill()
        try await tamper("DELETE FROM ledger_entry WHERE number = 11")
        #expect(try await refusal().message.contains("entry 11 "))
    }

    @Test func attack71_entryBehindTheEnd() async throws {
        try await fill()
        try await tamper("INSERT INTO ledger_entry VALUES (12, CAST('{}' AS BLOB))")
        #expect(try await refusal().message.contains("entry 12 "))
    }

    /// What operators took back stands on the ledger, and beside it in a record that nobody has signed: the check compares them.
    @Test func attack71_theRecordGivesBackWhatWasTaken() async throws {
        let releases = TestReleases()
        let (home, directory) = try TestVerifier.prepared(factory: factory, releases: releases)
        defer { withExtendedLifetime(home) {} }
        let (device, other) = (try SoftwareKeyDevice(serial: "SN-1"), try SoftwareKeyDevice(serial: "SN-2"))
        try await TestVerifier.serve(directory) { service in
            try await service.importBirth(of: device, by: factory)
            try await service.importBirth(of: other, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            _ = try await service.operating(as: .releaseManager) {
                try await $0.withdrawRelease(package.manifest, try remark("broken"))
            }
            _ = try await service.operating(as: .operator) {
                try await $0.act(.retire, on: device.serial, try remark("scrapped"))
            }
            _ = try await service.operating(as: .operator) {
                try await $0.act(.suspend, on: other.serial, try remark("lost"))
            }
            _ = try await service.operating(as: .operator) {
                try await $0.act(.reinstate, on: other.serial, try remark("found"))
            }
            _ = try await service.operating(as: .operator) {
                try await $0.act(.suspend, on: other.serial, try remark("lost again"))
            }
        }
        let sound = await directory.check().filter { $0.grade == .fault }
        #expect(sound.isEmpty, "\(sound)")
        for (sql, found) in [
            (
                "UPDATE state SET body = CAST(REPLACE(CAST(body AS TEXT), '\"suspended\"', '\"trusted\"') AS BLOB)",
                " stops "
            ),
            (
                "UPDATE state SET body = CAST(REPLACE(CAST(body AS TEXT), '\"retired\"', '\"trusted\"') AS BLOB)",
                " retires "
            ),
            (
                "UPDATE release SET withdrawn_at = NULL, withdrawn_by = NULL, withdrawn_because = NULL",
                "takes the release"
            ),
        ] {
            let queue = try DatabaseQueue(path: directory.file("verifier.sqlite"))
            try await queue.write { try $0.execute(sql: sql) }
            try queue.close()
            let faults = await directory.check().filter { $0.grade == .fault }
            #expect(faults.count == 1 && faults.first?.text.contains(found) == true, "\(faults)")
        }
    }

    @Test func attack71_checkpointOfAnotherKey() async throws {
        try await fill()
        let forger = try CheckpointSigner(origin: "test/ledger", privateKey: .init())
        let store = try SQLiteStore.open(at: database)
        let stored = try SignedCheckpoint(parsing: try await store.ledgerHead().checkpoint.found()).claimed
        try store.close()
        let forged = try forger.sign(size: stored.size, root: stored.root)
        try await tamper("UPDATE ledger_head SET checkpoint = x'\(LowercaseHex.encode(forged.bytes))'")
        #expect(try await refusal().message.contains("checkpoint"))
    }

    @Test func attack71_restoredBackupIsNoticed() async throws {
        try await fill(2)
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: database + suffix) {
            try FileManager.default.copyItem(atPath: database + suffix, toPath: home.path + "/backup" + suffix)
        }
        try await fill(3)
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: database + suffix)
            if FileManager.default.fileExists(atPath: home.path + "/backup" + suffix) {
                try FileManager.default.copyItem(atPath: home.path + "/backup" + suffix, toPath: database + suffix)
            }
        }
        let error = try await refusal()
        #expect(error.message.contains("does not continue"))
        #expect(error.hint?.contains("backup") == true)
    }

    @Test func ledgerIsReadAsStrangersReadIt() async throws {
        try await fill()
        try await TestVerifier.serve(directory) { service in
            let key = try VerifierKey(parsing: service.trust.ledgerKey)
            let identity = try HTTPProbe.identity(.auditor, of: service)
            try await HTTPProbe.with(service, identity: identity) { probe in
                let note = try SignedCheckpoint(parsing: try await probe.send("GET", "/ledger/checkpoint").body)
                let checkpoint = try note.verify(logKey: key).get().checkpoint
                let width = checkpoint.size
                let bundle = try await probe.send("GET", "/ledger/tile/entries/000.p/\(width)")
                let entries = try EntryBundle.parse(bundle.body, width: width)
                let tile = try await probe.send("GET", "/ledger/tile/0/000.p/\(width)")
                #expect(try HashTile.parse(tile.body, width: width) == entries.map(\.leafHash))
                var frontier = TreeFrontier()
                for entry in entries { _ = frontier.append(entry.leafHash) }
                #expect(frontier.root == checkpoint.root)
                for (index, entry) in entries.enumerated() {
                    let proof = try LogProof(parsing: try await probe.send("GET", "/v1/ledger/proof/\(index)").body)
                    let verdict = proof.verify(entry: entry, logKey: key)
                    #expect(throws: Never.self) { try verdict.get() }
                    let bytes = try await probe.send("GET", "/v1/ledger/entries/\(index)").body
                    #expect(bytes == entry.bytes)
                }
                let beyond = try await probe.send("GET", "/v1/ledger/entries/\(width)")
                #expect(beyond.status == 404)
                let wider = try await probe.send("GET", "/ledger/tile/entries/000.p/\(width + 1)")
                #expect(wider.status == 404)
            }
        }
    }
}
