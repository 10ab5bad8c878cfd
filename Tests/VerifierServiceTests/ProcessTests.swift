import DurableFiles
import FoundationEssentials
import GRDB
import Ledger
import Messages
import StoreSQLite
import Subprocess
import Synchronization
import SystemPackage
import TemporaryDirectories
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import VerifierService

/// The program as it is run: signals, ports, files that are not as they must be.
@Suite struct ProcessTests {
    let home: TemporaryDirectory
    let directory: VerifierDirectory
    let factory: TestFactory
    let releases = TestReleases()

    init() throws {
        home = try TemporaryDirectory()
        directory = home.verifier
        factory = try TestFactory()
    }

    private func prepare(_ change: (inout TestVerifier.Setup) -> Void = { _ in }) throws {
        var setup = TestVerifier.Setup()
        change(&setup)
        try TestVerifier.prepare(directory, setup, factory, releases)
    }

    private func trust(_ process: VerifierProcess) throws -> TrustBundle {
        var trust = try VerifierMaterials(directory).trustBundle
        trust.url = "https://localhost:\(process.port)"
        return trust
    }

    private func operating<Result: Sendable>(
        as role: OperatorRole,
        _ process: VerifierProcess,
        _ body: (VerifierClient) async throws -> Result
    ) async throws -> Result {
        let place = directory.file("operators/\(role.rawValue)")
        let identity = try OperatorIdentity(
            certificate: try BoundedFile.read(place + "/cert.pem", limit: 1 << 16),
            key: try BoundedFile.read(place + "/key.pem", limit: 1 << 16)
        )
        let limits = TestVerifier.patience
        return try await VerifierClient.with(try trust(process), identity: identity, limits: limits, body)
    }

    /// The disk is full in the middle of a take-over, and the process is killed: whole births, a bundle that is told as unfinished, and
    /// repeating finishes it.
    @Test(.timeLimit(.minutes(20)))
    func killedWhileTakingOverABundle() async throws {
        try prepare()
        // The first is committed alone, and the others wait together.
        let envelopes = try (0..<12).map { number in
            try factory.envelope(try factory.record(of: try SoftwareKeyDevice(serial: "SN-\(number)")))
        }
        let bundle = try factory.bundle(of: envelopes)
        for most in [0, 1, 8] {
            try await database(
                "CREATE TRIGGER full BEFORE INSERT ON birth WHEN (SELECT COUNT(*) FROM birth) >= \(most)"
                    + " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
            )
            let (refusal, ending) = try await VerifierProcess.serving(directory) { process in
                let refusal = try await problem {
                    try await operating(as: .factory, process) { try await $0.importBirths(bundle) }
                }
                try process.signal(.kill)
                return refusal
            }
            #expect(refusal.kind == .undecided)
            guard case .signaled = ending.status else {
                Issue.record("the process ended with \(ending.status)")
                return
            }
            try await database("DROP TRIGGER full")
            let record = try await onRecord()
            #expect(record.births <= most && (most == 0) == (record.births == 0), "\(record)")
            // What is on record is on the ledger, and the other way round; beside it stands the policy.
            #expect(record.entries == 1 + record.births)
            #expect(record.unfinished == [[1]])
        }
        let (answer, _) = try await VerifierProcess.serving(directory) { process in
            try await operating(as: .factory, process) { try await $0.importBirths(bundle) }
        }
        #expect(answer.births.allSatisfy { $0.outcome != .refused } && answer.missing == [])
        let whole = try await onRecord()
        #expect(whole.unfinished == [[]] && whole.entries == 1 + envelopes.count)
    }

    /// What the verifier's record has of births.
    private struct OnRecord {
        var births: Int
        var entries: Int
        /// Of each station.
        var unfinished: [[Int64]]
    }

    private func database(_ sql: String) async throws {
        let database = try DatabaseQueue(path: directory.file("verifier.sqlite"))
        try await database.write { try $0.execute(sql: sql) }
        try database.close()
    }

