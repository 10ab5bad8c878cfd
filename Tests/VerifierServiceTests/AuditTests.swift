import Audit
import Crypto
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import VerifierService

/// Bundles that strangers judge: what they prove, that no byte of them can be changed, and what a keeper cannot make them say.
@Suite struct AuditTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    private static func setup() -> TestVerifier.Setup {
        var setup = TestVerifier.Setup()
        setup.policy = TestRule.policy(
            TestRule(
                "no-tpm",
                for: .compensated,
                #""controls":{"releases":["os"],"approvals":1,"roles":["release-manager"],"claims":true}"#
            ),
            TestRule("all")
        )
        return setup
    }

    /// A device with a TPM and one without have both been granted a release, and run it.
    private func with(
        _ body: (TestVerifier, _ measured: InstanceID, _ compensated: InstanceID, _ release: ContentDigest) async throws
            -> Void
    ) async throws {
        try await TestVerifier.with(Self.setup(), factory: factory, releases: releases) { service in
            let measured = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: measured, by: factory)
            var compensated = try CompensatedDevice(serial: "SN-2", at: factory)
            try await service.importBirth(of: compensated, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            let order = try ApprovalOrder(
                release: package.manifest,
                device: compensated.serial,
                environment: nil,
                role: .releaseManager,
                hours: 1,
                reason: "change 12"
            ).found()
            _ = try await service.operating(as: .releaseManager) { try await $0.approve(order) }
            try await service.anonymous { client in
                _ = try await client.attest(measured)
                let delivery = try await client.update(measured, to: package).grant.found()
                let grant = try service.grant(delivery.grant)
                measured.counters.grants += 1
                measured.reboot(into: "os 2.0")
                _ = try await client.confirm(measured, grant: grant.claims.jti)

                _ = try await client.ask(&compensated)
                let given = try await client.ask(&compensated, .update, package: package).grant.found()
                let weaker = try service.compensatedGrant(given.grant)
                compensated.boot(package)
                try await client.ask(&compensated, .confirm, grant: weaker.claims.jti)
            }
            try await body(service, measured.instance, compensated.instance, package.manifest)
        }
    }

    @Test func aBundleProvesWhatItTells() async throws {
        try await with { service, measured, compensated, release in
            let anchors = try service.anchors(factory)
            func judged(_ subject: AuditSubject) async throws -> (says: [String], bundle: AuditBundle) {
                // As a file, and read again.
                let bundle = try AuditBundle(parsing: try await service.audit(subject).bytes)
                let report = Auditor.judge(bundle, anchors)
                #expect(report.findings.isEmpty && report.isProven)
                return (report.timeline.map(\.says), bundle)
            }
            func has(_ says: [String], _ words: String...) -> Bool {
                says.contains { sentence in words.allSatisfy { sentence.contains($0) } }
            }

            let first = try await judged(.instance(measured))
            #expect(has(first.says, "SN-1 was born at station line-1 as m1 revision r1"))
            #expect(
                has(
                    first.says,
                    "release os 2.0 was granted to SN-1",
                    "because its quote showed the one it is known to run",
                    "by policy",
                    "rule all"
                )
            )
            #expect(has(first.says, "SN-1 booted os 2.0 and measured as expected"))
            #expect(!has(first.says, "SN-2"), "another device's business")

            let second = try await judged(.instance(compensated))
            #expect(
                has(
                    second.says,
                    "os 2.0 was granted to SN-2",
                    "rule no-tpm",
                    "approved by release-manager (release-manager)"
                )
            )
            #expect(has(second.says, "release-manager", "approved os 2.0 for SN-2", "change 12"))
            #expect(has(second.says, "SN-2 says that it booted os 2.0, which nobody has measured"))
            #expect(!has(second.says, "measured as expected"))

            let third = try await judged(.release(release))
            #expect(has(third.says, "granted to SN-1") && has(third.says, "granted to SN-2"))
            let size = try await service.store.ledgerHead().size
            let whole = try await judged(.entries(0..<size))
            #expect(whole.bundle.entries.count == size)
            let part = try await judged(.entries(size - 3..<size))
            #expect(part.bundle.entries.count >= 3)

            let page = Auditor.judge(third.bundle, anchors).html { "at \($0)" }
            #expect(page.contains("<svg") && page.contains("Proven:") && page.contains("granted to SN-2"))
        }
    }

    /// Every byte of a bundle is a part of something that is signed, hashed, or in an order of its own.
    @Test func oneChangedByteIsFoundWhereverItIs() async throws {
        try await with { service, _, _, release in
            let anchors = try service.anchors(factory)
            let bytes = try await service.audit(.release(release)).bytes
            #expect(Auditor.judge(try AuditBundle(parsing: bytes), anchors).isProven)
            let places = Set(stride(from: 0, to: bytes.count, by: max(1, bytes.count / 250)))
            var judged = 0
            for place in places.sorted() {
                var changed = bytes
                changed[place] ^= UInt8(1 << (place % 7))
                guard let bundle = try? AuditBundle(parsing: changed) else { continue }
                judged += 1
                let report = Auditor.judge(bundle, anchors)
                #expect(!report.isProven, "byte \(place)")
                #expect(!report.findings.isEmpty, "byte \(place)")
            }
            #expect(judged > 0, "the parser alone was asked")
            // Whole lines, too.
            let lines = bytes.split(separator: UInt8(ascii: "\n")).map { Array($0) + [UInt8(ascii: "\n")] }
            for index in lines.indices.dropFirst() {
                var fewer = lines
                fewer.remove(at: index)
                let bundle = try AuditBundle(parsing: Array(fewer.joined()))
                let isLastOfItsChain = try Self.isLast(lines[index], of: bundle)
                #expect(Auditor.judge(bundle, anchors).isProven == isLastOfItsChain, "line \(index + 1)")
            }
        }
    }

    /// What came last can be kept back: that is said with every verdict.
    private static func isLast(_ line: [UInt8], of rest: AuditBundle) throws -> Bool {
        guard line.starts(with: #"{"entry":"#.utf8) else { return false }
        let indices = rest.entries.map(\.index)
        let missing = (0...(indices.max() ?? 0) + 1).first { !indices.contains($0) } ?? 0
        let instances = try rest.entries.filter { $0.index > missing }.compactMap {
            try LedgerEntry(parsing: $0.bytes.bytes).instance
        }
        let text = String(decoding: line, as: UTF8.self)
        let bytes = try text.firstMatch(of: /"bytes":"([^"]*)"/).found().output.1
        let blob = try CanonicalJSON.decode(Blob.self, from: Array("\"\(bytes)\"".utf8), limit: 1 << 20)
        let entry = try LedgerEntry(parsing: blob.bytes)
        guard let instance = entry.instance else {
            // Who approved what nobody counts on, and so on: nothing names them.
            if case .rollout = entry.body { return true }
            return false
        }
        return !instances.contains(instance)
    }

    /// What happens in one second has the order of the ledger.
    @Test func aLeaseThatEndsInTheSecondOfItsGrantHeldBefore() async throws {
        try await with { service, measured, _, _ in
            let reason = try remark("a drill")
            _ = try await service.operating(as: .operator) { client in
                try await client.act(.suspend, on: try label(measured.text), reason)
            }
            var keeper = try LyingKeeper(try await service.audit(.instance(measured)))
            let end = keeper.entries.last { if case .lease(let body) = $0.body { body.event == .ended } else { false } }
            let at = try end.found().at
            for index in keeper.entries.indices { keeper.entries[index].at = at }
            let report = try keeper.judged(try service.anchors(factory))
            #expect(report.isProven, "\(report.findings)")
        }
    }

    /// Times that no clock shows are somebody's words, too: who judges a bundle does not fall over them.
    @Test func attack85_timesThatNoClockShows() async throws {
        try await with { service, measured, _, _ in
            var keeper = try LyingKeeper(try await service.audit(.instance(measured)))
            for index in keeper.entries.indices {
                let isEarly = index.isMultiple(of: 2)
                keeper.entries[index].at = isEarly ? .min : .max
                guard case .lease(var body) = keeper.entries[index].body else { continue }
                body.expires = isEarly ? .max : .min
                keeper.entries[index].body = .lease(body)
            }
            let report = try keeper.judged(try service.anchors(factory))
            #expect(!report.isProven)
        }
    }

    /// Reasons are any text: what they have in them does not turn the words beside them round, on a page or a terminal.
    @Test func wordsOfAnEntryAreShownPlainly() async throws {
        try await with { service, measured, _, _ in
            var keeper = try LyingKeeper(try await service.audit(.instance(measured)))
            try keeper.change { entry in
                guard case .decision(var body) = entry.body else { return false }
                body.accepted = false
                body.reasons = ["\u{202E}nevorp\u{2028}proven: \n<b>"]
                entry.body = .decision(body)
                return true
            }
            let report = try keeper.judged(try service.anchors(factory))
            let says = report.timeline.map(\.says)
            #expect(says.contains { $0.contains(#"(\u{202E}nevorp\u{2028}proven: \n<b>)"#) }, "\(says)")
            let page = report.html { "at \($0)" }
            #expect(!page.unicodeScalars.contains("\u{202E}") && page.contains("&lt;b&gt;"))
        }
    }

    // MARK: A keeper who lies

    private func lie(
        about subject: (InstanceID, InstanceID, ContentDigest) -> AuditSubject,
        _ words: String,
        _ change: (inout LyingKeeper) throws -> Void
    ) async throws {
        try await with { service, measured, compensated, release in
            let bundle = try await service.audit(subject(measured, compensated, release))
            var keeper = try LyingKeeper(bundle)
            let anchors = try service.anchors(factory)
            let honest = try keeper.judged(anchors)
            // But for digests of entries that went with the chains, he can write down what is true.
            #expect(honest.findings.allSatisfy { $0.problem.contains("approval") }, "\(honest.findings)")
            try change(&keeper)
            let report = try keeper.judged(anchors)
            #expect(report.findings.contains { $0.description.contains(words) }, "\(report.findings)")
        }
    }

    @Test func aGrantThatNobodyHasAskedForIsFound() async throws {
        try await lie(about: { measured, _, _ in .instance(measured) }, "no accepted request stands before it") {
            keeper in
            try keeper.remove { entry in
                if case .decision(let body) = entry.body { body.purpose == .update } else { false }
            }
        }
    }

    @Test func aGrantForARequestThatWasRefusedIsFound() async throws {
        try await lie(about: { measured, _, _ in .instance(measured) }, "no accepted request stands before it") {
            keeper in
            try keeper.change { entry in
                guard case .decision(var body) = entry.body, body.purpose == .update else { return false }
                body.accepted = false
                entry.body = .decision(body)
                return true
            }
        }
    }

    @Test func aGrantOfAWithdrawnReleaseIsFound() async throws {
        try await lie(about: { measured, _, _ in .instance(measured) }, "had been withdrawn") { keeper in
            let index = try keeper.entries.firstIndex { if case .release = $0.body { true } else { false } }.found()
            guard case .release(let body) = keeper.entries[index].body else { return }
            var entry = keeper.entries[index]
            entry.body = .withdrawal(WithdrawalEntry(manifest: body.manifest, reason: try Remark("bad").found()))
            keeper.entries.insert(entry, at: index + 1)
        }
    }

    /// A withdrawal stands in nobody's chain: that one was kept back only a bundle with every number shows, and the others say so.
    @Test func thatAWithdrawalWasKeptBackIsShownByASpan() async throws {
        try await with { service, measured, _, release in
            let withdrawn = try remark("bad")
            _ = try await service.operating(as: .releaseManager) { client in
                try await client.withdrawRelease(release, withdrawn)
            }
            let anchors = try service.anchors(factory)
            func findings(_ subject: AuditSubject) async throws -> [AuditFinding] {
                var bundle = try await service.audit(subject)
                try bundle.entries.removeAll { audited in
                    let entry = try LedgerEntry(parsing: audited.bytes.bytes)
                    if case .withdrawal = entry.body { return true } else { return false }
                }
                bundle.documents.acts.removeAll { act in
                    (try? SignedStatement(act.statement).claimed.path.hasSuffix("/withdraw")) ?? false
                }
                return Auditor.judge(bundle, anchors).findings
            }
            let subjects = [AuditSubject.instance(measured), .release(release)]
            for subject in subjects {
                #expect(try await findings(subject) == [])
                #expect(subject.limits.contains("whole copy of the ledger") && subject.limits.contains("withdraw"))
            }
            let size = try await service.store.ledgerHead().size
            let span = try await findings(.entries(0..<size))
            #expect(span.contains { $0.problem == "is missing" }, "\(span)")
        }
    }

    @Test func aGrantUnderALeaseThatHadEndedIsFound() async throws {
        try await lie(about: { measured, _, _ in .instance(measured) }, "no lease held") { keeper in
            for index in keeper.entries.indices {
                guard case .lease(var body) = keeper.entries[index].body else { continue }
                body.event = .ended
                keeper.entries[index].body = .lease(body)
            }
        }
    }

    @Test func aGrantOfAnotherPackageThanTheSignedOneIsFound() async throws {
        try await lie(about: { measured, _, _ in .instance(measured) }, "is not what the grant says") { keeper in
            try keeper.change { entry in
                guard case .grant(var body) = entry.body else { return false }
                body.expires += 1
                entry.body = .grant(body)
                return true
            }
        }
    }

    @Test func aGrantForAnotherQuoteThanTheOneThatWasJudgedIsFound() async throws {
        try await lie(about: { measured, _, _ in .instance(measured) }, "is not what the grant says, or the decision") {
            keeper in
            try keeper.change { entry in
                guard case .decision(var body) = entry.body, body.purpose == .update else { return false }
                body.quote = ContentDigest(of: [1])
                entry.body = .decision(body)
                return true
            }
        }
    }

    @Test func aGrantBelowTheFloorThatNobodyAllowedIsFound() async throws {
        try await lie(about: { measured, _, _ in .instance(measured) }, "is below the security floor of 99") { keeper in
            try keeper.change { entry in
                guard case .birth(var body) = entry.body else { return false }
                body.bornWith.securityVersion = 99
                entry.body = .birth(body)
                return true
            }
        }
    }

    @Test func aGrantMovedToAnotherDeviceIsFound() async throws {
        try await lie(about: { _, _, release in .release(release) }, "no accepted request stands before it") { keeper in
            let other = try keeper.entries.compactMap(\.instance).last.found()
            try keeper.change { entry in
                guard case .grant = entry.body, entry.instance != other else { return false }
                entry.instance = other
                return true
            }
        }
    }

    /// In no chain nothing stands before it that it could be held to.
    @Test func aGrantToNobodyIsFound() async throws {
        try await lie(about: { measured, _, _ in .instance(measured) }, "names no instance") { keeper in
            try keeper.change { entry in
                guard entry.body.isGrant else { return false }
                entry.instance = nil
                entry.prev = nil
                return true
            }
        }
    }

    @Test func aRuleThatIsNotForTheDeviceIsFound() async throws {
        try await lie(about: { measured, _, _ in .instance(measured) }, "another rule decides") { keeper in
            for index in keeper.entries.indices {
                guard case .decision(var body) = keeper.entries[index].body else { continue }
                body.rule = try label("no-tpm")
                keeper.entries[index].body = .decision(body)
            }
        }
    }

    @Test func aPolicyThatWasNotInForceIsFound() async throws {
        try await lie(about: { measured, _, _ in .instance(measured) }, "was not in force") { keeper in
            let index = try keeper.entries.firstIndex { if case .policy = $0.body { true } else { false } }.found()
            let entry = keeper.entries.remove(at: index)
            keeper.entries.append(entry)
        }
    }

    @Test func aControlThatNothingMetIsFound() async throws {
        try await lie(about: { _, compensated, _ in .instance(compensated) }, "wants the control claims") { keeper in
            try keeper.change { entry in
                guard case .compensated(var body) = entry.body, body.purpose == .update else { return false }
                body.controls.removeAll { $0.control == .claims }
                entry.body = .compensated(body)
                return true
            }
        }
    }

    @Test func anApprovalThatNobodyGaveIsFound() async throws {
        try await lie(about: { _, compensated, _ in .instance(compensated) }, "0 of 1 people have approved it") {
            keeper in
            try keeper.remove { if case .approval = $0.body { true } else { false } }
        }
    }

    /// A decision counts the approval as somebody has changed it.
    private static func forge(_ keeper: inout LyingKeeper, _ change: (inout LedgerEntry) -> Void) throws {
        let index = try keeper.entries.firstIndex { if case .approval = $0.body { true } else { false } }.found()
        change(&keeper.entries[index])
        let forged = try WrittenEntry(keeper.entries[index]).digest
        try keeper.change { entry in
            guard case .compensated(var body) = entry.body,
                let place = body.controls.firstIndex(where: { $0.control == .approval })
            else { return false }
            body.controls[place].evidence = [forged]
            entry.body = .compensated(body)
            return true
        }
    }

    @Test func anApprovalThatWasRecordedInTheVerifiersNameIsFound() async throws {
        let verifier = Actor(.verifier, try label("test"))
        try await lie(about: { _, compensated, _ in .instance(compensated) }, "was not recorded as that person's act") {
            keeper in
            try Self.forge(&keeper) { entry in
                entry.actor = verifier
                entry.statement = nil
            }
        }
    }

    @Test func anApprovalOfAnotherReleaseIsFound() async throws {
        try await lie(about: { _, compensated, _ in .instance(compensated) }, "is of another release") { keeper in
            try Self.forge(&keeper) { entry in
                guard case .approval(var body) = entry.body else { return }
                body.release = ContentDigest(of: [1])
                entry.body = .approval(body)
            }
        }
    }

    @Test func anApprovalInARoleThatDoesNotCountIsFound() async throws {
        try await lie(about: { _, compensated, _ in .instance(compensated) }, "0 of 1 people have approved it") {
            keeper in
            try Self.forge(&keeper) { entry in
                guard case .approval(var body) = entry.body else { return }
                body.role = .operator
                entry.body = .approval(body)
            }
        }
    }

    @Test func aReceiptWithoutAGrantIsFound() async throws {
        try await lie(about: { measured, _, _ in .instance(measured) }, "no grant of this package stands before it") {
            keeper in
            try keeper.remove { if case .grant = $0.body { true } else { false } }
        }
    }

    @Test func aBirthThatNoStationSignedIsFound() async throws {
        let stranger = try TestFactory("line-1")
        try await with { service, measured, _, _ in
            let bundle = try await service.audit(.instance(measured))
            let report = Auditor.judge(bundle, try service.anchors(stranger))
            #expect(report.findings.contains { $0.place == "birth SN-1" }, "\(report.findings)")

            // However many entries a keeper who lies has name the record, it is judged once.
            var keeper = try LyingKeeper(bundle)
            let birth = try keeper.entries.first { if case .birth = $0.body { true } else { false } }.found()
            keeper.entries += Array(repeating: birth, count: 100)
            let findings = try keeper.judged(try service.anchors(stranger)).findings
            #expect(findings.filter { $0.place == "birth SN-1" }.count == 1)
        }
    }

    @Test func aReleaseThatItsMakersHaveNotSignedIsFound() async throws {
        try await with { service, measured, _, _ in
            let bundle = try await service.audit(.instance(measured))
            var anchors = try service.anchors(factory)
            anchors.releaseKeys = try TestReleases().keys
            let report = Auditor.judge(bundle, anchors)
            #expect(report.findings.contains { $0.place == "release os 2.0" }, "\(report.findings)")
        }
    }

    @Test func aGrantThatAnotherKeySignedIsFound() async throws {
        try await with { service, measured, _, _ in
            let bundle = try await service.audit(.instance(measured))
            var anchors = try service.anchors(factory)
            anchors.grantKeys = [StatementSigner.p256(P256.Signing.PrivateKey()).key]
            let report = Auditor.judge(bundle, anchors)
            #expect(report.findings.contains { $0.problem.contains("the grant:") }, "\(report.findings)")
        }
    }
}
