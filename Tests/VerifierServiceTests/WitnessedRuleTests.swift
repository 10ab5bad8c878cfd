import Audit
import AuditCollection
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

/// Rules that want witnesses of the ledger, where the configuration itself requires none.
@Suite(.timeLimit(.minutes(20))) struct WitnessedRuleTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    private static func policy(_ witnesses: Int) -> [UInt8] {
        TestRule.policy(
            TestRule(
                "watched",
                #""delayed":{"freshness":"epoch","span":{"seconds":86400},"resets":5},"witnesses":\#(witnesses)"#
            )
        )
    }

    /// A verifier with two witnesses, whose rule wants both; the second is not there.
    private func with(
        _ body: (
            TestVerifier, SoftwareKeyDevice, PackageReference, _ keys: [VerifierKey],
            _ back: () async throws -> Void
        ) async throws -> Void
    ) async throws {
        let home = try TemporaryDirectory()
        let directory = home.verifier
        let (setup, witnesses) = try await Witnessing.prepare(
            home,
            2,
            required: 0,
            factory,
            releases,
            policy: Self.policy(2)
        )
        var tasks = witnesses.map(\.task)
        defer { for task in tasks { task.cancel() } }
        tasks[1].cancel()
        try? await tasks[1].value
        try await TestVerifier.serve(directory, setup) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            try await body(service, device, package, witnesses.map(\.0.key)) {
                tasks.append(try await witnesses[1].0.serve().task)
                try await Witnessing.eventually { await service.verifier.cosignatures.witnessed(by: 2) != nil }
            }
        }
    }

    /// What witnesses have signed of what was delivered.
    private func count(
        _ delivery: GrantDelivery,
        _ service: TestVerifier,
        _ keys: [VerifierKey]
    ) throws -> Int {
        let proof = try LogProof(parsing: Array(delivery.proof.utf8))
        let logKey = try VerifierKey(parsing: service.trust.ledgerKey)
        let entry = try LogEntry(delivery.entry.bytes)
        return try proof.verify(entry: entry, logKey: logKey, witnesses: keys).get().cosignatures.count
    }

    @Test func aGrantIsGivenOutOnlyAfterSoManyHaveSigned() async throws {
        try await with { service, device, package, keys, back in
            #expect(service.trust.ledgerWitnesses?.required == 0 && service.trust.ledgerWitnesses?.keys.count == 2)
            try await service.anonymous { client in
                _ = try await client.attest(device)
                try await Witnessing.eventually { await service.verifier.cosignatures.witnessed(by: 1) != nil }
                let refused = try await problem { try await client.update(device, to: package) }
                #expect(refused.kind == .undecided && refused.status == 503)
                let missing = try await problem { try await client.ledgerFile("witnessed/2") }
                #expect(missing.kind == .notFound)
                _ = try await client.attest(device)

                try await back()
                let delivery = try await client.update(device, to: package).grant.found()
                let grant = try service.grant(delivery.grant)
                #expect(grant.claims.witnesses == 2)
                #expect(try count(delivery, service, keys) == 2)
                let both = try SignedCheckpoint(parsing: try await client.ledgerFile("witnessed/2"))
                #expect(both.note.signatures.count == 3)
            }
        }
    }

    /// By an operator's hand, and again later.
    @Test func aGrantThatTravelsAsAFileWaitsForThemToo() async throws {
        try await with { service, device, package, keys, back in
            let epoch = try await service.anonymous { try await $0.epoch() }
            let request = try device.request(.delayed, challenge: epoch.challenge, package: package)
            let evidence = try device.evidence(for: request)
            let refused = try await service.operating(as: .operator) { client in
                try await problem { try await client.authorize(evidence) }
            }
            #expect(refused.kind == .undecided)
            // The same again: it was given before, and is held back for the same reason.
            let again = try await service.operating(as: .operator) { client in
                try await problem { try await client.authorize(evidence) }
            }
            #expect(again.kind == .undecided)
            try await back()
            let answer = try await service.operating(as: .operator) { try await $0.authorize(evidence) }
            #expect(try count(answer.grant.found(), service, keys) == 2)
        }
    }

    @Test func anAuditorCountsThemForHimself() async throws {
        try await with { service, device, package, keys, back in
            try await back()
            let given = try await service.anonymous { client in try await client.update(device, to: package) }
            #expect(given.grant != nil)
            let size = try await service.store.ledgerHead().size
            try await Witnessing.eventually {
                await service.verifier.cosignatures.witnessed(by: 2)?.claimed.size == size
            }
            let bundle = try await service.operating(as: .auditor) { client in
                let signed = try SignedCheckpoint(parsing: try await client.ledgerFile("witnessed/2"))
                var collector = AuditCollector(client, signed)
                return try await collector.bundle(about: .instance(device.instance))
            }
            var anchors = try service.anchors(factory)
            let cases: [(known: [VerifierKey], isProven: Bool)] = [(keys, true), ([keys[1]], false), ([], false)]
            for (known, isProven) in cases {
                anchors.witnesses = known
                let report = Auditor.judge(bundle, anchors)
                #expect(report.isProven == isProven, "\(report.findings)")
                let said = "its rule wants 2 witnesses of the ledger; \(known.count) of those"
                #expect(report.findings.allSatisfy { $0.problem.hasPrefix(said) })
            }
        }
    }

    /// Under such a policy nothing could ever be given out.
    @Test func aPolicyThatWantsMoreThanThereAreDoesNotComeIntoForce() async throws {
        let home = try TemporaryDirectory()
        let directory = home.verifier
        let (setup, witnesses) = try await Witnessing.prepare(home, 1, required: 0, factory, releases)
        defer { witnesses[0].task.cancel() }
        let file = directory.file("policy.json")
        try await TestVerifier.serve(directory, setup) { service in
            let before = service.verifier.policy.now.policy.digest
            try AtomicFile.write(Self.policy(2), to: file)
            await #expect(throws: SetupError.self) { try await service.verifier.reloadPolicy() }
            #expect(service.verifier.policy.now.policy.digest == before)
            try AtomicFile.write(Self.policy(1), to: file)
            try await service.verifier.reloadPolicy()
            #expect(service.verifier.policy.now.policy.rules.map(\.witnesses) == [1])
        }

        // Nor is it taken over at init; and nothing starts under it that was put there by hand.
        let stricter = home.path + "/stricter.json"
        try AtomicFile.write(Self.policy(2), to: stricter)
        var options = DirectorySetup.Options()
        options.policy = stricter
        let again = DirectorySetup(directory, options, now: Int64(Date.now.timeIntervalSince1970))
        #expect(throws: SetupError.self) {
            try again.run(defaultPolicy: DefaultPolicy.bytes, storeExists: { _ in true }, makeStore: { _ in })
        }
        #expect(try BoundedFile.read(file, limit: Policy.maximumSize) == Self.policy(1))
        try AtomicFile.write(Self.policy(2), to: file)
        #expect(throws: SetupError.self) { try VerifierMaterials(directory) }
        let findings = await directory.check()
        #expect(findings.map(\.grade) == [.fault])
        #expect(findings.first?.text.contains("wants 2 witnesses of the ledger, and the configuration names 1") == true)
    }
}