    private func onRecord() async throws -> OnRecord {
        let store = try SQLiteStore.open(at: directory.file("verifier.sqlite"))
        let record = OnRecord(
            births: try await store.instances(after: nil, limit: 1000).count,
            entries: try await store.ledgerHead().size,
            unfinished: try await store.sequences().map(\.unfinished)
        )
        try store.close()
        return record
    }

    @Test(.timeLimit(.minutes(20)))
    func killedWhileCommittingNothingAnsweredIsLost() async throws {
        try prepare { $0.limits.requestBurst = 100_000 }
        let devices = try (0..<8).map { try LivingDevice(serial: "SN-\($0)") }
        var births: [SignedEnvelope] = []
        for device in devices { births.append(try await device.birth(by: factory)) }
        let bundle = try factory.bundle(of: births)
        let envelope = try releases.envelope(try releases.release("2.0"))
        let package = try releases.reference(try releases.release("2.0"))

        let (answers, ending) = try await VerifierProcess.serving(directory) { process in
            let imported = try await operating(as: .factory, process) { try await $0.importBirths(bundle) }
            #expect(imported.births.allSatisfy { $0.outcome == .imported })
            _ = try await operating(as: .releaseManager, process) { try await $0.addRelease(envelope) }
            let answers = Answers()
            let trust = try trust(process)
            await withTaskGroup(of: Void.self) { group in
                for device in devices {
                    group.addTask {
                        // Until the connection breaks.
                        try? await VerifierClient.with(trust, limits: TestVerifier.patience) { client in
                            while true { answers.keep(try await device.update(client, package)) }
                        }
                    }
                }
                group.addTask {
                    while answers.all.count < 60 { try? await Task.sleep(for: .milliseconds(1)) }
                    try? process.signal(.kill)
                }
            }
            return answers.all
        }
        guard case .signaled = ending.status else {
            Issue.record("the process ended with \(ending.status)")
            return
        }
        #expect(answers.count >= 60)
        try await judge(answers)

        // And it goes on from there.
        let (again, _) = try await VerifierProcess.serving(directory) { process in
            let trust = try trust(process)
            return try await VerifierClient.with(trust, limits: TestVerifier.patience) {
                try await devices[0].attest($0)
            }
        }
        #expect(again.bootState == "current")
    }

    /// Holds what is stored to what was answered.
    private func judge(_ answers: [Answered]) async throws {
        let store = try SQLiteStore.open(at: directory.file("verifier.sqlite"))
        let materials = try VerifierMaterials(directory)
        let key = materials.checkpointSigner.verifierKey
        let size = try await LedgerAudit(store: store, keys: [key]).run()
        let stored = try await store.ledgerEntries(0..<size)
        for answer in answers {
            let delivery = try answer.grant.found()
            let proof = try LogProof(parsing: Array(delivery.proof.utf8))
            let entry = try LogEntry(delivery.entry.bytes)
            #expect(proof.index < size)
            #expect(stored[proof.index] == entry)
            let verdict = proof.verify(entry: entry, logKey: key)
            #expect(throws: Never.self) { try verdict.get() }
        }
        // The checkpoints that were given out are beginnings of what is stored: nothing was forked.
        var frontier = TreeFrontier()
        var roots = [frontier.root]
        for entry in stored {
            _ = frontier.append(entry.leafHash)
            roots.append(frontier.root)
        }
        for answer in answers {
            let proof = try LogProof(parsing: Array(try answer.grant.found().proof.utf8))
            let claimed = proof.checkpoint.claimed
            #expect(claimed.size < roots.count && roots[claimed.size] == claimed.root)
        }
        // State and ledger agree: each instance's last entry is its last on the ledger.
        for instance in Set(answers.map(\.instance)) {
            let state = try await store.snapshot(of: instance, release: nil).found().state
            let last = try stored.last { try LedgerEntry(parsing: $0.bytes).instance == instance }.found()
            #expect(state.lastEntry == ContentDigest(of: last.bytes))
        }
        try store.close()
    }

