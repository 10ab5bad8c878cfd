import DurableFiles
import FoundationEssentials
import Messages
import TemporaryDirectories
import Testing
import VerifierStore

@testable import HTTPService
@testable import StoreSQLite
@testable import VerifierService

@Suite struct SetupTests {
    let home: TemporaryDirectory
    let directory: VerifierDirectory

    init() throws {
        home = try TemporaryDirectory()
        directory = home.verifier
    }

    private func setUp(_ change: (inout DirectorySetup.Options) -> Void = { _ in }, days: Int64 = 0) throws {
        var options = DirectorySetup.Options()
        change(&options)
        let now = Int64(Date.now.timeIntervalSince1970) + days * 86_400
        try DirectorySetup(directory, options, now: now).run(
            defaultPolicy: DefaultPolicy.bytes,
            storeExists: { FileManager.default.fileExists(atPath: directory.database($0)) },
            makeStore: { try SQLiteStore.create(at: directory.database($0)).close() }
        )
    }

    private func refusal(_ body: () throws -> Void) throws -> SetupError {
        do { try body() } catch let error as SetupError { return error }
        throw Missing()
    }

    private func contents() throws -> [String: Data] {
        var files: [String: Data] = [:]
        let names = try FileManager.default.subpathsOfDirectory(atPath: directory.path)
        for name in names where !name.hasPrefix("verifier.sqlite") {
            files[name] = try? Data(contentsOf: URL(filePath: directory.path + "/" + name))
        }
        return files
    }

    @Test func runTwiceItChangesNothing() throws {
        try setUp()
        let before = try contents()
        try setUp()
        #expect(try contents() == before)
    }

    /// Stops after each file in turn, as a kill would, and finishes from there.
    @Test func whatWasBegunIsFinished() throws {
        try setUp()
        let whole = Set(try contents().keys)
        let trust = try TrustBundle(parsing: Array(try Data(contentsOf: URL(filePath: directory.trustBundle))))
        for lost in ["trust.json", "tls.pem"] {
            try FileManager.default.removeItem(atPath: directory.file(lost))
            try setUp()
            #expect(Set(try contents().keys) == whole)
            let again = try TrustBundle(parsing: Array(try Data(contentsOf: URL(filePath: directory.trustBundle))))
            #expect(again == trust)
        }
    }

    /// It may be what people have signed, and of that the service alone has another copy.
    @Test func aTrustBundleThatCannotBeReadIsNotReplaced() throws {
        try setUp()
        let damaged = Array("{}".utf8)
        try AtomicFile.write(damaged, to: directory.trustBundle)
        let error = try refusal { try setUp() }
        #expect(error.message.contains(directory.trustBundle) && error.hint?.contains("serve") == true)
        #expect(try BoundedFile.read(directory.trustBundle, limit: 10) == damaged)
        try AtomicFile.remove(directory.trustBundle)
        try setUp()
    }

