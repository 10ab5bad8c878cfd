import Audit
import AuditCollection
import Ledger
import Messages
import Reappraisal
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// What decisions rested on: kept, handed out, taken again, and shed.
@Suite struct ArchiveTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    /// One rule for all.
    /// - Parameter more: what else it says.
    private static func policy(_ more: String? = nil) -> [UInt8] { TestRule.policy(TestRule("all", more)) }

    /// A device that attested, was granted a release, and confirmed it.
    private func with(
        _ setup: TestVerifier.Setup = TestVerifier.Setup(),
        approving: Bool = false,
        _ body: (TestVerifier, SoftwareKeyDevice, PackageReference) async throws -> Void
    ) async throws {
        try await TestVerifier.with(setup, factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            if approving {
                let order = ApprovalOrder(
                    release: package.manifest,
                    device: nil,
                    environment: nil,
                    allDevices: true,
                    role: .releaseManager,
                    hours: 1,
                    reason: "change 12"
                )
                _ = try await service.operating(as: .releaseManager) { try await $0.approve(try order.found()) }
            }
            try await service.anonymous { client in
                _ = try await client.attest(device)
                let grant = try await client.update(device, to: package).grant.found().grant
                let jti = try service.grant(grant).claims.jti
                device.counters.grants += 1
                device.reboot(into: "os 2.0")
                _ = try await client.confirm(device, grant: jti)
            }
            try await body(service, device, package)
        }
    }

    /// All that the archive hands out to an auditor, taken again.
    private func retaken(
        _ service: TestVerifier,
        by policy: JudgedPolicy? = nil
    ) async throws -> [ComparedDecision] {
        try await service.operating(as: .auditor) { client in
            var reader = ArchiveReader(client, of: 0..<(service.verifier.clock.seconds + 1))
            let checkpoint = try SignedCheckpoint(parsing: try await client.ledgerFile("checkpoint")).claimed
            let prover = try EntryProver(client, checkpoint)
            var collector = ArchiveCollector(client, provenBy: prover) { _ in nil }
            var compared: [ComparedDecision] = []
            while let report = try await reader.next() {
                let decision = try await collector.decision(report, by: policy)
                let again = try decision.reappraiser.retake()
                compared.append(
                    policy == nil
                        ? ComparedDecision(decision.entries, again)
                        : ComparedDecision(decision.entries, underAnotherPolicy: again)
                )
            }
            return compared
        }
    }

    /// A bundle with all that the archive has of an instance.
    private func evidence(of instance: InstanceID, _ service: TestVerifier) async throws -> AuditBundle {
        try await evidence(about: .instance(instance), service)
    }

    private func evidence(about subject: AuditSubject, _ service: TestVerifier) async throws -> AuditBundle {
        try await service.operating(as: .auditor) { client in
            let signed = try SignedCheckpoint(parsing: try await client.ledgerFile("checkpoint"))
            var collector = AuditCollector(client, signed, withEvidence: true)
            return try await collector.bundle(about: subject)
        }
    }

    /// The decisions of a bundle that cannot be taken again.
    private func untaken(_ bundle: AuditBundle) throws -> [BundleReappraisal.Outcome] {
        try BundleReappraisal(bundle) { _ in nil }.outcomes().filter { $0.fault != nil }
    }

    /// The ledger that was signed says where an entry stands, and not whoever hands it out.
    @Test func anEntryThatIsNotWhereTheVerifierSaysIsNoticed() async throws {
        try await with { service, _, _ in
            try await service.operating(as: .auditor) { client in
                let checkpoint = try SignedCheckpoint(parsing: try await client.ledgerFile("checkpoint")).claimed
                let prover = try EntryProver(client, checkpoint)
                var reader = ArchiveReader(client, of: 0..<(service.verifier.clock.seconds + 1))
                let first = try await reader.next()
                let honest = try #require(first)
                func isTaken(_ report: ArchivedReport) async throws -> Bool {
                    var collector = ArchiveCollector(client, provenBy: prover) { _ in nil }
                    do {
                        _ = try await collector.decision(report)
                        return true
                    } catch is ReappraisalFault { return false }
                }
                let isHonestTaken = try await isTaken(honest)
                #expect(isHonestTaken)
                for index in [honest.index + 1, honest.index - 1, checkpoint.size, -1, .max] {
                    var moved = honest
                    moved.index = index
                    let isMovedTaken = try await isTaken(moved)
                    #expect(!isMovedTaken, "\(index)")
                }
                var changed = honest
                changed.entries[0].bytes[20] ^= 1
                let isChangedTaken = try await isTaken(changed)
                #expect(!isChangedTaken)
            }
        }
    }

    @Test func everyDecisionComesOutTheSame() async throws {
        try await with { service, device, _ in
            let all = try await retaken(service)
            #expect(all.count == 3 && all.allSatisfy { $0.differences.isEmpty })
            #expect(all.map { $0.now[.grant].isEmpty } == [true, false, true])
            #expect(all[2].now[.progress].contains("os 2.0 confirmed"))
            // The same decisions by the device, in the order of the ledger.
            let ofDevice = try await service.operating(as: .auditor) { client in
                var reader = try await ArchiveReader(client, about: device.instance)
                var count = 0
                while try await reader.next() != nil { count += 1 }
                return [count, reader.unkept]
            }
            #expect(ofDevice == [3, 0])
        }
    }

    @Test func anotherPolicyIsToldByWhatItWouldChange() async throws {
        try await with { service, _, _ in
            let text = String(decoding: service.verifier.policy.now.bytes, as: UTF8.self)
            let shorter = Array(text.replacing("86400", with: "14400").utf8)
            let policy = try JudgedPolicy(parsing: shorter) { _ in nil }
            let all = try await retaken(service, by: policy)
            #expect(all.count == 3)
            // A renewal never shortens: the lease of then went on.
            #expect(all.first?.differences.map(\.topic) == [.lease])
            #expect(all.first?.now[.lease] == "issued for 14400 s (attested)")
            #expect(!all.flatMap(\.differences).contains { $0.topic == .verdict })
            let same = try JudgedPolicy(parsing: service.verifier.policy.now.bytes) { _ in nil }
            let unchanged = try await retaken(service, by: same)
            #expect(unchanged.count == 3 && unchanged.allSatisfy { $0.differences.isEmpty })
        }
    }

    @Test func whatWasChangedSinceIsFound() async throws {
        try await with { service, _, _ in
            let kept = try #require(try await service.store.bases(in: 0..<Int64.max, after: nil, limit: 1).first)
            let entries = try await service.store.ledgerEntries(kept.entries).map {
                try LedgerEntry(parsing: $0.bytes)
            }
            let honest = try await Retaking(store: service.store).reappraiser(kept)
            func differences(_ change: (inout Reappraiser) throws -> Void) throws -> [DecisionFacts.Topic] {
                var reappraiser = honest
                try change(&reappraiser)
                return ComparedDecision(entries, try reappraiser.retake()).differences.map(\.topic)
            }
            #expect(try differences { _ in } == [])
            #expect(try differences { $0.archived.at += 1 } == [.entries])
            #expect(try differences { $0.archived.measured?.evidence.signature = Blob([1, 2, 3]) }.contains(.verdict))
            #expect(
                try differences {
                    let value = [UInt8](repeating: 7, count: 32)
                    $0.archived.measured?.evidence.attest = Blob(value)
                }.contains(.verdict)
            )
        }
    }

    @Test func whatPeopleSaidIsDecidedOnAgain() async throws {
        var setup = TestVerifier.Setup()
        setup.policy = Self.policy(#""releaseApprovals":{"count":1}"#)
        try await with(setup, approving: true) { service, _, package in
            let kept = try #require(
                try await service.store.bases(in: 0..<Int64.max, after: nil, limit: 10).first { kept in
                    try ArchivedDecision(parsing: kept.basis.body).approvals != nil
                }
            )
            let entries = try await service.store.ledgerEntries(kept.entries).map {
                try LedgerEntry(parsing: $0.bytes)
            }
            let honest = try await Retaking(store: service.store).reappraiser(kept)
            #expect(honest.archived.approvals?.map(\.approval.release) == [package.manifest])
            let compared = ComparedDecision(entries, try honest.retake())
            #expect(compared.differences.isEmpty && compared.now[.authority] == "the release approved by 1")
            var silenced = honest
            silenced.archived.approvals = []
            let topics = ComparedDecision(entries, try silenced.retake()).differences.map(\.topic)
            #expect(topics.contains(.verdict) && topics.contains(.authority))
            // A rule that wants to know what nobody asked then.
            silenced.archived.approvals = nil
            #expect(throws: ReappraisalFault.self) { try silenced.retake() }
            silenced.policy = try JudgedPolicy(parsing: Self.policy()) { _ in nil }
            let without = ComparedDecision(entries, underAnotherPolicy: try silenced.retake())
            #expect(without.differences.map(\.topic) == [.authority])
        }
    }

    @Test func bundlesTakeEvidenceAlongAndAreHeldToIt() async throws {
        try await with { service, device, _ in
            let anchors = try service.anchors(factory)
            let bundle = try await evidence(of: device.instance, service)
            #expect(bundle.documents.evidence.count == 3)
            let read = try AuditBundle(parsing: try bundle.bytes)
            #expect(Auditor.judge(read, anchors).isProven)
            let outcomes = try BundleReappraisal(read) { _ in nil }.outcomes()
            #expect(outcomes.count == 3 && outcomes.allSatisfy { $0.differences.isEmpty && $0.fault == nil })

            var changed = read
            let first = try #require(changed.documents.evidence.first)
            var archived = try ArchivedDecision(parsing: first)
            archived.at += 1
            changed.documents.evidence[0] = try archived.bytes
            let findings = Auditor.judge(changed, anchors).findings
            // Its log may be another one's, too.
            #expect(!findings.isEmpty && findings.allSatisfy { $0.problem == "nothing here names it" })

            let bytes = try bundle.bytes
            var judged = 0
            for place in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 150)) {
                var other = bytes
                other[place] ^= UInt8(1 << (place % 7))
                guard let parsed = try? AuditBundle(parsing: other) else { continue }
                judged += 1
                #expect(!Auditor.judge(parsed, anchors).isProven, "byte \(place)")
            }
            #expect(judged > 0, "the parser alone was asked")

            // Without it, what is left proves as much as ever.
            changed.documents.evidence = []
            changed.documents.logs = []
            #expect(Auditor.judge(changed, anchors).isProven)
        }
    }

    @Test func whatPeopleSaidIsHeldToTheLedger() async throws {
        var setup = TestVerifier.Setup()
        setup.policy = Self.policy(#""releaseApprovals":{"count":1}"#)
        try await with(setup, approving: true) { service, device, _ in
            let anchors = try service.anchors(factory)
            let bundle = try await evidence(of: device.instance, service)
            #expect(Auditor.judge(bundle, anchors).isProven)
            var keeper = try LyingKeeper(bundle)
            let index = try keeper.documents.evidence.firstIndex { bytes in
                try ArchivedDecision(parsing: bytes).approvals != nil
            }.found()
            let honest = keeper.documents.evidence[index]
            var archived = try ArchivedDecision(parsing: honest)
            archived.approvals?[0].approval.by = try label("mallory")
            let lie = try archived.bytes
            keeper.documents.evidence[index] = lie
            try keeper.change { entry in
                guard case .decision(var body) = entry.body, body.basis == ContentDigest(of: honest) else {
                    return false
                }
                body.basis = ContentDigest(of: lie)
                entry.body = .decision(body)
                return true
            }
            let findings = try keeper.judged(anchors).findings.map(\.problem)
            let isFound = findings.contains {
                $0.hasPrefix("the approval ") && $0.hasSuffix(" is another one on the ledger")
            }
            #expect(isFound, "\(findings)")
        }
    }

    /// What somebody took out of a bundle is a fault, whatever it is.
    @Test func whatWasLeftOutOfABundleHasNoExcuse() async throws {
        try await with { service, device, _ in
            let bundle = try await evidence(of: device.instance, service)
            #expect(try untaken(bundle).isEmpty)

            var cut = bundle
            let gone = ContentDigest(of: cut.documents.evidence.removeFirst())
            let left = try untaken(cut)
            #expect(left.count == 1 && left.first?.fault == .missing(.evidence(gone)) && left.first?.excuse == nil)

            var lawless = bundle
            lawless.documents.policies = []
            let policy = try ArchivedDecision(parsing: bundle.documents.evidence[0]).policy
            let unruled = try untaken(lawless)
            #expect(unruled.count == 3 && unruled.allSatisfy { $0.fault == .missing(.policy(policy)) })
            #expect(unruled.allSatisfy { $0.excuse == nil })

            var unborn = bundle
            unborn.documents.births = []
            let strangers = try untaken(unborn)
            #expect(strangers.count == 3 && strangers.allSatisfy { $0.fault == .missing(.birth(device.instance)) })
            #expect(strangers.allSatisfy { $0.excuse == nil })

            // A log that evidence names, which the ledger names.
            let log = ContentDigest(of: [1])
            var silent = bundle
            let honest = ContentDigest(of: bundle.documents.evidence[0])
            var archived = try ArchivedDecision(parsing: bundle.documents.evidence[0])
            archived.measured?.log = log
            silent.documents.evidence[0] = try archived.bytes
            for index in silent.entries.indices {
                var entry = try LedgerEntry(parsing: silent.entries[index].bytes.bytes)
                guard case .decision(var body) = entry.body, body.basis == honest else { continue }
                body.basis = ContentDigest(of: silent.documents.evidence[0])
                entry.body = .decision(body)
                silent.entries[index].bytes = Blob(try WrittenEntry(entry).bytes)
            }
            let unheard = try untaken(silent)
            #expect(unheard.count == 1 && unheard.first?.fault == .missing(.log(log)) && unheard.first?.excuse == nil)

            // Whoever asked for less than the life of the device has not left its birth out.
            let first = try #require(try BundleReappraisal(bundle) { _ in nil }.outcomes().first?.index)
            let span = AuditSubject.entries(first..<bundle.checkpoint.claimed.size)
            let outcomes = try untaken(try await evidence(about: span, service))
            #expect(outcomes.count == 3 && outcomes.allSatisfy { $0.fault == .missing(.birth(device.instance)) })
            #expect(outcomes.allSatisfy { $0.excuse?.contains("does not reach back") == true })
        }
    }

    /// What no entry names, nobody has judged: it does not stand for the birth that one names.
    @Test func decisionsAreTakenAgainWithTheBirthThatIsNamedAlone() async throws {
        try await with { service, device, _ in
            let bundle = try await evidence(of: device.instance, service)
            let named = try #require(bundle.documents.births.first)
            var record = try BirthRecord(parsing: named.payload.bytes)
            record.environment = try label("elsewhere")
            let forged = try SignedEnvelope(
                payload: try CanonicalJSON.encode(record),
                payloadType: BirthRecord.payloadType,
                signers: []
            )
            var other = bundle
            other.documents.births = [forged]
            let strangers = try untaken(other)
            #expect(strangers.count == 3 && strangers.allSatisfy { $0.fault == .missing(.birth(device.instance)) })
            other.documents.births = [named, forged]
            #expect(try untaken(other).isEmpty)
        }
    }

    /// An entry that names no evidence is as old as the first of all, or hides something.
    @Test func evidenceIsNamedByEveryEntryBehindTheFirstOneThatNamesIt() async throws {
        try await with { service, device, _ in
            let bundle = try await evidence(of: device.instance, service)
            let decided = try bundle.entries.indices.filter { place in
                try LedgerEntry(parsing: bundle.entries[place].bytes.bytes).body.basis != nil
            }
            #expect(decided.count == 3)
            for (number, place) in decided.enumerated() {
                var silent = bundle
                var entry = try LedgerEntry(parsing: silent.entries[place].bytes.bytes)
                guard case .decision(var body) = entry.body else {
                    Issue.record("\(entry)")
                    continue
                }
                body.basis = nil
                entry.body = .decision(body)
                silent.entries[place].bytes = Blob(try WrittenEntry(entry).bytes)
                let left = try untaken(silent)
                #expect(left.map(\.index) == [silent.entries[place].index] && left.first?.fault == .unnamed)
                #expect((left.first?.excuse != nil) == (number == 0))
            }
        }
    }

    /// Of two entries that claim to rest on the same none is passed over.
    @Test func everyEntryIsJudgedByTheEvidenceThatItNames() async throws {
        try await with { service, device, _ in
            var bundle = try await evidence(of: device.instance, service)
            let honest = try BundleReappraisal(bundle) { _ in nil }.outcomes().map(\.index)
            #expect(honest.count == 3)
            var basis: ContentDigest?
            for place in bundle.entries.indices {
                var entry = try LedgerEntry(parsing: bundle.entries[place].bytes.bytes)
                guard case .decision(var body) = entry.body else { continue }
                basis = basis ?? body.basis
                body.basis = basis
                entry.body = .decision(body)
                bundle.entries[place].bytes = Blob(try WrittenEntry(entry).bytes)
            }
            let doubled = try BundleReappraisal(bundle) { _ in nil }.outcomes()
            #expect(doubled.map(\.index) == honest)
            #expect(doubled.dropFirst().allSatisfy { $0.fault != nil || !$0.differences.isEmpty })
        }
    }

    /// A verifier that lies can have any number of entries rest on one piece of evidence with the largest log: that must not keep an
    /// auditor busy for as many times as long.
    @Test(.timeLimit(.minutes(10))) func evidenceIsJudgedOnceHoweverManyEntriesNameIt() async throws {
        try await with { service, device, _ in
            var bundle = try await evidence(of: device.instance, service)
            let honest = ContentDigest(of: bundle.documents.evidence[0])
            let log = [UInt8](repeating: 0, count: Evidence.maximumLogSize)
            var archived = try ArchivedDecision(parsing: bundle.documents.evidence[0])
            archived.measured?.log = ContentDigest(of: log)
            bundle.documents.evidence = [try archived.bytes]
            bundle.documents.logs = [log]
            let entries = try bundle.entries.map { try LedgerEntry(parsing: $0.bytes.bytes) }
            var entry = try #require(entries.first { $0.body.basis == honest })
            guard case .decision(var body) = entry.body else {
                Issue.record("\(entry)")
                return
            }
            body.basis = ContentDigest(of: bundle.documents.evidence[0])
            entry.body = .decision(body)
            let bytes = try WrittenEntry(entry).bytes
            let born = try #require(entries.firstIndex { if case .birth = $0.body { true } else { false } })
            let birth = bundle.entries[born]
            let places = (1...10_000).map { birth.index + $0 }
            bundle.entries = [birth] + places.map { AuditedEntry(index: $0, bytes: bytes, path: []) }
            let outcomes = try BundleReappraisal(bundle) { _ in nil }.outcomes()
            #expect(outcomes.map(\.index) == places)
            #expect(outcomes.allSatisfy { $0.fault == nil && !$0.differences.isEmpty })
        }
    }

    /// A boot that was looked for among all releases cannot be looked for again among those of one device's entries.
    @Test func releasesThatNoEntryNamesNeedNotBeThere() async throws {
        try await with { service, device, _ in
            for version in ["3.0", "4.0"] {
                _ = try await service.add(try releases.release(version, securityVersion: 3), releases)
            }
            let other = try releases.reference(try releases.release("4.0", securityVersion: 3)).manifest
            device.reboot(into: "os 3.0")
            let refused = try await service.anonymous { client in try await problem { try await client.attest(device) }
            }
            #expect(refused.reasons == ["drifted"])
            let bundle = try await evidence(of: device.instance, service)
            #expect(Auditor.judge(bundle, try service.anchors(factory)).isProven)
            let outcomes = try untaken(bundle)
            #expect(outcomes.count == 1 && outcomes.first?.fault == .missing(.release(other)))
            #expect(outcomes.first?.excuse?.contains("none names it") == true)

            // The one that the decision found is named by it.
            let found = try releases.reference(try releases.release("3.0", securityVersion: 3)).manifest
            var cut = bundle
            cut.documents.releases.removeAll { ContentDigest(of: $0.payload.bytes) == found }
            let left = try #require(try untaken(cut).first)
            #expect(left.fault == .missing(.release(found)) && left.excuse == nil)
        }
    }

    /// The entry by which evidence was shed comes along, and with nothing missing it would have no place in a bundle.
    @Test func whatWasShedIsExcusedByItsEntry() async throws {
        var setup = TestVerifier.Setup()
        setup.limits.archiveDays = 30
        try await with(setup) { service, device, _ in
            let before = try await evidence(of: device.instance, service)
            // Operators' certificates are good for a day: nobody asks while it is another month.
            service.clock.advance(milliseconds: 32 * 86_400_000)
            try await service.verifier.shed()
            service.clock.advance(milliseconds: -32 * 86_400_000)
            let anchors = try service.anchors(factory)
            let bundle = try await evidence(of: device.instance, service)
            #expect(bundle.documents.evidence.isEmpty)
            let findings = Auditor.judge(bundle, anchors).findings
            #expect(findings.isEmpty, "\(findings)")
            let shed = try bundle.entries.filter { audited in
                guard case .shedding = try LedgerEntry(parsing: audited.bytes.bytes).body else { return false }
                return true
            }
            let place = try #require(shed.first?.index)
            let outcomes = try untaken(bundle)
            #expect(shed.count == 1 && outcomes.count == 3)
            #expect(outcomes.allSatisfy { $0.excuse == "it was shed, as entry \(place) says" })

            var cut = bundle
            cut.entries.removeAll { $0.index == place }
            let unexcused = try untaken(cut)
            #expect(unexcused.count == 3 && unexcused.allSatisfy { $0.excuse == nil })
            var whole = bundle
            (whole.documents.evidence, whole.documents.logs) = (before.documents.evidence, before.documents.logs)
            let strays = Auditor.judge(whole, anchors).findings
            #expect(strays.map(\.place) == ["entry \(place)"], "\(strays)")

            // A later one says nothing of these decisions that the first has not said.
            var keeper = try LyingKeeper(bundle)
            let entry = try keeper.entries.first { if case .shedding = $0.body { true } else { false } }.found()
            keeper.entries.append(entry)
            let places = try keeper.judged(anchors).findings.map(\.place)
            #expect(places == ["entry \(keeper.entries.count - 1)"])
        }
    }

    /// Whoever exports is told what an auditor will miss, and that another export may have it.
    @Test func whatWasShedAfterTheCheckpointIsTold() async throws {
        var setup = TestVerifier.Setup()
        setup.limits.archiveDays = 30
        try await with(setup) { service, device, _ in
            let signed = try await service.operating(as: .auditor) { client in
                try SignedCheckpoint(parsing: try await client.ledgerFile("checkpoint"))
            }
            func collected(_ signed: SignedCheckpoint) async throws -> (bundle: AuditBundle, lacking: Set<Int>) {
                try await service.operating(as: .auditor) { client in
                    var collector = AuditCollector(client, signed, withEvidence: true)
                    let bundle = try await collector.bundle(about: .instance(device.instance))
                    return (bundle, collector.lacking)
                }
            }
            let whole = try await collected(signed)
            #expect(whole.lacking.isEmpty && whole.bundle.documents.evidence.count == 3)
            service.clock.advance(milliseconds: 32 * 86_400_000)
            try await service.verifier.shed()
            service.clock.advance(milliseconds: -32 * 86_400_000)
            let (bundle, lacking) = try await collected(signed)
            let missed = try untaken(bundle)
            #expect(missed.count == 3 && missed.allSatisfy { $0.excuse == nil })
            #expect(lacking == Set(missed.map(\.index)))
            let newer = try await service.operating(as: .auditor) { client in
                try SignedCheckpoint(parsing: try await client.ledgerFile("checkpoint"))
            }
            #expect(try await collected(newer).lacking.isEmpty)
        }
    }

    @Test func whatIsOldIsShedWithAnEntry() async throws {
        var setup = TestVerifier.Setup()
        setup.limits.archiveDays = 30
        try await with(setup) { service, _, _ in
            let kept = try await service.store.bases(in: 0..<Int64.max, after: nil, limit: 10)
            try await service.verifier.shed()
            #expect(try await service.store.bases(in: 0..<Int64.max, after: nil, limit: 10) == kept)
            #expect(try await ArchiveAudit(store: service.store).run() == ArchiveAudit.Report(kept: 3, shed: 0))
            service.clock.advance(milliseconds: 32 * 86_400_000)
            try await service.verifier.shed()
            #expect(try await service.store.bases(in: 0..<Int64.max, after: nil, limit: 10).isEmpty)
            // The sweeper that runs beside may have been faster, and may have ended the lease since.
            let size = try await service.store.ledgerHead().size
            let shed = try await service.store.ledgerEntries(0..<size).compactMap { entry -> SheddingEntry? in
                guard case .shedding(let body) = try LedgerEntry(parsing: entry.bytes).body else { return nil }
                return body
            }
            #expect(shed.count == 1 && shed.first?.count == 3)
            #expect(shed.first?.decisions == ContentDigest(of: kept.map(\.basis.entry).flatMap(\.bytes)))
            #expect(try await service.store.basis(of: kept[0].basis.entry) == nil)
            #expect(try await ArchiveAudit(store: service.store).run() == ArchiveAudit.Report(kept: 0, shed: 3))
        }
    }
}