    @Test(.timeLimit(.minutes(20)))
    func stopsInOrderOnSIGTERM() async throws {
        try prepare()
        let (status, ending) = try await VerifierProcess.serving(directory) { process in
            let trust = try trust(process)
            let instance = InstanceID(iakName: [1])
            return try await VerifierClient.with(trust, limits: TestVerifier.patience) { client in
                let challenge = try await client.challenge(ChallengeRequest(instance: instance, purpose: .attest))
                return challenge.selection.bank
            }
        }
        #expect(status == .sha256)
        #expect(ending.status == .exited(0))
        #expect(ending.error.contains("serving https://127.0.0.1:"))
        #expect(ending.error.contains("SIGTERM stops it") && ending.error.contains("SIGHUP reads policy"))
        #expect(ending.error.contains("stopped"))
        #expect(ending.output.isEmpty)
        #expect(FileManager.default.fileExists(atPath: directory.lastCheckpoint))
        let check = try await VerifierProcess.run("check", directory.path)
        #expect(check.status == .exited(0))
    }

    @Test(.timeLimit(.minutes(20)))
    func readsThePolicyAgainOnSIGHUP() async throws {
        try prepare()
        let changed = DefaultPolicy.bytes + Array("\n".utf8)
        _ = try await VerifierProcess.serving(directory) { process in
            try AtomicFile.write(changed, to: directory.file("policy.json"))
            try process.signal(.terminalClosed)
            try await operating(as: .auditor, process) { client in
                while try await client.policy().policy.bytes != changed { try await Task.sleep(for: .milliseconds(5)) }
            }
        }
    }

    @Test(.timeLimit(.minutes(20)))
    func portInUseSaysWhatToDo() async throws {
        try prepare()
        let other = VerifierDirectory(home.path + "/other")
        try TestVerifier.prepare(other)
        _ = try await VerifierProcess.serving(directory) { process in
            let second = try await VerifierProcess.run("serve", other.path, "--listen", "127.0.0.1:\(process.port)")
            #expect(second.status == .exited(3))
            #expect(second.error.contains("port \(process.port) of 127.0.0.1 is in use"))
            #expect(second.error.contains("hint: "))
            // One record, one writer.
            let same = try await VerifierProcess.run("serve", directory.path, "--listen", "127.0.0.1:0")
            #expect(same.status == .exited(3))
            #expect(same.error.contains("another birthmark-verifier serves"))
            // Looking does no harm meanwhile.
            let check = try await VerifierProcess.run("check", directory.path, "--json")
            #expect(check.status == .exited(0))
            #expect(check.output.contains("\"sound\":true"))
        }
    }

