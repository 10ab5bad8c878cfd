import Crypto
import DurableFiles
import Endorsement
import FoundationEssentials
import Glibc
import Logging
import Messages
import SwiftASN1
import TemporaryDirectories
import Testing
import VerifierClient
import X509

@testable import HTTPService
@testable import VerifierService

/// Whose word counts is read again while the verifier serves: whole sets, and the old one while the new one is broken.
@Suite(.timeLimit(.minutes(20))) struct TrustTests {
    let factory: TestFactory

    init() throws { factory = try TestFactory() }

    private func imports(_ service: TestVerifier) async throws -> [BirthOutcome.Outcome] {
        let bundle = try factory.bundle(try SoftwareKeyDevice(serial: "SN-\(UInt64.random(in: 0 ... .max))"))
        return try await service.operating(as: .factory) { try await $0.importBirths(bundle) }.births.map(\.outcome)
    }

    private func refusal(_ service: TestVerifier) async throws -> Problem {
        try await problem { try await imports(service) }
    }

    /// Waits for the service itself to notice, which it does within seconds.
    private func eventually(_ condition: () async throws -> Bool) async throws {
        for _ in 0..<2400 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("nothing was noticed")
    }

    private func write(_ keys: StationKeys, _ service: TestVerifier) throws {
        try AtomicFile.write(try EditedJSON.encode(keys), to: service.directory.file("birth-keys.json"))
    }

    private func pem(_ list: [UInt8]) -> [UInt8] {
        Array((PEMDocument(type: "X509 CRL", derBytes: list).pemString + "\n").utf8)
    }

    @Test func aStationThatIsAddedCountsWithoutARestart() async throws {
        let other = try TestFactory("line-2", authority: factory.authority)
        try await TestVerifier.with(factory: other) { service in
            #expect(try await refusal(service).reasons == [BundleReason.stationUnknown.rawValue])
            let both = try StationKeys([factory.listed, other.listed])
            try write(both, service)
            try await eventually { service.log.lines.contains { $0.contains("trust lists read again") } }
            #expect(try await imports(service) == [.imported])
            let listed = try await service.operating(as: .factory) { try await $0.stations() }
            #expect(listed.stations.map(\.station.text) == ["line-1", "line-2"])

            // A damaged file, and then a good one.
            try AtomicFile.write(Array("{".utf8), to: service.directory.file("birth-keys.json"))
            try await eventually { service.verifier.metrics.value(.trustFault) == 1 }
            #expect(try await imports(service) == [.imported])
            try write(try StationKeys([other.listed]), service)
            try await eventually { service.verifier.metrics.value(.trustFault) == 0 }
            #expect(try await refusal(service).reasons == [BundleReason.stationUnknown.rawValue])
            let told = service.log.lines.filter { $0.contains("the trust lists stay as they are") }
            #expect(told.count == 1 && told[0].contains("birth-keys.json"), "\(told)")
        }
    }

    /// A pipe would keep its reader waiting for ever, and with it every later change.
    @Test func aPipeInThePlaceOfAListIsNotWaitedFor() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let path = service.directory.file("birth-keys.json")
            try FileManager.default.removeItem(atPath: path)
            let isMade = unsafe mkfifo(path, 0o600) == 0
            try #require(isMade)
            try await eventually { service.verifier.metrics.value(.trustFault) == 1 }
            #expect(try await imports(service) == [.imported])
            try write(try StationKeys([factory.listed]), service)
            try await eventually { service.verifier.metrics.value(.trustFault) == 0 }
            #expect(try await imports(service) == [.imported])
        }
    }

    @Test func aListThatOthersMayChangeIsNotTakenUp() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let path = service.directory.file("birth-keys.json")
            try FileManager.default.setAttributes([.posixPermissions: 0o660], ofItemAtPath: path)
            try await eventually { service.log.lines.contains { $0.contains("chmod go-w \(path)") } }
            #expect(service.verifier.metrics.value(.trustFault) == 1)
            #expect(try await imports(service) == [.imported])
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
            try await eventually { service.verifier.metrics.value(.trustFault) == 0 }
        }
    }

    @Test func aRevokedCertificateCountsNoMoreWithoutARestart() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let record = try factory.record(of: device)
            let bundle = try factory.bundle(of: [try factory.envelope(record)])
            let iak = try ParsedCertificate(der: try record.iak.certificate.found().bytes)
            let list = try factory.authority.revocationList(
                [RevokedCertificate(serialNumber: iak.serialNumber, date: TestFactory.bornAt, reason: .keyCompromise)],
                number: 1,
                thisUpdate: TestFactory.bornAt,
                nextUpdate: TestFactory.until
            )
            #expect(try await imports(service) == [.imported])
            try AtomicFile.write(try factory.rootsPEM + pem(list), to: service.directory.file("factory-roots.pem"))
            try await eventually { service.log.lines.contains { $0.contains("revocationLists=1") } }
            let refused = try await problem {
                try await service.operating(as: .factory) { try await $0.importBirths(bundle) }
            }
            #expect(refused.reasons == [BundleReason.birthNotBelieved.rawValue])
            #expect(refused.title.contains("revoked"), "\(refused.title)")
            #expect(try await imports(service) == [.imported])
        }
    }

    @Test func theFirstFactoryIsTakenUpWithoutARestart() async throws {
        try await TestVerifier.with { service in
            #expect(try await refusal(service).kind == .conflict)
            try AtomicFile.write(try factory.rootsPEM, to: service.directory.file("factory-roots.pem"))
            try write(try factory.birthKeys, service)
            // As SIGHUP does.
            service.verifier.reloadTrust()
            #expect(try await imports(service) == [.imported])
        }
    }

    @Test func anOperatorIsTakenBackWithoutARestart() async throws {
        try await TestVerifier.with { service in
            func read() async throws {
                _ = try await service.operating(as: .auditor) { try await $0.policy() }
            }
            try await read()
            let path = service.directory.configuration
            let auditor = try label("auditor")
            try service.directory.edit { $0.revokedOperators = [auditor] }
            // As SIGHUP does.
            service.verifier.reloadTrust()
            let refused = try await problem { try await read() }
            #expect(refused.kind == .unauthenticated)
            _ = try await service.operating(as: .operator) { try await $0.policy() }
            // Half a file gives nobody his name again.
            try AtomicFile.write(Array("{".utf8), to: path)
            service.verifier.reloadTrust()
            #expect(service.verifier.metrics.value(.trustFault) == 1)
            let still = try await problem { try await read() }
            #expect(still.kind == .unauthenticated)
        }
    }

    @Test func releaseKeysThatAreAddedCountWithoutARestart() async throws {
        let releases = TestReleases()
        try await TestVerifier.with(factory: factory) { service in
            let release = try releases.release("1.1")
            let refused = try await problem { _ = try await service.add(release, releases) }
            #expect(refused.kind == .conflict)
            try AtomicFile.write(
                try EditedJSON.encode(try releases.keys),
                to: service.directory.file("release-keys.json")
            )
            service.verifier.reloadTrust()
            _ = try await service.add(release, releases)
        }
    }

    /// Without them more would be believed than before; that a directory is gone is no reason to.
    @Test func vendorsRootsThatVanishStayInForce() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let roots = service.directory.file("ek-roots")
            try AtomicFile.write(try factory.rootsPEM, to: roots + "/vendor.pem")
            service.verifier.reloadTrust()
            #expect(service.verifier.trust.now.endorsement != nil)
            #expect(try await refusal(service).reasons == [BundleReason.birthNotBelieved.rawValue])
            try FileManager.default.removeItem(atPath: roots)
            try await eventually { service.verifier.metrics.value(.trustFault) == 1 }
            #expect(try await refusal(service).reasons == [BundleReason.birthNotBelieved.rawValue])
            #expect(service.log.lines.contains { $0.contains("holds no TPM vendor's certificate any more") })
        }
    }

    /// The same of a list that stands alone.
    @Test func anAllowListThatVanishesStaysInForce() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let list = service.directory.file("ek-allowed.txt")
            try AtomicFile.write(Array(String(repeating: "ab", count: 32).utf8), to: list)
            service.verifier.reloadTrust()
            #expect(service.verifier.trust.now.ekAllowList?.count == 1)
            try FileManager.default.removeItem(atPath: list)
            try await eventually { service.verifier.metrics.value(.trustFault) == 1 }
            #expect(service.verifier.trust.now.ekAllowList?.count == 1)
            #expect(service.log.lines.contains { $0.contains("nothing else bounds endorsement keys") })
            // Beside vendors' roots it may go: without it less is believed.
            try AtomicFile.write(try factory.rootsPEM, to: service.directory.file("ek-roots") + "/vendor.pem")
            try await eventually { service.verifier.metrics.value(.trustFault) == 0 }
            #expect(service.verifier.trust.now.ekAllowList == nil)
        }
    }

    /// A file that is being copied is half there for a moment: nobody judges by that half.
    @Test func aFileIsReadOnlyWhenItHasComeToRest() throws {
        let (home, directory) = try TestVerifier.prepared(factory: factory)
        let log = LogCapture()
        let trust = TrustInForce(
            try VerifierMaterials(directory),
            metrics: Metrics(MetricFamily.ofVerifier),
            logger: Logger(label: "test") { _ in log }
        )
        let path = directory.file("factory-roots.pem")
        let whole = try factory.rootsPEM + factory.rootsPEM
        trust.look()
        for end in [100, 300, whole.count] {
            try Data(whole.prefix(end)).write(to: URL(filePath: path))
            trust.look()
        }
        #expect(log.lines.isEmpty)
        trust.look()
        #expect(log.lines.count == 1 && log.lines[0].contains("read again"), "\(log.lines)")
        trust.look()
        #expect(log.lines.count == 1)
        withExtendedLifetime(home) {}
    }

    @Test func changesOfFilesAreSeenHoweverTheyAreMade() throws {
        let home = try TemporaryDirectory()
        let (file, tree) = (home.path + "/file", home.path + "/tree")
        var last = FileStamps(of: [file, tree])
        func isNew() -> Bool {
            let before = last
            last = FileStamps(of: [file, tree])
            return last != before
        }
        #expect(!isNew())
        try AtomicFile.write([1], to: file)
        #expect(isNew() && !isNew())
        // Same size, another file.
        try AtomicFile.write([2], to: file)
        #expect(isNew())
        try FileManager.default.createDirectory(atPath: tree + "/deep", withIntermediateDirectories: true)
        #expect(isNew())
        try AtomicFile.write([1], to: tree + "/deep/a.pem")
        #expect(isNew())
        try AtomicFile.write([1, 2], to: tree + "/deep/a.pem")
        #expect(isNew() && !isNew())
        try FileManager.default.removeItem(atPath: tree + "/deep/a.pem")
        #expect(isNew())
        withExtendedLifetime(home) {}
    }
}
