import Audit
import DurableFiles
import FoundationEssentials
import GRDB
import Ledger
import LedgerFiles
import Messages
import StoreSQLite
import Subprocess
import TemporaryDirectories
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// A record that was lost and put back: what it has forgotten is said, and nothing is believed on its word alone.
@Suite struct RecoveryTests {
    let home: TemporaryDirectory
    let directory: VerifierDirectory
    let factory: TestFactory

    init() throws {
        factory = try TestFactory()
        (home, directory) = try TestVerifier.prepared(factory: factory)
    }

    private var database: String { directory.file("verifier.sqlite") }
    private var backup: String { home.path + "/backup" }

    @discardableResult
    private func backUp() async throws -> RecordBackup.Report {
        try await RecordBackup(directory).run(to: backup) { _, file in
            try await SQLiteStore.open(at: database).copy(into: file)
        }
    }

    private func restore(copy: String? = nil) async throws -> RecordRestore.Report {
        try await RecordRestore.byAlice(directory, from: backup, copy: copy)
    }

    private func refusal(_ body: () async throws -> Void) async throws -> SetupError {
        do { try await body() } catch let error as SetupError { return error }
        throw Missing()
    }

    private func attest(_ devices: SoftwareKeyDevice..., times: Int = 1) async throws {
        try await TestVerifier.serve(directory) { service in
            try await service.anonymous { client in
                for device in devices {
                    for _ in 0..<times { _ = try await client.attest(device) }
                }
            }
        }
    }

    private func born(_ serial: String) async throws -> SoftwareKeyDevice {
        let device = try SoftwareKeyDevice(serial: serial)
        try await TestVerifier.serve(directory) { service in
            try await service.importBirth(of: device, by: factory)
        }
        return device
    }

    private func head() async throws -> LedgerHead { try await SQLiteStore.head(at: database) }

    private func state(of device: SoftwareKeyDevice, _ service: TestVerifier) async throws -> InstanceState {
        try await service.store.snapshot(of: device.instance, release: nil).found().state
    }

    @Test func putBackByHandItIsRefusedAndInTheOpenItIsServed() async throws {
        let device = try await born("SN-1")
        let (made, challenge) = try await TestVerifier.serve(directory) { service in
            try await service.anonymous { client in
                _ = try await client.attest(device)
                // While it is served.
                let made = try await backUp()
                _ = try await client.attest(device)
                return (made, try await client.challenge(device, .attest).challenge)
            }
        }
        let lost = try await head().size
        #expect(made.entries == lost - 2 && made.root != nil && made.bytes > 0)

        for companion in ["-wal", "-shm"] { try AtomicFile.remove(database + companion) }
        try AtomicFile.remove(database)
        try AtomicFile.copy(backup, to: database)
        let refused = try await refusal { try await TestVerifier.serve(directory) { _ in } }
        #expect(refused.message.contains("does not continue"))

        let report = try await restore()
        #expect(report.entries == made.entries && report.lostSize == lost && report.lostRoot != nil)
        #expect(report.ended == 1 && report.stopped == 0 && report.copied == nil)
        #expect(report.kept == database + ".lost-1")
        try await TestVerifier.serve(directory) { service in
            let logged = try await service.store.ledgerEntries(made.entries..<made.entries + 2)
            let entries = try logged.map { try LedgerEntry(parsing: $0.bytes) }
            guard case .recovery(let said) = entries[0].body, case .lease(let lease) = entries[1].body else {
                Issue.record("\(entries)")
                return
            }
            #expect(said.size == made.entries && said.lostSize == lost && said.by.text == "alice")
            #expect(lease.event == .ended && lease.cause == .recordRecovered)
            #expect(try await state(of: device, service).lease == nil)
            try await service.anonymous { client in
                let stale = try await problem {
                    try await client.decide(device.evidence(for: device.request(.attest, challenge: challenge)))
                }
                #expect(stale.kind == .notAuthentic)
                _ = try await client.attest(device)
            }
            #expect(try await state(of: device, service).lease != nil)
            let size = try await service.store.ledgerHead().size
            let judged = Auditor.judge(try await service.audit(.entries(0..<size)), try service.anchors(factory))
            #expect(judged.isProven, "\(judged.findings)")
            let told = judged.timeline.first { $0.type == "record-recovery" }
            #expect(told?.says.contains("put back by alice from a backup of \(made.entries) entries") == true)
            #expect(told?.says.contains("the lost record had \(lost) at least") == true)
        }
    }