    @Test(.timeLimit(.minutes(20)))
    func whatIsNotAsItMustBeIsSaid() async throws {
        let missing = try await VerifierProcess.run("serve", home.path + "/nowhere")
        #expect(missing.status == .exited(2))
        #expect(missing.error.contains("does not exist"))
        try prepare()
        let tls = try BoundedFile.read(directory.tlsCertificate, limit: 1 << 16)
        let cases: [(String, Int32, String, () throws -> Void)] = [
            (
                "keys/grant.key", 3, "chmod",
                {
                    try FileManager.default.setAttributes(
                        [.posixPermissions: 0o644],
                        ofItemAtPath: directory.file("keys/grant.key")
                    )
                }
            ),
            (
                "config.json", 2, "\"extra\"",
                {
                    var text = String(
                        decoding: try BoundedFile.read(directory.configuration, limit: 1 << 16),
                        as: UTF8.self
                    )
                    text.insert(contentsOf: "\"extra\": 1,", at: text.index(after: text.startIndex))
                    try AtomicFile.write(Array(text.utf8), to: directory.configuration)
                }
            ),
            (
                "policy.json", 2, "policy.json",
                { try AtomicFile.write(Array("{".utf8), to: directory.file("policy.json")) }
            ),
            ("tls.pem", 2, "tls.pem", { try AtomicFile.write(Array("x".utf8), to: directory.tlsCertificate) }),
            (
                "verifier.sqlite", 3, "database",
                { try AtomicFile.write(Array(repeating: 0x41, count: 8192), to: directory.file("verifier.sqlite")) }
            ),
        ]
        for (name, status, words, spoil) in cases {
            let path = directory.file(name)
            let before = try BoundedFile.read(path, limit: 1 << 24)
            try spoil()
            for command in [["serve", directory.path], ["check", directory.path]] {
                let ending = try await VerifierProcess.run(command[0], command[1])
                #expect(
                    ending.status == .exited(command[0] == "serve" ? status : 1),
                    "\(command[0]) \(name): \(ending.error)"
                )
                #expect((ending.error + ending.output).contains(words), "\(command[0]) \(name): \(ending)")
            }
            try AtomicFile.write(before, to: path)
        }
        #expect(try BoundedFile.read(directory.tlsCertificate, limit: 1 << 16) == tls)
        let sound = try await VerifierProcess.run("check", directory.path)
        #expect(sound.status == .exited(0), "\(sound)")
    }

    @Test(arguments: [
        ["--help"], ["init", "--help"], ["serve", "--help"], ["check", "--help"], ["operator", "--help"],
        ["restore-policy", "--help"], ["backup", "--help"], ["restore", "--help"],
    ])
    func everyCommandHasAnExample(arguments: [String]) async throws {
        let ending = try await VerifierProcess.run(arguments[0], arguments.count > 1 ? arguments[1] : "")
        #expect(arguments.count == 1 || ending.status == .exited(0))
        let example = ending.output.split(separator: "Example:").last ?? ""
        #expect(arguments.count == 1 || example.contains("birthmark-verifier \(arguments[0]) "))
    }

    @Test(arguments: [
        ["serve"], ["nonsense", "x"], ["operator", "x"], ["serve", "x", "--listen", "nowhere"],
        ["operator", "x", "alice"], ["operator", "x", "al ice", "--role", "auditor"],
        ["operator", "x", "alice", "--role", "king"],
    ])
    func wrongUsageIsStatusTwo(arguments: [String]) async throws {
        let result = try await Subprocess.run(
            .path(.init(VerifierProcess.program)),
            arguments: Arguments(arguments),
            output: .discarded,
            error: .string(limit: 1 << 16)
        )
        #expect(result.terminationStatus == .exited(2))
        #expect(!result.standardError.isEmpty)
    }

    @Test func initOnTheCommandLine() async throws {
        let first = try await VerifierProcess.run("init", directory.path, "--name", "fleet", "--json")
        #expect(first.status == .exited(0))
        #expect(first.output.contains("\"trust\":\"\(directory.trustBundle)\""))
        let again = try await VerifierProcess.run("init", directory.path, "--name", "fleet")
        #expect(again.status == .exited(0))
        let other = try await VerifierProcess.run("init", directory.path, "--name", "other")
        #expect(other.status == .exited(3))
        let unnamed = try await VerifierProcess.run("init", directory.path, "--name", "no name")
        #expect(unnamed.status == .exited(2))
        let issued = try await VerifierProcess.run("operator", directory.path, "alice", "--role", "auditor")
        #expect(issued.status == .exited(0))
        #expect(FileManager.default.fileExists(atPath: directory.file("operators/alice/key.pem")))
        let twice = try await VerifierProcess.run("operator", directory.path, "alice", "--role", "auditor")
        #expect(twice.status == .exited(3))
    }
}

/// A device with a task of its own.
private actor LivingDevice {
    private let device: SoftwareKeyDevice

    init(serial: String) throws { device = try SoftwareKeyDevice(serial: serial) }

    func birth(by factory: TestFactory) throws -> SignedEnvelope {
        try factory.envelope(try factory.record(of: device))
    }

    func update(_ client: VerifierClient, _ package: PackageReference) async throws -> Answered {
        let answer = try await client.update(device, to: package)
        return Answered(instance: device.instance, lease: answer.lease, grant: answer.grant)
    }

    func attest(_ client: VerifierClient) async throws -> DecisionAnswer { try await client.attest(device) }
}

/// An answer that a device got before the process was killed.
private struct Answered: Sendable {
    var instance: InstanceID
    var lease: LeaseStatement
    var grant: GrantDelivery?
}

/// What was answered so far.
private final class Answers: Sendable {
    private let kept = Mutex<[Answered]>([])

    func keep(_ answer: Answered) { kept.withLock { $0.append(answer) } }

    var all: [Answered] { kept.withLock { $0 } }
}
