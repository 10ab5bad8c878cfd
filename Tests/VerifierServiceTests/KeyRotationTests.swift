import Audit
import Crypto
import DurableFiles
import FoundationEssentials
import Ledger
import Messages
import StoreSQLite
import TemporaryDirectories
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

extension KeyRotation {
    /// Uses a key by the record in the directory.
    func use(_ kind: Kind) async throws -> Outcome {
        try await use(kind, openStore: directory.openRecord)
    }
}

/// One of the verifier's keys follows another, and whoever holds any version that names one of them can check what is signed.
@Suite(.timeLimit(.minutes(20))) struct KeyRotationTests {
    let people = TestPeople()
    let factory: TestFactory
    let releases = TestReleases()
    let home: TemporaryDirectory
    let directory: VerifierDirectory
    let setup: TestVerifier.Setup

    init() throws {
        factory = try TestFactory()
        setup = TestVerifier.Setup(people: people)
        (home, directory) = try TestVerifier.prepared(setup, factory: factory, releases: releases)
    }

    /// Names the next key beside the current one.
    private func name(_ kind: KeyRotation.Kind) async throws -> NextKey {
        let next = try KeyRotation(directory).makeNext(kind).key
        _ = try await TestVerifier.serve(directory, setup) { service in
            try await service.publish(
                service.successor { bundle in
                    switch kind {
                    case .grant: bundle.grantKeys += [next.key].compactMap { $0 }
                    case .results: bundle.resultKeys = (bundle.resultKeys ?? []) + [next.key].compactMap { $0 }
                    case .ledger: bundle.ledgerKeys = [next.vkey].compactMap { $0 }
                    }
                },
                people
            )
        }
        return next
    }

    @Test(arguments: KeyRotation.Kind.allCases)
    func aKeyIsUsedOnlyOnceItWasPublished(kind: KeyRotation.Kind) async throws {
        let rotation = KeyRotation(directory)
        guard case .refused = try await rotation.use(kind) else {
            throw UnexpectedAnswer(text: "used what is not there")
        }
        let (next, path) = try rotation.makeNext(kind)
        #expect(try rotation.makeNext(kind).key == next, "made once")
        #expect(try NextKey(parsing: BoundedFile.read(path, limit: NextKey.maximumSize)) == next)
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.nextKey(kind.key))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let before = try BoundedFile.read(directory.key(kind.key), limit: 4096)
        guard case .refused = try await rotation.use(kind) else {
            throw UnexpectedAnswer(text: "used before it was named")
        }
        #expect(try BoundedFile.read(directory.key(kind.key), limit: 4096) == before)
        #expect(try await name(kind) == next)
        #expect(try await rotation.use(kind) == .used(name: next.name))
        #expect(try BoundedFile.read(directory.key(kind.key), limit: 4096) != before)
        guard case .refused = try await rotation.use(kind) else { throw UnexpectedAnswer(text: "used twice") }
        try await TestVerifier.serve(directory, setup) { service in
            #expect(service.verifier.published.now.number == 2)
        }
    }

    /// Cut off between any two files, the same command finishes it.
    @Test func aUseThatWasCutOffIsFinished() async throws {
        let next = try await name(.ledger)
        let old = try BoundedFile.read(directory.key(.ledger), limit: 4096)
        let new = try BoundedFile.read(directory.nextKey(.ledger), limit: 4096)
        // The old one was kept, and the new one put in its place, and then the power went.
        try AtomicFile.write(old, to: directory.previousLedgerKey)
        try AtomicFile.write(new, to: directory.key(.ledger))
        // Nor does it stop for good where it can take away only one of the two files.
        let told = directory.nextPublicKey(.ledger)
        try AtomicFile.remove(told)
        try PrivateDirectory.make(told)
        await #expect(throws: FileError.self) { try await KeyRotation(directory).use(.ledger) }
        try FileManager.default.removeItem(atPath: told)
        #expect(try await KeyRotation(directory).use(.ledger) == .used(name: next.name))
        #expect(try BoundedFile.read(directory.previousLedgerKey, limit: 4096) == old)
        #expect(try BoundedFile.read(directory.key(.ledger), limit: 4096) == new)
        #expect(!FileManager.default.fileExists(atPath: directory.nextKey(.ledger)))
    }

    @Test func grantsAreSignedWithTheNextKeyAfterARestart() async throws {
        let first = try VerifierMaterials(directory).trustBundle
        let next = try await name(.grant)
        _ = try await KeyRotation(directory).use(.grant)
        let device = try SoftwareKeyDevice(serial: "SN-1")
        try await TestVerifier.serve(directory, setup) { service in
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            let grant = try await service.anonymous { try await $0.update(device, to: package) }.grant.found().grant
            #expect(Grant.keyID(of: grant) == next.name)
            let issuer = try label("test")
            #expect(throws: Never.self) {
                try Grant.verify(grant, issuer: issuer, keys: service.verifier.published.now.grantKeys)
            }
            let unknown = #expect(throws: JWSError.self) {
                try Grant.verify(grant, issuer: issuer, keys: first.grantKeys)
            }
            #expect(unknown?.code == .unknownKey, "a device of before finds its way from there")
            // The old one goes; the one that is in use cannot.
            let dropped = service.successor { $0.grantKeys.removeFirst() }
            let wrong = service.successor { $0.grantKeys.removeLast() }
            let envelope = try people.sign(wrong)
            let refused = try await problem {
                try await service.operating(as: .operator) { try await $0.publishTrust(envelope) }
            }
            #expect(refused.reasons == ["trust-strands-devices"])
            try await service.publish(dropped, people)
        }
    }

    @Test func aLedgerHasTwoKeysWhileOneFollowsTheOther() async throws {
        let device = try SoftwareKeyDevice(serial: "SN-1")
        let old = try VerifierMaterials(directory).checkpointSigner.verifierKey
        try await TestVerifier.serve(directory, setup) { try await $0.importBirth(of: device, by: factory) }
        let next = try await name(.ledger)
        let new = try VerifierKey(parsing: try next.vkey.found())
        _ = try await KeyRotation(directory).use(.ledger)
        func signers(_ service: TestVerifier) async throws -> Set<VerifierKey> {
            let bytes = try await service.anonymous { try await $0.ledgerFile("checkpoint") }
            let checkpoint = try SignedCheckpoint(parsing: bytes)
            return Set([old, new].filter { (try? checkpoint.verify(logKey: $0).get()) != nil })
        }
        try await TestVerifier.serve(directory, setup) { service in
            let other = try SoftwareKeyDevice(serial: "SN-2")
            try await service.importBirth(of: other, by: factory)
            #expect(try await signers(service) == [old, new])
            try await service.publish(
                service.successor {
                    $0.ledgerKey = new.text
                    $0.ledgerKeys = nil
                },
                people
            )
            #expect(try await signers(service) == [old, new], "until the service is started again")
            #expect(FileManager.default.fileExists(atPath: directory.previousLedgerKey))
        }
        try await TestVerifier.serve(directory, setup) { service in
            let third = try SoftwareKeyDevice(serial: "SN-3")
            try await service.importBirth(of: third, by: factory)
            #expect(try await signers(service) == [new])
        }
        #expect(!FileManager.default.fileExists(atPath: directory.previousLedgerKey))
    }

    /// The file with the newest bundle is a copy: neither an older one in its place nor a forged one says which keys count.
    @Test func theRecordSaysWhichKeyWasPublished() async throws {
        let first = try BoundedFile.read(directory.trustBundle, limit: TrustBundle.maximumSize)
        let next = try KeyRotation(directory).makeNext(.grant).key
        var forged = try TrustBundle(parsing: first)
        forged.version = 2
        forged.grantKeys += [next.key].compactMap { $0 }
        try AtomicFile.write(try EditedJSON.encode(forged), to: directory.trustBundle)
        guard case .refused = try await KeyRotation(directory).use(.grant) else {
            throw UnexpectedAnswer(text: "used what only a file names")
        }
        try AtomicFile.write(first, to: directory.trustBundle)
        #expect(try await name(.grant) == next)
        try AtomicFile.write(first, to: directory.trustBundle)
        #expect(try await KeyRotation(directory).use(.grant) == .used(name: next.name))
    }

    /// A copy that is lost or out of date is no word on which keys devices believe.
    @Test func withoutTheCopyBothKeysSign() async throws {
        _ = try await name(.ledger)
        _ = try await KeyRotation(directory).use(.ledger)
        try AtomicFile.remove(directory.trustBundle)
        #expect(try VerifierMaterials(directory).checkpointSigner.verifierKeys.count == 2)
    }

    /// Devices that know the one before the last would believe neither of the two that sign then.
    @Test func aThirdKeyWaitsForTheFirstToBeDropped() async throws {
        _ = try await name(.ledger)
        _ = try await KeyRotation(directory).use(.ledger)
        let third = try KeyRotation(directory).makeNext(.ledger).key
        _ = try await TestVerifier.serve(directory, setup) { service in
            try await service.publish(
                service.successor { $0.ledgerKeys = ($0.ledgerKeys ?? []) + [third.vkey].compactMap { $0 } },
                people
            )
        }
        guard case .refused(let why) = try await KeyRotation(directory).use(.ledger) else {
            throw UnexpectedAnswer(text: "used while two others sign")
        }
        #expect(why.contains("signs beside"))
    }

    /// Where a stolen key is left out at once, it has signed the last of the record alone.
    @Test func aLedgerGoesOnFromWhatAStolenKeyHasSigned() async throws {
        let device = try SoftwareKeyDevice(serial: "SN-1")
        let next = try KeyRotation(directory).makeNext(.ledger).key
        try await TestVerifier.serve(directory, setup) { service in
            let id = service.verifier.materials.checkpointSigner.verifierKey.id.description
            let order = try CompromiseOrder(.ledger, id, reason: "stolen", isRehearsal: false).found()
            _ = try await service.operating(as: .operator) { try await $0.reportCompromise(order) }
            try await service.publish(service.successor { $0.ledgerKey = next.vkey ?? "" }, people)
        }
        #expect(try await KeyRotation(directory).use(.ledger) == .used(name: next.name))
        try await TestVerifier.serve(directory, setup) { service in
            #expect(FileManager.default.fileExists(atPath: directory.previousLedgerKey), "nothing else fits the record")
            try await service.importBirth(of: device, by: factory)
        }
        try await TestVerifier.serve(directory, setup) { service in
            #expect(!FileManager.default.fileExists(atPath: directory.previousLedgerKey))
            try await service.importBirth(of: try SoftwareKeyDevice(serial: "SN-2"), by: factory)
        }
    }

    /// Whoever looks at the directory is told how long the one before is needed.
    @Test func theCheckSaysHowTheOneBeforeStands() async throws {
        let next = try await name(.ledger)
        _ = try await KeyRotation(directory).use(.ledger)
        func found() async -> [String] {
            await directory.check().map(\.text)
        }
        let during = await found()
        #expect(during.contains { $0.contains("signs beside") }, "\(during)")
        try await TestVerifier.serve(directory, setup) { service in
            try await service.importBirth(of: try SoftwareKeyDevice(serial: "SN-1"), by: factory)
            try await service.publish(
                service.successor {
                    $0.ledgerKey = next.vkey ?? ""
                    $0.ledgerKeys = nil
                },
                people
            )
        }
        let after = await found()
        #expect(after.contains { $0.contains("its file is there still") }, "\(after)")
    }

    /// Who judges years believes the keys of then for what was signed then.
    @Test func anAuditorFollowsGrantsOfEveryKey() async throws {
        let device = try SoftwareKeyDevice(serial: "SN-1")
        let first = try await TestVerifier.serve(directory, setup) { service in
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            _ = try await service.anonymous { try await $0.update(device, to: package) }
            return service.verifier.published.now
        }
        _ = try await name(.grant)
        _ = try await KeyRotation(directory).use(.grant)
        try await TestVerifier.serve(directory, setup) { service in
            let later = TestReleases()
            let next = try service.successor {
                $0.grantKeys.removeFirst()
                $0.releaseKeys = try later.keys
            }
            try await service.publish(next, people)
            let package = try await service.add(try later.release("3.0"), later)
            _ = try await service.anonymous { try await $0.update(device, to: package) }
            let bundle = try await service.audit(.instance(device.instance))
            var anchors = try service.anchors(factory)
            (anchors.grantKeys, anchors.releaseKeys) = (next.grantKeys, next.releaseKeys)
            #expect(!Auditor.judge(bundle, anchors).isProven, "half of it was signed by others")
            anchors.grantKeys += first.grantKeys
            anchors.earlierReleaseKeys = [try first.releaseKeys.found()]
            let report = Auditor.judge(bundle, anchors)
            #expect(report.isProven, "\(report.findings)")
        }
    }

    /// A grant on a stick is signed with the key of its time; it is handed out again as long as devices may know that key.
    @Test func aGrantOnItsWayOutlivesTheRotation() async throws {
        let policy = Array(
            """
            {"formatVersion": 1, "rules": [{"id": "ship",
             "match": {"environments": "*", "tiers": "*", "models": "*", "hardwareRevisions": "*", "packages": "*"},
             "moves": {"upgrade": true, "reinstall": true, "downgrade": false},
             "boot": {"requireLog": false, "secureBoot": "any"},
             "lease": {"seconds": 3600}, "grant": {"seconds": 600},
             "delayed": {"freshness": "epoch", "span": {"seconds": 86400}, "resets": 5}}]}

            """.utf8
        )
        try AtomicFile.write(policy, to: directory.file("policy.json"))
        let device = try SoftwareKeyDevice(serial: "SN-1")
        let (evidence, first) = try await TestVerifier.serve(directory, setup) { service in
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            let epoch = try await service.anonymous { try await $0.epoch() }
            let request = try device.request(.delayed, challenge: epoch.challenge, package: package)
            let evidence = try device.evidence(for: request)
            let answer = try await service.operating(as: .operator) { try await $0.authorize(evidence) }
            return (evidence, try answer.grant.found().grant)
        }
        _ = try await name(.grant)
        _ = try await KeyRotation(directory).use(.grant)
        try await TestVerifier.serve(directory, setup) { service in
            let again = try await service.operating(as: .operator) { try await $0.authorize(evidence) }
            #expect(again.grant?.grant == first)
            try await service.publish(service.successor { $0.grantKeys.removeFirst() }, people)
            let gone = try await problem {
                try await service.operating(as: .operator) { try await $0.authorize(evidence) }
            }
            #expect(gone.reasons == ["grant-ended"])
        }
    }
}
