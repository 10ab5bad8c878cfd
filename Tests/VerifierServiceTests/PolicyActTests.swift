import Audit
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

/// A policy comes into force by what an operator has signed, and stays in force whatever becomes of the file.
@Suite(.timeLimit(.minutes(20))) struct PolicyActTests {
    let factory: TestFactory
    let home: TemporaryDirectory
    let directory: VerifierDirectory

    init() throws {
        factory = try TestFactory()
        (home, directory) = try TestVerifier.prepared(factory: factory)
    }

    private static let path = "/v1/policy"

    /// The default policy with so many empty lines behind it: the same rules, another file.
    private static func policy(_ lines: Int) -> [UInt8] {
        DefaultPolicy.bytes + [UInt8](repeating: UInt8(ascii: "\n"), count: lines)
    }

    private func order(_ policy: [UInt8]) throws -> PolicyOrder {
        try PolicyOrder(policy, reason: "nights only, ticket 12").found()
    }

    @discardableResult
    private func put(
        _ policy: [UInt8],
        as role: OperatorRole = .operator,
        _ service: TestVerifier
    ) async throws -> PolicyPutReport {
        let order = try order(policy)
        return try await service.operating(as: role) { try await $0.putPolicy(order) }
    }

    private func file() throws -> [UInt8] {
        try BoundedFile.read(directory.file("policy.json"), limit: Policy.maximumSize)
    }

    private func write(_ policy: [UInt8]) throws { try AtomicFile.write(policy, to: directory.file("policy.json")) }

    private func inForce(_ service: TestVerifier) -> [UInt8] { service.verifier.policy.now.bytes }

    /// Says who may change the policy.
    private func take(_ source: PolicySource) throws { try directory.edit { $0.policies = source } }

    private func entries(_ service: TestVerifier) async throws -> [LedgerEntry] {
        let size = try await service.store.ledgerHead().size
        return try await service.store.ledgerEntries(0..<size).map { try LedgerEntry(parsing: $0.bytes) }
    }

    @Test func anActPutsAPolicyIntoForceAndOnTheLedger() async throws {
        try await TestVerifier.serve(directory) { service async throws in
            let report = try await put(Self.policy(1), service)
            let (old, new) = (ContentDigest(of: Self.policy(0)), ContentDigest(of: Self.policy(1)))
            #expect(report == PolicyPutReport(digest: new, replaces: old, entry: 1))
            #expect(inForce(service) == Self.policy(1))
            #expect(try file() == Self.policy(1))
            let entry = try await entries(service).last.found()
            #expect(entry.actor.description == "operator:operator")
            guard case .policy(let body) = entry.body else { throw UnexpectedAnswer(text: entry.body.type) }
            #expect(body.policy == new && body.replaces == old && body.reason?.text == "nights only, ticket 12")
            let statement = try entry.statement.found()
            let kept = try await service.store.act(statement).found()
            #expect(try SignedStatement(kept.statement).claimed.path == Self.path)
            // The same again changes nothing.
            let again = try await put(Self.policy(1), service)
            #expect(again == PolicyPutReport(digest: new))
            #expect(try await service.store.ledgerHead().size == 2)
            let shown = try await service.operating(as: .auditor) { try await $0.policy() }
            #expect(shown.policy.bytes == Self.policy(1))
        }
        // And after a restart.
        try await TestVerifier.serve(directory) { service async throws in
            #expect(inForce(service) == Self.policy(1))
            let size = try await service.store.ledgerHead().size
            #expect(size == 2)
        }
    }

    @Test func decisionsNameTheVersionThatWasPut() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            for lines in 1...2 {
                try await put(Self.policy(lines), service)
                _ = try await service.anonymous { try await $0.attest(device) }
                let named = try await entries(service).compactMap { entry -> ContentDigest? in
                    guard case .decision(let body) = entry.body else { return nil }
                    return body.policy
                }
                #expect(named.last == ContentDigest(of: Self.policy(lines)) && named.count == lines)
            }
        }
    }

    @Test(arguments: [OperatorRole.auditor, .releaseManager, .factory])
    func anotherRoleChangesNothing(role: OperatorRole) async throws {
        try await TestVerifier.serve(directory) { service async throws in
            let refusal = try await problem { try await put(Self.policy(1), as: role, service) }
            #expect(refusal.kind == .forbidden)
            try await expectUnchanged(service)
        }
    }

    private func expectUnchanged(_ service: TestVerifier) async throws {
        #expect(inForce(service) == Self.policy(0))
        #expect(try file() == Self.policy(0))
        #expect(try await service.store.ledgerHead().size == 1)
    }

    @Test func whatTheVerifierCannotTakeUpChangesNothing() async throws {
        try await TestVerifier.serve(directory) { service async throws in
            let text = String(decoding: DefaultPolicy.bytes, as: UTF8.self)
            let wanting = text.replacing(#""lease""#, with: #""witnesses": 2, "lease""#)
            #expect(wanting != text)
            let bad: [[UInt8]] = [[], Array("{}".utf8), Array(wanting.utf8), Array(text.utf8.dropLast(4))]
            for policy in bad {
                let refusal = try await problem { try await put(policy, service) }
                #expect(refusal.reasons == ["policy-unusable"], "\(refusal)")
                try await expectUnchanged(service)
            }
        }
    }

    /// One rule for all, which waits for somebody in a role.
    private static func waiting(for role: String) -> [UInt8] {
        TestRule.policy(
            TestRule("all", #""controls":{"releases":"*","approvals":1,"roles":["\#(role)"],"claims":false}"#)
        )
    }

    /// An auditor approves nothing; a policy that is in force and waits for one, from when nobody looked at that, goes on.
    @Test func noNewPolicyWaitsForARoleThatCannotApprove() async throws {
        let (old, approving) = (Self.waiting(for: "auditor"), "operator and release-manager")
        try await TestVerifier.serve(directory) { service async throws in
            let refusal = try await problem { try await put(old, service) }
            #expect(refusal.reasons == ["policy-unusable"] && refusal.title.contains(approving), "\(refusal)")
            try await expectUnchanged(service)
            try write(old)
            let stays = await #expect(throws: SetupError.self) { try await service.verifier.reloadPolicy() }
            #expect(stays?.message.contains(approving) == true)
            #expect(inForce(service) == Self.policy(0))
        }
        await #expect(throws: SetupError.self) { try await TestVerifier.serve(directory) { _ in } }
        #expect(await directory.check().contains { $0.grade == .fault && $0.text.contains(approving) })

        try write(Self.policy(0))
        try await TestVerifier.serve(directory) { service async throws in
            let next = try await put(Self.waiting(for: "operator"), service)
            #expect(next.entry == 1)
            let verifier = service.verifier
            let entry = LedgerEntry(
                at: verifier.clock.seconds,
                actor: Actor(.verifier, verifier.materials.configuration.name),
                body: .policy(PolicyEntry(policy: ContentDigest(of: old), replaces: next.digest))
            )
            let change = StoreChange.policy(StoredPolicy(old), entry: try WrittenEntry(entry))
            let outcome = try await verifier.committer.commit(change).outcome
            guard case .committed = outcome else { throw UnexpectedAnswer(text: "\(outcome)") }
        }
        try write(old)
        try await TestVerifier.serve(directory) { service async throws in
            #expect(inForce(service) == old)
            let again = try await put(old, service)
            #expect(again == PolicyPutReport(digest: ContentDigest(of: old)))
        }
        #expect(await !directory.check().contains { $0.grade == .fault })
    }

    // MARK: Signatures

    @Test func attack83_unsignedPolicy() async throws {
        try await TestVerifier.serve(directory) { service async throws in
            let body = try CanonicalJSON.encode(try order(Self.policy(1)))
            let identity = try HTTPProbe.identity(.operator, of: service)
            try await HTTPProbe.with(service, identity: identity) { probe in
                let bare = try await probe.send("POST", Self.path, body: body, signed: false)
                #expect(bare.problem?.reasons == ["act-unsigned"])
                let other = try CanonicalJSON.encode(try order(Self.policy(2)))
                let header = try ActSigner(.operator, of: service).statement(Self.path, other).header
                let swapped = try await probe.send(
                    "POST",
                    Self.path,
                    body: body,
                    headers: [(SignedStatement.headerName, header)],
                    signed: false
                )
                #expect(swapped.problem?.reasons == ["act-request"])
            }
            try await expectUnchanged(service)
        }
    }

    /// What brought a policy once does not bring it back: not beside a later one, not after a restart, not when its time is over.
    @Test func attack65_policyReplayedAfterALaterOne() async throws {
        let body = try CanonicalJSON.encode(try order(Self.policy(1)))
        func send(_ header: String, _ service: TestVerifier) async throws -> HTTPProbe.Reply {
            let identity = try HTTPProbe.identity(.operator, of: service)
            let headers = [(SignedStatement.headerName, header)]
            return try await HTTPProbe.with(service, identity: identity) {
                try await $0.send("POST", Self.path, body: body, headers: headers, signed: false)
            }
        }
        let header = try await TestVerifier.serve(directory) { service async throws in
            let header = try ActSigner(.operator, of: service).statement(Self.path, body).header
            #expect(try await send(header, service).status == 201)
            try await put(Self.policy(2), service)
            #expect(try await send(header, service).problem?.reasons == ["act-repeated"])
            #expect(inForce(service) == Self.policy(2))
            return header
        }
        try await TestVerifier.serve(directory) { service async throws in
            let again = try await send(header, service)
            #expect(again.problem?.reasons == ["act-repeated"], "the record remembers")
            service.clock.advance(milliseconds: (ActStatement.tolerance + 60) * 1000)
            let late = try await send(header, service)
            #expect(late.problem?.reasons == ["act-time"])
            #expect(inForce(service) == Self.policy(2))
            #expect(try file() == Self.policy(2))
            let size = try await service.store.ledgerHead().size
            #expect(size == 3)
        }
    }

    // MARK: Crashes

    /// The entry was durable, and then the power went: the old file does not bring the old policy back.
    @Test(arguments: [PolicySource.files, .signed])
    func anOldFileIsWrittenAgain(source: PolicySource) async throws {
        try take(source)
        _ = try await TestVerifier.serve(directory) { try await put(Self.policy(1), $0) }
        try write(Self.policy(0))
        let findings = await directory.check()
        #expect(findings.contains { $0.grade == .notice && $0.text.contains("older than the policy") })
        #expect(try file() == Self.policy(0), "looking changes nothing")
        try await TestVerifier.serve(directory) { service async throws in
            #expect(inForce(service) == Self.policy(1))
            #expect(try file() == Self.policy(1))
            #expect(service.log.lines.contains { $0.contains("older than the policy that an operator has put") })
            #expect(try await service.store.ledgerHead().size == 2)
            // So it is when the file is read again while it serves.
            try write(Self.policy(0))
            try await service.verifier.reloadPolicy()
            #expect(inForce(service) == Self.policy(1))
            #expect(try file() == Self.policy(1))
            #expect(try await service.store.ledgerHead().size == 2)
        }
    }

    /// Of several acts none reached the file: it is older than the last all the same.
    @Test func aFileThatMissedSeveralActsIsWrittenAgain() async throws {
        try await TestVerifier.serve(directory) { service async throws in
            for lines in 1...3 { try await put(Self.policy(lines), service) }
        }
        for missed in 0...2 {
            try write(Self.policy(missed))
            try await TestVerifier.serve(directory) { service async throws in
                #expect(inForce(service) == Self.policy(3))
                #expect(try file() == Self.policy(3))
                #expect(try await service.store.ledgerHead().size == 4)
            }
        }
    }

    /// A file that cannot be replaced holds nothing up: the policy is on record, and in force.
    @Test func aFileThatCannotBeWrittenIsAtTheNextStart() async throws {
        let path = directory.file("policy.json")
        try await TestVerifier.serve(directory) { service async throws in
            try AtomicFile.remove(path)
            try PrivateDirectory.make(path)
            let report = try await put(Self.policy(1), service)
            #expect(report.entry == 1)
            #expect(inForce(service) == Self.policy(1))
            #expect(service.log.lines.contains { $0.contains("cannot be written to its file") })
        }
        try FileManager.default.removeItem(atPath: path)
        try write(Self.policy(0))
        try await TestVerifier.serve(directory) { service async throws in
            #expect(inForce(service) == Self.policy(1))
            #expect(try file() == Self.policy(1))
        }
    }

    @Test func anotherFileIsAChangeByFile() async throws {
        _ = try await TestVerifier.serve(directory) { try await put(Self.policy(1), $0) }
        try write(Self.policy(2))
        try await TestVerifier.serve(directory) { service async throws in
            #expect(inForce(service) == Self.policy(2))
            let entry = try await entries(service).last.found()
            #expect(entry.actor.kind == .verifier && entry.statement == nil)
            guard case .policy(let body) = entry.body else { throw UnexpectedAnswer(text: entry.body.type) }
            #expect(body.replaces == ContentDigest(of: Self.policy(1)) && body.reason == nil)
            // From here on the file is not older than any act, and may go back.
            try write(Self.policy(0))
            try await service.verifier.reloadPolicy()
            #expect(inForce(service) == Self.policy(0))
        }
    }

    // MARK: Only signed

    /// Whoever may write the file, and is no operator, changes nothing.
    @Test func attack65_policySmuggledInByFile() async throws {
        try take(.signed)
        try await TestVerifier.serve(directory) { service async throws in
            #expect(inForce(service) == Self.policy(0), "the first one comes by file")
            try write(Self.policy(1))
            let refusal = await #expect(throws: SetupError.self) { try await service.verifier.reloadPolicy() }
            #expect(refusal?.hint?.contains("birthmark policy put") == true)
            #expect(inForce(service) == Self.policy(0))
            #expect(try await service.store.ledgerHead().size == 1)
        }
        let refusal = await #expect(throws: SetupError.self) { try await TestVerifier.serve(directory) { _ in } }
        #expect(refusal?.hint?.contains("restore-policy") == true)
        let findings = await directory.check()
        #expect(findings.contains { $0.grade == .fault && $0.hint?.contains("restore-policy") == true })

        let restored = try await PolicyRestoration(directory).run(openStore: directory.openRecord)
        #expect(restored.digest == ContentDigest(of: Self.policy(0)))
        #expect(try file() == Self.policy(0))
        try await TestVerifier.serve(directory) { service async throws in
            try await put(Self.policy(1), service)
            #expect(inForce(service) == Self.policy(1))
            #expect(try file() == Self.policy(1))
        }
        // Where files may bring policies, the same file does.
        try write(Self.policy(2))
        try take(.files)
        try await TestVerifier.serve(directory) { service async throws in #expect(inForce(service) == Self.policy(2)) }
    }

    @Test func whatWasNeverServedCannotBeRestored() async throws {
        try take(.signed)
        await #expect(throws: SetupError.self) {
            try await PolicyRestoration(directory).run(openStore: directory.openRecord)
        }
    }

    // MARK: Audits

    @Test func anAuditorHoldsThePolicyToWhatWasSigned() async throws {
        try await TestVerifier.with(factory: factory) { service in
            // Larger than what is kept of a body: the auditor makes it again from the policy itself.
            for lines in [1, SignedAct.maximumBody] { try await put(Self.policy(lines), service) }
            let size = try await service.store.ledgerHead().size
            let bundle = try await service.audit(.entries(0..<size))
            let anchors = try service.anchors(factory)
            let report = Auditor.judge(bundle, anchors)
            #expect(report.isProven, "\(report.findings)")
            let said = report.timeline.map(\.says)
            #expect(said.first?.hasSuffix("by the verifier's file") == true)
            #expect(said.last?.hasPrefix("operator put policy") == true)
            #expect(said.last?.hasSuffix("because: nights only, ticket 12") == true)

            let other = try Remark("quietly").found()
            let lies: [(inout PolicyEntry) -> Void] = [
                { $0.reason = other }, { $0.reason = nil }, { $0.policy = ContentDigest(of: Self.policy(0)) },
            ]
            for lie in lies {
                var keeper = try LyingKeeper(bundle)
                try keeper.change { entry in
                    guard case .policy(var body) = entry.body, entry.statement != nil else { return false }
                    lie(&body)
                    entry.body = .policy(body)
                    return true
                }
                let found = try keeper.judged(anchors).findings.map(\.description)
                #expect(found.contains { $0.contains("is not what was signed for it") }, "\(found)")
            }
        }
    }
}
