import Crypto
import FoundationEssentials
import Ledger
import Messages
import StoreSQLite
import Synchronization
import TemporaryDirectories
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore
import WitnessService

@testable import HTTPService
@testable import VerifierService

/// A verifier whose ledger is cosigned: what it gives out, and what it does while witnesses are not there.
@Suite(.timeLimit(.minutes(20))) struct WitnessedLedgerTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    @Test func aGrantCarriesWhatNOfMHaveSigned() async throws {
        let home = try TemporaryDirectory()
        let directory = home.verifier
        let (setup, witnesses) = try await Witnessing.prepare(home, 3, required: 2, factory, releases)
        defer { for witness in witnesses { witness.task.cancel() } }
        // One of three is not there from the beginning.
        witnesses[2].task.cancel()
        try? await witnesses[2].task.value
        try await TestVerifier.serve(directory, setup) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            #expect(service.trust.ledgerWitnesses?.required == 2 && service.trust.ledgerWitnesses?.keys.count == 3)
            try await service.anonymous { client in
                let answer = try await client.update(device, to: package)
                let delivery = try answer.grant.found()
                let proof = try LogProof(parsing: Array(delivery.proof.utf8))
                let verified = try proof.verify(
                    entry: try LogEntry(delivery.entry.bytes),
                    logKey: VerifierKey(parsing: service.trust.ledgerKey),
                    witnesses: witnesses.map(\.0.key),
                    quorum: 2
                ).get()
                #expect(Set(verified.cosignatures.keys) == Set(witnesses.prefix(2).map(\.0.key)))
                let now = Int(Date.now.timeIntervalSince1970)
                #expect(verified.cosignatures.values.allSatisfy { abs($0 - now) < 300 })

                // Once nothing moves any more, what everybody is served carries the lines as well.
                try await Witnessing.eventually {
                    let served = try SignedCheckpoint(parsing: try await client.ledgerFile("checkpoint"))
                    return served.note.signatures.count == 3
                }
                let witnessed = try await client.ledgerFile("witnessed")
                #expect(try await witnessed == client.ledgerFile("checkpoint"))
                #expect(try await service.store.witnessedCheckpoint() == witnessed)
            }
            try await Witnessing.eventually {
                service.verifier.metrics.text().contains("birthmark_ledger_witnesses_in_trouble 1")
            }
            #expect(service.verifier.metrics.text().contains("birthmark_ledger_witnesses_alarmed 0"))
        }
        let findings = await directory.check()
        #expect(findings.contains { $0.grade == .ok && $0.text.hasPrefix("2 of 3 witnesses") }, "\(findings)")
    }

    /// Devices count no line that states another time than the grant's: who states one is not to pass for one of those that are required.
    @Test func attack71_aWitnessOfAnotherTimeIsNotCounted() async throws {
        let home = try TemporaryDirectory()
        let directory = home.verifier
        let (setup, witnesses) = try await Witnessing.prepare(home, 1, required: 1, factory, releases)
        witnesses[0].task.cancel()
        try? await witnesses[0].task.value
        let signer = try WitnessSigner(name: "witness.example/bad", privateKey: Curve25519.Signing.PrivateKey())
        let key = signer.verifierKey
        var bad = witnesses[0].0.known(at: witnesses[0].port)
        bad.vkey = key.text
        let settings = WitnessSettings(required: 1, known: [bad])
        try directory.edit { $0.witnesses = settings }
        try await TestVerifier.serve(directory, setup) { service in
            let head = try await service.store.ledgerHead()
            let checkpoint = try SignedCheckpoint(parsing: try #require(head.checkpoint))
            let log = try VerifierKey(parsing: service.trust.ledgerKey)
            let witness = try Witness(signer, logs: [WitnessedLog(keys: [log], cosigned: nil, by: key)])
            let body = AddCheckpoint(oldSize: 0, path: [], checkpoint: checkpoint).bytes
            let cosignatures = service.verifier.cosignatures
            let now = Int(service.clock.clock.seconds)
            for time in [0, 1, now - 1000, now + 1000, Int.max] {
                let line = try witness.judge(body, at: time).get().line
                await #expect(throws: WitnessTrouble.otherTime) {
                    try await cosignatures.took(line, from: key, over: checkpoint)
                }
                let counted = await cosignatures.witnessed(by: 1)
                #expect(counted == nil, "\(time)")
            }
            let line = try witness.judge(body, at: now).get().line
            try await cosignatures.took(line, from: key, over: checkpoint)
            let counted = await cosignatures.witnessed(by: 1)
            #expect(counted?.claimed == checkpoint.claimed)
        }
    }

    @Test func aCompromisedWitnessIsNotCounted() async throws {
        let home = try TemporaryDirectory()
        let directory = home.verifier
        let (setup, witnesses) = try await Witnessing.prepare(home, 2, required: 2, factory, releases)
        defer { for witness in witnesses { witness.task.cancel() } }
        let name = witnesses[1].0.key.name
        let device = try SoftwareKeyDevice(serial: "SN-1")
        try await TestVerifier.serve(directory, setup) { service in
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            _ = try await service.anonymous { try await $0.update(device, to: package) }
            let order = try CompromiseOrder(.witness, name, reason: "key on a stick").found()
            let done = try await service.operating(as: .operator) { try await $0.reportCompromise(order) }
            #expect(done.key == witnesses[1].0.key.description)
            let none = try await problem {
                try await service.anonymous { try await $0.update(device, to: package) }
            }
            #expect(none.kind == .undecided, "one of two is left, and two are required")
        }
        try await TestVerifier.serve(directory, setup) { service in
            let package = try releases.reference(try releases.release("2.0"))
            let none = try await problem {
                try await service.anonymous { try await $0.update(device, to: package) }
            }
            #expect(none.kind == .undecided, "also after a restart")
        }
    }

    /// A verifier whose one witness signs when a test has it sign.
    /// - Parameter body: is given the witness's key, and what it signs for the ledger as it stands.
    private func withOwnWitness(
        _ body: (TestVerifier, HookedStore, VerifierKey, (SignedCheckpoint, line: [UInt8])) async throws -> Void
    ) async throws {
        let home = try TemporaryDirectory()
        let directory = home.verifier
        let (prepared, witnesses) = try await Witnessing.prepare(home, 1, required: 1, factory, releases)
        witnesses[0].task.cancel()
        try? await witnesses[0].task.value
        let signer = try WitnessSigner(name: "witness.example/own", privateKey: Curve25519.Signing.PrivateKey())
        let key = signer.verifierKey
        var own = witnesses[0].0.known(at: witnesses[0].port)
        own.vkey = key.text
        let settings = WitnessSettings(required: 1, known: [own])
        try directory.edit { $0.witnesses = settings }
        var setup = prepared
        setup.wrap = { HookedStore($0) }
        try await TestVerifier.serve(directory, setup) { service in
            let head = try await service.store.ledgerHead()
            let checkpoint = try SignedCheckpoint(parsing: try #require(head.checkpoint))
            let log = try VerifierKey(parsing: service.trust.ledgerKey)
            let witness = try Witness(signer, logs: [WitnessedLog(keys: [log], cosigned: nil, by: key)])
            let request = AddCheckpoint(oldSize: 0, path: [], checkpoint: checkpoint).bytes
            let line = try witness.judge(request, at: Int(service.clock.clock.seconds)).get().line
            let store = try (service.store as? HookedStore).found()
            try await body(service, store, key, (checkpoint, line: line))
        }
    }

    /// The report may come while a line of that very witness is written down.
    @Test func aWitnessThatIsExcludedWhileItsLineIsKeptIsNotCounted() async throws {
        try await withOwnWitness { service, store, key, signed in
            let cosignatures = service.verifier.cosignatures
            store.set { verb, moment throws(StoreError) in
                if verb == "keepWitnessed", moment == .before { await cosignatures.exclude([key.description]) }
            }
            try await cosignatures.took(signed.line, from: key, over: signed.0)
            let counted = await cosignatures.witnessed(by: 1)
            #expect(counted == nil)
            #expect(try await store.witnessedCheckpoint() != nil, "it was being kept")
        }
    }

    /// Whether the report is on record may not be known; that the key counts no more is.
    @Test func aWitnessIsNotCountedWhateverBecameOfTheReport() async throws {
        try await withOwnWitness { service, store, key, signed in
            let cosignatures = service.verifier.cosignatures
            try await cosignatures.took(signed.line, from: key, over: signed.0)
            let before = await cosignatures.witnessed(by: 1)
            #expect(before != nil)
            store.set { verb, moment throws(StoreError) in
                if verb == "commit", moment == .after { throw StoreError(.failed, "nobody knows") }
            }
            let order = try CompromiseOrder(.witness, key.name, reason: "key on a stick").found()
            await #expect(throws: VerifierClientError.self) {
                try await service.operating(as: .operator) { try await $0.reportCompromise(order) }
            }
            store.set(nil)
            let again = try await service.operating(as: .operator) { try await $0.reportCompromise(order) }
            #expect(again.entry == nil, "it is on record")
            let counted = await cosignatures.witnessed(by: 1)
            #expect(counted == nil)
        }
    }

    /// What came one after the other.
    private final class Order: Sendable {
        private let noted = Mutex<[String]>([])

        var words: [String] { noted.withLock { $0 } }

        func add(_ word: String) { noted.withLock { $0.append(word) } }
    }

    /// Without them nothing is given out, and everything else goes on.
    @Test func withoutWitnessesThereAreLeasesAndNoGrants() async throws {
        let home = try TemporaryDirectory()
        let directory = home.verifier
        let (setup, witnesses) = try await Witnessing.prepare(home, 1, required: 1, factory, releases, seconds: 60)
        witnesses[0].task.cancel()
        try? await witnesses[0].task.value
        try await TestVerifier.serve(directory, setup) { service in
            let package = try await service.add(try releases.release("2.0"), releases)
            let order = Order()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let device = try SoftwareKeyDevice(serial: "SN-1")
                    try await service.importBirth(of: device, by: factory)
                    // On a machine so slow that it waits in vain, it asks again.
                    while true {
                        do {
                            let answer = try await service.anonymous { try await $0.update(device, to: package) }
                            #expect(answer.grant != nil)
                            break
                        } catch VerifierClientError.problem(let problem) where problem.kind == .undecided { continue }
                    }
                    order.add("grant")
                }
                group.addTask {
                    let device = try SoftwareKeyDevice(serial: "SN-2")
                    try await service.importBirth(of: device, by: factory)
                    _ = try await service.anonymous { try await $0.attest(device) }
                    order.add("lease")
                    // It is back on its port, and what waits for it goes on.
                    let again = try await witnesses[0].0.serve()
                    defer { again.task.cancel() }
                    try await Witnessing.eventually { order.words.count == 2 }
                }
                try await group.waitForAll()
            }
            #expect(order.words == ["lease", "grant"], "a lease waits for no witness, a grant does")
        }
    }

    /// A verifier and its witness, who has seen more than is in a backup.
    private struct BackedUp {
        let home: TemporaryDirectory
        let directory: VerifierDirectory
        let setup: TestVerifier.Setup
        let witness: (Witnessing, port: Int, task: Task<Void, any Error>)
        let device: SoftwareKeyDevice
        let package: PackageReference

        var database: String { directory.file("verifier.sqlite") }
        var backup: String { home.path + "/backup.sqlite" }
    }

    private func backedUp() async throws -> BackedUp {
        let home = try TemporaryDirectory()
        let directory = home.verifier
        let (setup, witnesses) = try await Witnessing.prepare(home, 1, required: 1, factory, releases)
        let device = try SoftwareKeyDevice(serial: "SN-1")
        let package = try await TestVerifier.serve(directory, setup) { service in
            try await service.importBirth(of: device, by: factory)
            return try await service.add(try releases.release("2.0"), releases)
        }
        let made = BackedUp(
            home: home,
            directory: directory,
            setup: setup,
            witness: witnesses[0],
            device: device,
            package: package
        )
        try FileManager.default.copyItem(atPath: made.database, toPath: made.backup)
        try await TestVerifier.serve(directory, setup) { service in
            try await service.anonymous { client in
                for _ in 0..<3 { _ = try await client.attest(device) }
                #expect(try await client.update(device, to: package).grant != nil)
            }
        }
        return made
    }

    private func alarmed(_ service: TestVerifier) async throws {
        try await Witnessing.eventually {
            service.verifier.metrics.text().contains("birthmark_ledger_witnesses_alarmed 1")
        }
    }

    /// Restored from a backup: the witness has seen more, and that is told; nothing is granted on top of it.
    @Test func attack71_theWitnessFindsARestoredRecord() async throws {
        let made = try await backedUp()
        defer { made.witness.task.cancel() }
        // Whoever restores it also removes what this machine remembers.
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: made.database + suffix) }
        try FileManager.default.copyItem(atPath: made.backup, toPath: made.database)
        try? FileManager.default.removeItem(atPath: made.directory.lastCheckpoint)
        try await TestVerifier.serve(made.directory, made.setup) { service in
            try await service.anonymous { client in
                _ = try await client.attest(made.device)
                let refused = try await problem { try await client.update(made.device, to: made.package) }
                #expect(refused.kind == .undecided)
            }
            try await alarmed(service)
            #expect(service.log.lines.contains { $0.contains("has not signed the ledger") })
        }
    }

    /// In the open it is no better, until the witness's own people take the other history.
    @Test func whatWasRestoredInTheOpenIsCosignedOnceTheWitnessAccepts() async throws {
        let made = try await backedUp()
        defer { made.witness.task.cancel() }
        _ = try await RecordRestore.byAlice(made.directory, from: made.backup)
        let restored = try await TestVerifier.serve(made.directory, made.setup) { service in
            try await service.anonymous { client in
                _ = try await client.attest(made.device)
                try await alarmed(service)
                return try SignedCheckpoint(parsing: try await client.ledgerFile("checkpoint"))
            }
        }

        made.witness.task.cancel()
        try? await made.witness.task.value
        let directory = made.witness.0.directory
        let seen = try directory.watched().first?.last?.checkpoint.size
        let accepted = try directory.accept(
            restored,
            insteadOf: seen.found(),
            by: label("bob"),
            reason: Remark("alice told me, ticket 12").found(),
            now: Int64(Date.now.timeIntervalSince1970)
        )
        _ = try accepted.get()
        let again = try await made.witness.0.serve()
        defer { again.task.cancel() }
        try await TestVerifier.serve(made.directory, made.setup) { service in
            try await Witnessing.eventually {
                await service.verifier.cosignatures.witnessed?.claimed.size ?? 0 >= restored.claimed.size
            }
            let granted = try await service.anonymous { try await $0.update(made.device, to: made.package) }
            #expect(granted.grant != nil)
        }
    }

    @Test func aConfigurationThatCannotBeMeant() throws {
        let home = try TemporaryDirectory()
        let witness = try Witnessing(1, in: home)
        let known = witness.known(at: 1)
        func check(_ settings: WitnessSettings) -> Bool { (try? settings.check()) != nil }
        #expect(check(WitnessSettings(required: 1, known: [known])))
        #expect(check(WitnessSettings(required: 0, known: [])))
        #expect(!check(WitnessSettings(required: 2, known: [known])))
        #expect(!check(WitnessSettings(required: -1, known: [known])))
        #expect(!check(WitnessSettings(required: 1, known: [known, known])))
        #expect(!check(WitnessSettings(required: 1, known: [known], seconds: 61)))
        var wrong = known
        wrong.url = "http://localhost"
        #expect(!check(WitnessSettings(required: 1, known: [wrong])))
        wrong = known
        wrong.vkey = "nobody"
        #expect(!check(WitnessSettings(required: 1, known: [wrong])))
    }
}