    @Test func aCopyOfTheLedgerKnowsWhoWasStoppedSince() async throws {
        let devices = [try await born("SN-1"), try await born("SN-2"), try await born("SN-3")]
        try await attest(devices[0], devices[1], devices[2])
        try await backUp()
        let copy = home.path + "/copy"
        let late = try SoftwareKeyDevice(serial: "SN-4")
        try await TestVerifier.serve(directory) { service in
            try await service.importBirth(of: late, by: factory)
            try await service.operating(as: .operator) { client in
                _ = try await client.act(.retire, on: devices[0].serial, try remark("scrapped"))
                _ = try await client.act(.suspend, on: devices[1].serial, try remark("stolen"))
                _ = try await client.act(.suspend, on: late.serial, try remark("stolen too"))
            }
            try await service.anonymous { client in
                let mirror = LedgerMirror(
                    LedgerDirectory(copy),
                    logKeys: [try VerifierKey(parsing: service.trust.ledgerKey)]
                )
                let signed = try SignedCheckpoint(parsing: try await client.ledgerFile("checkpoint"))
                _ = try await mirror.update(to: signed) { path in try await client.ledgerFile(path) }
            }
        }
        let lost = try await head().size
        let report = try await restore(copy: copy)
        #expect(report.copied == lost && report.lostSize == lost)
        #expect(report.stopped == 2 && report.unknown == 1 && report.ended == 3)
        try await TestVerifier.serve(directory) { service in
            let lifecycles = [
                try await state(of: devices[0], service).lifecycle, try await state(of: devices[1], service).lifecycle,
                try await state(of: devices[2], service).lifecycle,
            ]
            #expect(lifecycles == [.retired, .suspended, .trusted])
            try await service.anonymous { client in
                let retired = try await problem { try await client.attest(devices[0]) }
                #expect(retired.reasons == ["retired"])
                _ = try await client.attest(devices[2])
            }
            let judged = Auditor.judge(
                try await service.audit(.instance(devices[0].instance)),
                try service.anchors(factory)
            )
            #expect(judged.isProven, "\(judged.findings)")
        }
    }

    @Test func aCopyThatWasChangedIsNotBelieved() async throws {
        let device = try await born("SN-1")
        try await backUp()
        try await attest(device, times: 2)
        let copy = home.path + "/copy"
        let store = try SQLiteStore.open(at: database)
        let head = try await store.ledgerHead()
        var entries = try await store.ledgerEntries(0..<head.size)
        try store.close()
        let checkpoint = try head.checkpoint.found()
        // The checkpoint is genuine, and an entry is left out for another.
        entries[head.size - 1] = entries[head.size - 2]
        let files = [
            "checkpoint": checkpoint, "tile/entries/000.p/\(head.size)": EntryBundle.encode(entries),
        ]
        try FileManager.default.createDirectory(
            atPath: copy + "/tile/entries/000.p",
            withIntermediateDirectories: true
        )
        for (name, bytes) in files { try AtomicFile.write(bytes, to: "\(copy)/\(name)") }
        let before = try await self.head()
        let refused = try await refusal { _ = try await restore(copy: copy) }
        #expect(refused.message.contains("signed over"))
        let empty = try await refusal { _ = try await restore(copy: home.path) }
        #expect(empty.message.contains("no copy of a ledger"))
        let after = try await self.head()
        #expect(after == before)
        try await TestVerifier.serve(directory) { _ in }
    }

    @Test func nothingIsPutBackUnderAVerifierThatServes() async throws {
        _ = try await born("SN-1")
        try await backUp()
        guard let lock = try FileLock.trying(directory.lock) else { throw Missing() }
        let refused = try await refusal { _ = try await restore() }
        #expect(refused.message.contains("serves"))
        lock.release()
        _ = try await restore()
    }

    @Test func aDamagedBackupIsRefusedAndNothingIsChanged() async throws {
        let device = try await born("SN-1")
        try await attest(device, times: 3)
        try await backUp()
        let queue = try DatabaseQueue(path: backup)
        try await queue.write {
            try $0.execute(sql: "UPDATE ledger_entry SET bytes = CAST('{}' AS BLOB) WHERE number = 3")
        }
        try queue.close()
        let before = try await head()
        let refused = try await refusal { _ = try await restore() }
        #expect(refused.message.contains("entry 3 "))
        let after = try await head()
        #expect(after == before)
        try await attest(device)
    }

    /// Beside the ledger a backup has what nobody has signed: an instance that was retired is not given back by it.
    @Test func attack71_aBackupGivesBackWhatWasTaken() async throws {
        let device = try await born("SN-1")
        try await TestVerifier.serve(directory) { service in
            _ = try await service.operating(as: .operator) {
                try await $0.act(.retire, on: device.serial, try remark("scrapped"))
            }
        }
        try await backUp()
        let queue = try DatabaseQueue(path: backup)
        try await queue.write {
            try $0.execute(
                sql: "UPDATE state SET body = CAST(REPLACE(CAST(body AS TEXT), '\"retired\"', '\"born\"') AS BLOB)"
            )
        }
        try queue.close()
        let error = try await refusal { _ = try await restore() }
        #expect(error.message.contains("retires \(device.instance)"), "\(error.message)")
    }