    @Test func privateFilesAreTheOwnersAlone() throws {
        try setUp()
        for name in try FileManager.default.subpathsOfDirectory(atPath: directory.path) {
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.file(name))
            let mode = try (attributes[.posixPermissions] as? Int).found()
            let isPublic = ["trust.json", "tls.pem", "operator-ca.pem"].contains(name)
            #expect(isPublic || mode & 0o077 == 0, "\(name)")
        }
    }

    @Test func exposedKeyIsRefused() throws {
        try setUp()
        let key = directory.file("keys/grant.key")
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: key)
        let error = #expect(throws: FileError.self) { try VerifierMaterials(directory) }
        #expect(error?.code == .exposed)
        #expect(error?.hint?.contains("chmod") == true)
    }

    /// The directory lets nobody in; what its configuration or a link in it names elsewhere, others may reach.
    @Test(
        arguments: [
            "policy.json", "release-keys.json", "birth-keys.json", "factory-roots.pem", "ek-allowed.txt", "ek-roots",
        ],
        [false, true]
    )
    func whatOthersMayChangeDoesNotCount(_ name: String, isLinked: Bool) throws {
        try setUp()
        let (path, elsewhere) = (directory.file(name), home.path + "/elsewhere")
        if FileManager.default.fileExists(atPath: path) {
            try FileManager.default.moveItem(atPath: path, toPath: elsewhere)
        } else {
            try AtomicFile.write(Array("{}".utf8), to: elsewhere)
        }
        if isLinked {
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: elsewhere)
        } else {
            let text = String(decoding: try BoundedFile.read(directory.configuration, limit: 1 << 16), as: UTF8.self)
            let changed = text.split(separator: "\"\(name)\"", omittingEmptySubsequences: false)
                .joined(separator: "\"\(elsewhere)\"")
            #expect(changed != text)
            try AtomicFile.write(Array(changed.utf8), to: directory.configuration)
        }
        for mode in [0o720, 0o702, 0o766] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: elsewhere)
            let error = #expect(throws: FileError.self) { try VerifierMaterials(directory) }
            #expect(error?.code == .changeable && error?.path == (isLinked ? path : elsewhere))
            #expect(error?.hint?.contains("chmod go-w") == true)
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: elsewhere)
        // Those that are no lists are read then, too.
        do { _ = try VerifierMaterials(directory) } catch let error as SetupError { #expect(error.kind == .malformed) }
    }

    @Test func exposedDirectoryIsRefused() throws {
        try setUp()
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
        #expect(throws: FileError.self) { try VerifierMaterials(directory) }
    }

    @Test func damagedKeyIsNamed() throws {
        try setUp()
        for key in VerifierDirectory.Key.allCases {
            let path = directory.key(key)
            let bytes = try BoundedFile.read(path, limit: 4096)
            try AtomicFile.write(Array("not a key\n".utf8), to: path)
            if key == .operatorCA {
                #expect(throws: (any Error).self) {
                    try OperatorAuthority.issue(
                        try label("eve"),
                        roles: [.auditor],
                        days: 1,
                        in: directory,
                        now: Int64(Date.now.timeIntervalSince1970)
                    )
                }
            } else {
                let error = try refusal { _ = try VerifierMaterials(directory) }
                #expect(error.message.contains(path))
                #expect(!error.message.contains("not a key\n"))
            }
            try AtomicFile.write(bytes, to: path)
        }
    }

    /// Taken for a file that was never there, one would have more believed, or the default policy put in the place of another.
    @Test(arguments: ["ek-roots", "trust-keys.json", "policy.json", "config.json"])
    func aLinkThatLeadsNowhereIsNoFileThatIsMissing(_ name: String) throws {
        try setUp()
        let path = directory.file(name)
        let target = home.path + "/not-mounted"
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        let error = #expect(throws: FileError.self) { try VerifierMaterials(directory) }
        #expect(error?.path == path)
        #expect(throws: FileError.self) { try setUp() }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == target)
    }

    @Test func aLinkThroughAFileIsNoConfigurationThatIsMissing() throws {
        try setUp()
        try AtomicFile.write([], to: home.path + "/not-mounted")
        let target = home.path + "/not-mounted/config.json"
        try FileManager.default.removeItem(atPath: directory.configuration)
        try FileManager.default.createSymbolicLink(atPath: directory.configuration, withDestinationPath: target)
        let error = #expect(throws: FileError.self) { try setUp() }
        #expect(error?.path == directory.configuration)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: directory.configuration) == target)
    }

    @Test func aFileInTheWayIsAPlaceThatCannotBeWritten() throws {
        try AtomicFile.write([], to: directory.path)
        #expect(throws: FileError(.isNoDirectory, .write, directory.path)) { try setUp() }
    }

    @Test func expiredCertificateSaysHowToRenew() throws {
        try setUp(days: -900)
        let materials = try VerifierMaterials(directory)
        let error = try refusal { try materials.checkValidity(at: Date.now) }
        #expect(error.message.contains("expired"))
        #expect(error.hint == "rm \(directory.tlsCertificate) && birthmark-verifier init \(directory.path)")
        try FileManager.default.removeItem(atPath: directory.tlsCertificate)
        try setUp()
        #expect(throws: Never.self) { try VerifierMaterials(directory).checkValidity(at: Date.now) }
    }

    @Test func lostRecordIsNotReplaced() throws {
        try setUp()
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: directory.file("verifier.sqlite" + suffix))
        }
        let error = try refusal { try setUp() }
        #expect(error.message.contains("is gone"))
        #expect(error.hint?.contains("backup") == true)
        #expect(!FileManager.default.fileExists(atPath: directory.file("verifier.sqlite")))
    }

    @Test func contradictingOptionsAreRefused() throws {
        try setUp { $0.name = Label("one") }
        let error = try refusal { try setUp { $0.name = Label("other") } }
        #expect(error.hint?.contains("edit") == true)
        try setUp { $0.name = Label("one") }
    }

    @Test(arguments: [
        "nowhere", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", ":8443", "::1:8443", "127.0.0.1:-1", "",
    ])
    func addressThatIsNone(listen: String) throws {
        #expect(ListenAddress(listen) == nil)
        #expect(throws: SetupError.self) { try setUp { $0.listen = listen } }
    }

    @Test func addressesThatAre() throws {
        let address = try ListenAddress("[::1]:8443").found()
        #expect(address.host == "::1")
        #expect(address.port == 8443)
        #expect(ListenAddress("verifier.example:0")?.host == "verifier.example")
    }

    /// A misspelt key must not silently mean its default.
    @Test(arguments: [
        ("\"name\"", "\"nam\""), ("\"listen\" : \"127.0.0.1:8443\"", "\"listen\" : 8443"),
        ("\"formatVersion\" : 1", "\"formatVersion\" : 2"), ("sqlite:", "postgres:"), ("https://", "http://"),
        ("\"idleSeconds\" : 30", "\"idleSeconds\" : 0"), ("\"idleSeconds\" : 30", "\"idleSeconds\" : 3.5"),
        ("\"challengeSeconds\" : 120", "\"challengeSeconds\" : 100000"),
        ("\"idleSeconds\" : 30,", "\"idleSeconds\" : 30,\n    \"idleSecond\" : 30,"),
    ])
    func configurationThatCannotBeMeant(written: String, instead: String) throws {
        try setUp()
        let text = String(decoding: try BoundedFile.read(directory.configuration, limit: 1 << 16), as: UTF8.self)
        let changed = text.split(separator: written, omittingEmptySubsequences: false).joined(separator: instead)
        #expect(changed != text)
        try AtomicFile.write(Array(changed.utf8), to: directory.configuration)
        let error = try refusal { _ = try VerifierMaterials(directory) }
        #expect(error.kind == .malformed)
        #expect(error.message.contains("config.json"))
    }

    @Test func filesAreCheckedBeforeTheyAreTakenOver() throws {
        try setUp()
        let before = try contents()
        let wrong = home.path + "/wrong"
        try AtomicFile.write(Array("{}".utf8), to: wrong)
        #expect(throws: (any Error).self) { try setUp { $0.policy = wrong } }
        #expect(throws: (any Error).self) { try setUp { $0.releaseKeys = wrong } }
        #expect(throws: (any Error).self) { try setUp { $0.birthKeys = [wrong] } }
        #expect(throws: (any Error).self) { try setUp { $0.factoryRoots = wrong } }
        #expect(throws: (any Error).self) { try setUp { $0.ekRoots = [wrong] } }
        #expect(throws: (any Error).self) { try setUp { $0.policy = home.path + "/none" } }
        #expect(try contents() == before)
        let factory = try TestFactory()
        let keys = home.path + "/birth-keys.json"
        try AtomicFile.write(try EditedJSON.encode(try factory.birthKeys), to: keys)
        try setUp { $0.birthKeys = [keys] }
        #expect(try VerifierMaterials(directory).trust.birthKeys == factory.birthKeys)
    }

    @Test func severalStationsAreTrustedAtOnce() async throws {
        try setUp()
        var files: [String] = []
        let factories = [try TestFactory(), try TestFactory("line-2"), try TestFactory("line-1")]
        for (number, factory) in factories.enumerated() {
            files.append(home.path + "/birth-keys-\(number).json")
            try AtomicFile.write(try EditedJSON.encode(try factory.birthKeys), to: files[number])
        }
        try setUp { $0.birthKeys = [files[0], files[1], files[0]] }
        let trusted = try VerifierMaterials(directory).trust.birthKeys
        #expect(trusted?.stations == [factories[0].listed, factories[1].listed])
        // Two keys under one name: which of them would its sequence be?
        let error = try refusal { try setUp { $0.birthKeys = [files[0], files[2]] } }
        #expect(error.kind == .malformed)
        #expect(try VerifierMaterials(directory).trust.birthKeys == trusted)
        // Those given take the place of all that were trusted.
        try setUp { $0.birthKeys = [files[2]] }
        #expect(try VerifierMaterials(directory).trust.birthKeys?.stations == [factories[2].listed])
    }

    @Test func checkTellsOfStationsWhoseTimeEnds() async throws {
        try setUp()
        let now = Int64(Date.now.timeIntervalSince1970)
        for (until, words) in [(now + 86_400, "less than 30 days"), (now - 1, "does not count now")] {
            var key = try TestFactory().listed
            key.until = until
            let keys = home.path + "/birth-keys.json"
            try AtomicFile.write(try EditedJSON.encode(try StationKeys([key])), to: keys)
            try setUp { $0.birthKeys = [keys] }
            let findings = await directory.check()
            let finding = findings.first { $0.text.contains(words) }
            #expect(finding?.grade == .notice && finding?.hint?.contains("--days") == true, "\(findings)")
        }
    }

    @Test func defaultPolicyIsTheOneProvisioned() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let provisioned = try Data(contentsOf: root.appending(path: "Provisioning/policies/default.json"))
        #expect(Data(DefaultPolicy.bytes) == provisioned)
    }

    @Test func operatorsAreIssuedOnce() throws {
        try setUp()
        let now = Int64(Date.now.timeIntervalSince1970)
        let place = try OperatorAuthority.issue(try label("eve"), roles: [.auditor], days: 1, in: directory, now: now)
        let before = try contents()
        let error = try refusal {
            _ = try OperatorAuthority.issue(try label("eve"), roles: [.operator], days: 1, in: directory, now: now)
        }
        #expect(error.message.contains(place))
        #expect(try contents() == before)
    }

    /// A key without its certificate would stand in the way of the same command.
    @Test func anIssueThatFailedIsRepeated() throws {
        try setUp()
        let now = Int64(Date.now.timeIntervalSince1970)
        let eve = try label("eve")
        let place = directory.operatorDirectory(eve)
        for path in [directory.file("operators"), place, place + "/cert.pem"] { try PrivateDirectory.make(path) }
        #expect(throws: FileError.self) {
            _ = try OperatorAuthority.issue(eve, roles: [.auditor], days: 1, in: directory, now: now)
        }
        try FileManager.default.removeItem(atPath: place + "/cert.pem")
        #expect(try OperatorAuthority.issue(eve, roles: [.auditor], days: 1, in: directory, now: now) == place)
    }

    @Test func checkFindsWhatIsWrong() async throws {
        try setUp()
        #expect(await !directory.check().contains { $0.grade == .fault })
        #expect(await directory.check().contains { $0.grade == .notice && $0.text.contains("factory") })
        try AtomicFile.write(Array("{}".utf8), to: directory.trustBundle)
        #expect(await directory.check().contains { $0.grade == .notice && $0.text.contains("trust.json") })
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644],
            ofItemAtPath: directory.file("verifier.sqlite")
        )
        #expect(await directory.check().contains { $0.grade == .fault && $0.hint?.contains("chmod") == true })
        try FileManager.default.removeItem(atPath: directory.configuration)
        #expect(await directory.check().map(\.grade) == [.fault])
    }
}
