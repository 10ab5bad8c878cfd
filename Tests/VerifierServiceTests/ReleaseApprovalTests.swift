import Audit
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import VerifierService

/// Named people approve a release as a whole, over the wire, and an auditor finds them.
@Suite struct ReleaseApprovalTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    private static func setup(_ approvals: String) -> TestVerifier.Setup {
        var setup = TestVerifier.Setup()
        setup.policy = TestRule.policy(TestRule("all", #""releaseApprovals":\#(approvals)"#))
        return setup
    }

    private func order(_ release: ContentDigest, as role: OperatorRole) throws -> ApprovalOrder {
        try ApprovalOrder(
            release: release,
            device: nil,
            environment: nil,
            allDevices: true,
            role: role,
            hours: 1,
            reason: "change 12"
        ).found()
    }

    /// A device has been granted a release that two people have approved.
    private func granted(
        _ body: (TestVerifier, InstanceID, ContentDigest, [ApprovalReport]) async throws -> Void
    ) async throws {
        try await TestVerifier.with(Self.setup(#"{"count":2}"#), factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            func refused() async throws -> Problem {
                try await service.anonymous { client in
                    try await problem { try await client.update(device, to: package) }
                }
            }
            #expect(try await refused().reasons == ["release-not-approved"])
            let first = try await service.operating(as: .releaseManager) {
                try await $0.approve(try order(package.manifest, as: .releaseManager))
            }
            #expect(first.instance == nil && first.environment == nil)
            #expect(try await refused().reasons == ["release-not-approved"])
            let second = try await service.operating(as: .operator) { client in
                let question = PolicyQuestion(instance: device.instance, manifest: package.manifest)
                #expect(try await client.explain(question).refusals == ["release-not-approved"])
                let report = try await client.approve(try order(package.manifest, as: .operator))
                #expect(try await client.explain(question).refusals == [])
                return report
            }
            let listed = try await service.operating(as: .auditor) { try await $0.approvals(of: package.manifest) }
            #expect(listed.approvals == [first, second])
            try await service.anonymous { client in
                let delivery = try await client.update(device, to: package).grant.found()
                let grant = try service.grant(delivery.grant)
                device.counters.grants += 1
                device.reboot(into: "os 2.0")
                _ = try await client.confirm(device, grant: grant.claims.jti)
            }
            try await body(service, device.instance, package.manifest, [first, second])
        }
    }

    @Test func twoPeopleLetAReleaseOut() async throws {
        try await granted { service, instance, release, approvals in
            let size = try await service.store.ledgerHead().size
            let entries = try await service.store.ledgerEntries(0..<size).map { try LedgerEntry(parsing: $0.bytes) }
            let named = entries.compactMap { entry -> [ContentDigest]? in
                if case .decision(let body) = entry.body { body.approvals } else { nil }
            }
            #expect(named.map { Set($0) } == [Set(approvals.map(\.entry))])
            for subject in [AuditSubject.instance(instance), .release(release), .entries(0..<size)] {
                let report = Auditor.judge(try await service.audit(subject), try service.anchors(factory))
                #expect(report.isProven, "\(subject): \(report.findings)")
                let says = report.timeline.map(\.says)
                #expect(says.contains { $0.contains("approved by operator (operator) and release-manager") })
                #expect(says.contains { $0.contains("approved os 2.0 for all devices until") })
            }
        }
    }

    /// It may be somebody else's, with a key that was stolen.
    @Test func whatARevokedOperatorHasApprovedCountsNoMore() async throws {
        try await TestVerifier.with(Self.setup(#"{"count":2}"#), factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            for role in [OperatorRole.releaseManager, .operator] {
                _ = try await service.operating(as: role) { client in
                    try await client.approve(try order(package.manifest, as: role))
                }
            }
            let left = try label(OperatorRole.releaseManager.rawValue)
            try service.directory.edit { $0.revokedOperators = [left] }
            service.verifier.reloadTrust()
            let refused = try await service.anonymous { client in
                try await problem { try await client.update(device, to: package) }
            }
            #expect(refused.reasons == ["release-not-approved"])
            let question = PolicyQuestion(instance: device.instance, manifest: package.manifest)
            let told = try await service.operating(as: .operator) { try await $0.explain(question).refusals }
            #expect(told == ["release-not-approved"])
            let listed = try await service.operating(as: .auditor) { try await $0.approvals(of: package.manifest) }
            #expect(listed.approvals.map(\.by) == [try label(OperatorRole.operator.rawValue)])
        }
    }

    @Test func anAuditorMissesAnApprovalThatNobodyGave() async throws {
        try await granted { service, instance, _, _ in
            let anchors = try service.anchors(factory)
            let bundle = try await service.audit(.instance(instance))
            func findings(_ lie: (inout LyingKeeper) throws -> Void) throws -> [String] {
                var keeper = try LyingKeeper(bundle)
                try lie(&keeper)
                return try keeper.judged(anchors).findings.map(\.problem)
            }
            let unlisted = try findings { keeper in
                for index in keeper.entries.indices {
                    guard case .decision(var body) = keeper.entries[index].body else { continue }
                    body.approvals = nil
                    keeper.entries[index].body = .decision(body)
                }
            }
            #expect(unlisted.contains("0 of 2 people have approved its release"), "\(unlisted)")
            // A decision on the same request that is not on a package is nothing that a grant answers.
            let hidden = try findings { keeper in
                let place = try keeper.entries.firstIndex { $0.body.isGrant }.found()
                let decided = try keeper.entries[..<place].lastIndex { entry in
                    if case .decision(let body) = entry.body { body.approvals != nil } else { false }
                }.found()
                var other = keeper.entries[decided]
                guard case .decision(var body) = other.body else { return }
                body.approvals = nil
                keeper.entries[decided].body = .decision(body)
                body.purpose = .attest
                body.rule = nil
                other.body = .decision(body)
                keeper.entries.insert(other, at: place)
            }
            #expect(hidden.contains("0 of 2 people have approved its release"), "\(hidden)")
            let missing = try findings { keeper in
                try keeper.remove { if case .approval = $0.body { true } else { false } }
            }
            #expect(missing.contains { $0.hasPrefix("the approval ") && $0.hasSuffix(" is missing") }, "\(missing)")
        }
    }

    /// Each grant that answers a decision over missing approvals has its findings, and not one for each of them.
    @Test func manyGrantsOverManyMissingApprovalsAreToldInFewWords() async throws {
        try await granted { service, instance, _, _ in
            let bundle = try await service.audit(.instance(instance))
            try expectFewWords(on: \.approvals, called: "approval", bundle, try service.anchors(factory))
        }
    }

    @Test func onlyInARoleOfOnesOwn() async throws {
        try await TestVerifier.with(Self.setup(#"{"count":1}"#), factory: factory, releases: releases) { service in
            let package = try await service.add(try releases.release("2.0"), releases)
            let foreign = try await problem {
                try await service.operating(as: .operator) {
                    try await $0.approve(try order(package.manifest, as: .releaseManager))
                }
            }
            #expect(foreign.kind == .forbidden)
            let unknown = try await problem {
                try await service.operating(as: .operator) {
                    try await $0.approve(try order(ContentDigest(of: [1]), as: .operator))
                }
            }
            #expect(unknown.kind == .conflict)
        }
    }
}