    /// Cut off when the lost record was set aside, and its log was not: the same again finishes it.
    @Test func whatWasCutOffIsFinished() async throws {
        let device = try await born("SN-1")
        try await backUp()
        try await attest(device, times: 2)
        let lost = try await head().size
        try AtomicFile.move(database, to: database + ".lost-1")
        try AtomicFile.write([1, 2, 3], to: database + "-wal")
        try AtomicFile.write([4, 5, 6], to: database + ".restoring")
        try AtomicFile.write([7, 8, 9], to: database + ".restoring-wal")
        await #expect(throws: StoreError.self) { try await TestVerifier.serve(directory) { _ in } }
        let report = try await restore()
        #expect(report.lostSize == lost && report.kept == database + ".lost-1")
        #expect(try BoundedFile.read(database + ".lost-1-wal", limit: 10) == [1, 2, 3])
        #expect(!FileManager.default.fileExists(atPath: database + ".restoring"))
        try await attest(device)
        // And once more: what was lost then is the record of the first recovery.
        let size = try await head().size
        let again = try await restore()
        #expect(again.kept == database + ".lost-2")
        #expect(again.lostSize == size)
        try await attest(device)
    }

    /// What is signed in the last second is on the disk when the service has ended, or that it is not is told.
    @Test(.timeLimit(.minutes(20))) func aCheckpointThatIsNotKeptAtTheEndIsTold() async throws {
        let path = directory.lastCheckpoint
        let log = try await TestVerifier.serve(directory) { service in
            while !FileManager.default.fileExists(atPath: path) { try await Task.sleep(for: .milliseconds(5)) }
            try AtomicFile.remove(path)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            return service.log
        }
        #expect(log.lines.contains { $0.contains("the last checkpoint cannot be kept") })
    }

    @Test func aLostRecordThatCannotBeReadIsTold() async throws {
        let device = try await born("SN-1")
        try await backUp()
        try await attest(device)
        for companion in ["-wal", "-shm"] { try AtomicFile.remove(database + companion) }
        try AtomicFile.write(Array("no database\n".utf8), to: database)
        let blind = try await restore()
        #expect(blind.unread != nil && blind.kept == database + ".lost-1")
        let again = try await restore()
        #expect(again.unread == nil && again.kept == database + ".lost-2")
    }

    @Test func aRecordThatIsInUseIsNoBackup() async throws {
        _ = try await born("SN-1")
        try await backUp()
        try AtomicFile.write([0], to: backup + "-wal")
        let refused = try await refusal { _ = try await restore() }
        #expect(refused.message.contains("no backup"))
        let twice = await #expect(throws: FileError.self) { try await backUp() }
        #expect(twice?.code == .exists)
    }

    private func restoring(by name: String) async throws -> VerifierProcess.Ending {
        try await VerifierProcess.run("restore", directory.path, backup, "--by", name, "--reason", "drill")
    }

    /// As an operator does it.
    @Test(.timeLimit(.minutes(20)))
    func onTheCommandLine() async throws {
        _ = try await VerifierProcess.serving(directory) { _ in
            let made = try await VerifierProcess.run("backup", directory.path, backup, "--json")
            #expect(made.status == .exited(0), "\(made)")
            #expect(made.output.contains("\"entries\":1"))
            let twice = try await VerifierProcess.run("backup", directory.path, backup)
            #expect(twice.status == .exited(3) && twice.error.contains("exists already"))
            let served = try await restoring(by: "alice")
            #expect(served.status == .exited(3) && served.error.contains("serves"))
        }
        try AtomicFile.write(Array("no database\n".utf8), to: directory.path + "/notes.txt", mode: 0o600)
        let none = try await VerifierProcess.run(
            "restore",
            directory.path,
            directory.path + "/notes.txt",
            "--by",
            "alice",
            "--reason",
            "drill"
        )
        #expect(none.status == .exited(3), "\(none)")
        #expect(none.error.hasPrefix("error: \(directory.path)/notes.txt is damaged or no database"), "\(none)")
        #expect(none.error.contains("take an earlier backup"), "\(none)")
        let unnamed = try await restoring(by: "al ice")
        #expect(unnamed.status == .exited(2))
        let restored = try await restoring(by: "alice")
        #expect(restored.status == .exited(0), "\(restored)")
        #expect(restored.output.contains("entry 1 says who put it back"))
        let check = try await VerifierProcess.run("check", directory.path)
        #expect(check.status == .exited(0), "\(check)")
        _ = try await VerifierProcess.serving(directory) { _ in }
    }
}
