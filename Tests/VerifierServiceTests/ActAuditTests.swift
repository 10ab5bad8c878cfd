import Audit
import Crypto
import Endorsement
import FoundationEssentials
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore
import X509

@testable import VerifierService

/// A keeper who has every key of the verifier's, the one of the operators' CA among them, and not the operators': what he can write in
/// their names, and who finds it.
@Suite struct ActAuditTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    /// A device that an operator has suspended, reinstated and let go back, and a release that was withdrawn.
    private func acted(
        _ body: (TestVerifier, InstanceID, AuditBundle) async throws -> Void
    ) async throws {
        try await TestVerifier.with(factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            let (lost, found, bad) = (try remark("lost"), try remark("found"), try remark("bad"))
            try await service.anonymous { _ = try await $0.attest(device) }
            try await service.operating(as: .operator) { client in
                _ = try await client.act(.suspend, on: device.serial, lost)
                // By its id, this time.
                _ = try await client.act(.reinstate, on: try label(device.instance.text), found)
            }
            let order = try EmergencyOrder(
                release: package.manifest,
                overrides: [.window],
                hours: 2,
                reason: "incident 7"
            ).found()
            let plan = try RolloutOrder(.set, plan: RolloutPlan(percent: 5), reason: "first five").found()
            try await service.operating(as: .releaseManager) { client in
                _ = try await client.declareEmergency(order)
                _ = try await client.rollout(of: package.manifest, plan)
                _ = try await client.withdrawRelease(package.manifest, bad)
            }
            let size = try await service.store.ledgerHead().size
            try await body(service, device.instance, try await service.audit(.entries(0..<size)))
        }
    }

    /// The certificates of the operators themselves.
    private func people(_ service: TestVerifier) throws -> AuditAnchors.Operators {
        let certificates = try OperatorRole.allCases.map { role in
            try ParsedCertificate(der: try ActSigner(role, of: service).certificate)
        }
        return AuditAnchors.Operators(try OperatorTrust(certificates))
    }

    private func findings(
        _ service: TestVerifier,
        _ bundle: AuditBundle,
        heldTo operators: AuditAnchors.Operators?,
        _ lie: (inout LyingKeeper) throws -> Void
    ) throws -> [String] {
        var keeper = try LyingKeeper(bundle)
        try lie(&keeper)
        var anchors = try service.anchors(factory)
        anchors.operators = operators
        return try keeper.judged(anchors).findings.map(\.description)
    }

    private static func isSuspension(_ entry: LedgerEntry) -> Bool {
        if case .act(let body) = entry.body { body.act == .suspend } else { false }
    }

    @Test func honestActsAreProven() async throws {
        try await acted { service, instance, bundle in
            for operators in [try people(service), try service.anchors(factory).operators, nil] {
                #expect(try findings(service, bundle, heldTo: operators) { _ in } == [])
                var anchors = try service.anchors(factory)
                anchors.operators = operators
                let report = Auditor.judge(bundle, anchors)
                #expect(report.isProven && report.acts.unsigned == [] && report.acts.signed > 6)
                #expect(report.acts.doubtful == [])
                #expect(report.acts.isHeldToOperators == (operators != nil))
                #expect(report.acts.sentences.count == 1)
                #expect(report.acts.sentences.allSatisfy { $0.contains("held to nobody") == (operators == nil) })
                let page = report.html { "at \($0)" }
                #expect(page.contains("acts of operators"))
            }
            let one = try await service.audit(.instance(instance))
            let report = Auditor.judge(one, try service.anchors(factory))
            #expect(report.isProven && report.acts.signed > 2, "\(report.findings)")
        }
    }

    /// He issues himself a certificate in the operator's name, and signs with its key: only the operator's own certificate shows it.
    @Test func anInventedActIsFoundByThePersonsOwnCertificate() async throws {
        try await acted { service, _, bundle in
            let key = P256.Signing.PrivateKey()
            let authority = try CertificateAuthority(
                certificate: service.verifier.materials.operatorCA,
                key: Certificate.PrivateKey(
                    try P256.Signing.PrivateKey(
                        pemRepresentation: try String(
                            contentsOfFile: service.directory.file("keys/operator-ca.key"),
                            encoding: .utf8
                        )
                    )
                )
            )
            let now = service.verifier.clock.seconds
            let made = try authority.issueClientCertificate(
                commonName: "operator",
                key: key.publicKey,
                uris: ["urn:birthmark:operator:operator", "urn:birthmark:role:operator"],
                from: now - 60,
                until: now + 600
            )
            let body = try CanonicalJSON.encode(try remark("invented"))
            let signed = try ActSigner(.operator, of: service).statement(
                "/v1/instances/SN-1/suspend",
                body,
                for: made,
                by: .p256(key)
            )
            func invent(_ keeper: inout LyingKeeper) throws {
                var entry = try keeper.entries.first(where: Self.isSuspension).found()
                guard case .act(var act) = entry.body else { return }
                act.reason = try Remark("invented").found()
                entry.body = .act(act)
                entry.statement = try signed.digest
                entry.at = now
                keeper.entries.append(entry)
                keeper.documents.acts.append(SignedAct(signed, certificate: made, body: body))
                keeper.subject = .entries(0..<keeper.entries.count)
            }
            let authorityAlone = try service.anchors(factory).operators
            #expect(try findings(service, bundle, heldTo: authorityAlone, invent) == [], "the CA is the verifier's own")
            let found = try findings(service, bundle, heldTo: try people(service), invent)
            #expect(
                found.contains { $0.contains("is not the one of operator that is known from elsewhere") },
                "\(found)"
            )
        }
    }

    /// Without a key of anybody's he can only leave the statement out.
    @Test func anActThatNobodyHasSignedIsFound() async throws {
        try await acted { service, _, bundle in
            func strip(_ keeper: inout LyingKeeper) throws {
                let index = try keeper.entries.lastIndex { $0.statement != nil }.found()
                let digest = try keeper.entries[index].statement.found()
                keeper.entries[index].statement = nil
                try keeper.documents.acts.removeAll { try SignedStatement($0.statement).digest == digest }
            }
            for operators in [try people(service), nil] {
                let found = try findings(service, bundle, heldTo: operators, strip)
                #expect(found.contains { $0.contains("signed by nobody, though acts before it are") }, "\(found)")
            }
            let missing = try findings(service, bundle, heldTo: nil) { $0.documents.acts.removeLast() }
            #expect(missing.contains { $0.contains("has signed for it is missing") }, "\(missing)")
        }
    }

    /// Of what the verifier does in its own name nobody's signature is asked.
    @Test func anActInTheVerifiersNameIsFound() async throws {
        try await acted { service, _, bundle in
            let verifier = Actor(.verifier, try label("test"))
            func take(_ isMeant: (LedgerEntry.Body) -> Bool) throws {
                let found = try findings(service, bundle, heldTo: try people(service)) { keeper in
                    try keeper.change { entry in
                        guard isMeant(entry.body) else { return false }
                        entry.actor = verifier
                        entry.statement = nil
                        return true
                    }
                }
                let words = "is for an operator to do, and stands in the name of verifier:test"
                #expect(found.contains { $0.contains(words) }, "\(found)")
            }
            try take { if case .act(let body) = $0 { body.act == .reinstate } else { false } }
            try take { if case .rollout = $0 { true } else { false } }
            try take { if case .emergency = $0 { true } else { false } }
            try take { if case .withdrawal = $0 { true } else { false } }
            try take { if case .release = $0 { true } else { false } }
        }
    }

    /// A ledger from before operators signed is told as that, and is held to them from the day on that the auditor names.
    @Test func anOldLedgerStillVerifies() async throws {
        try await acted { service, _, bundle in
            func age(_ keeper: inout LyingKeeper) {
                for index in keeper.entries.indices { keeper.entries[index].statement = nil }
                keeper.documents.acts = []
            }
            #expect(try findings(service, bundle, heldTo: nil, age) == [])
            var known = try people(service)
            #expect(try findings(service, bundle, heldTo: known, age).contains { $0.contains("is signed by nobody") })
            known.signedSince = .max
            #expect(try findings(service, bundle, heldTo: known, age) == [])

            var keeper = try LyingKeeper(bundle)
            age(&keeper)
            let acts = try keeper.judged(try service.anchors(factory)).acts
            #expect(acts.signed == 0 && acts.unsigned.count > 6)
            #expect(acts.sentences.contains { $0.contains("the verifier alone says who acted") })
        }
    }

    /// What was signed stands for what it says, for whom it says, when it says, once, and by whom it says.
    @Test func aStatementStandsForNothingElse() async throws {
        try await acted { service, _, bundle in
            func found(_ words: String, _ lie: (inout LyingKeeper) throws -> Void) throws {
                let found = try findings(service, bundle, heldTo: nil, lie)
                #expect(found.contains { $0.contains(words) }, "\(words): \(found)")
            }
            let (good, bob) = (try Remark("good").found(), try label("bob"))
            try found("is not what was signed for it") { keeper in
                try keeper.change { entry in
                    guard case .act(var body) = entry.body, body.act == .suspend else { return false }
                    body.act = .retire
                    entry.body = .act(body)
                    return true
                }
            }
            try found("is not what was signed for it") { keeper in
                try keeper.change { entry in
                    guard case .withdrawal(let body) = entry.body else { return false }
                    entry.body = .withdrawal(WithdrawalEntry(manifest: body.manifest, reason: good))
                    return true
                }
            }
            try found("is not what was signed for it") { keeper in
                try keeper.change { entry in
                    guard case .emergency(var body) = entry.body else { return false }
                    body.until += 86_400
                    entry.body = .emergency(body)
                    return true
                }
            }
            try found("is not what was signed for it") { keeper in
                try keeper.change { entry in
                    guard case .rollout(var body) = entry.body else { return false }
                    body.plan.percent = 100
                    entry.body = .rollout(body)
                    return true
                }
            }
            try found("was signed at another time") { keeper in
                try keeper.change { entry in
                    guard Self.isSuspension(entry) else { return false }
                    entry.at += 3600
                    return true
                }
            }
            try found("is signed by operator, and not by bob") { keeper in
                try keeper.change { entry in
                    guard Self.isSuspension(entry) else { return false }
                    entry.actor = Actor(.operator, bob)
                    return true
                }
            }
            try found("stands for an act before it already") { keeper in
                let entry = try keeper.entries.first(where: Self.isSuspension).found()
                keeper.entries.append(entry)
                keeper.subject = .entries(0..<keeper.entries.count)
            }
            // What it says is read once, however many entries name it.
            let others = try findings(service, bundle, heldTo: nil) { keeper in
                var entry = try keeper.entries.first(where: Self.isSuspension).found()
                guard case .act(var body) = entry.body else { return }
                body.reason = good
                entry.body = .act(body)
                keeper.entries.append(entry)
                keeper.subject = .entries(0..<keeper.entries.count)
            }
            #expect(others.contains { $0.contains("stands for an act before it already") }, "\(others)")
            #expect(!others.contains { $0.contains("is not what was signed for it") }, "\(others)")
        }
    }

    /// What was said of a key stands for that key, and for what ended with it.
    @Test func actsOnKeysAreProven() async throws {
        let holders = TestPeople()
        let setup = TestVerifier.Setup(people: holders)
        try await TestVerifier.with(setup, factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            _ = try await service.add(try releases.release("2.0"), releases)
            try await service.anonymous { _ = try await $0.attest(device) }
            let key = StatementKey(P256.Signing.PrivateKey().publicKey)
            try await service.publish(service.successor { $0.grantKeys.append(key) }, holders)
            let orders = [
                try CompromiseOrder(.station, "line-1", reason: "laptop stolen").found(),
                try CompromiseOrder(.release, releases.signers[0].key.id, reason: "found in a paste").found(),
            ]
            for order in orders {
                _ = try await service.operating(as: .operator) { try await $0.reportCompromise(order) }
            }
            let size = try await service.store.ledgerHead().size
            let bundle = try await service.audit(.entries(0..<size))
            let known = try people(service)
            #expect(try findings(service, bundle, heldTo: known) { _ in } == [])
            let one = try await service.audit(.instance(device.instance))
            var anchors = try service.anchors(factory)
            anchors.operators = known
            let report = Auditor.judge(one, anchors)
            #expect(report.isProven, "\(report.findings)")

            func lie(_ change: (inout LedgerEntry) -> Bool) throws {
                let found = try findings(service, bundle, heldTo: nil) { try $0.change(change) }
                #expect(found.contains { $0.contains("is not what was signed for it") }, "\(found)")
            }
            try lie { entry in
                guard case .trust(var body) = entry.body else { return false }
                body.bundle = ContentDigest(of: [1])
                entry.body = .trust(body)
                return true
            }
            try lie { entry in
                guard case .compromise(var body) = entry.body else { return false }
                body.kind = .release
                entry.body = .compromise(body)
                return true
            }
            try lie { entry in
                guard case .act(var body) = entry.body else { return false }
                body.act = .retire
                entry.body = .act(body)
                return true
            }
            try lie { entry in
                guard case .withdrawal(let body) = entry.body else { return false }
                entry.body = .withdrawal(
                    WithdrawalEntry(manifest: body.manifest, isRecall: true, reason: body.reason)
                )
                return true
            }
        }
    }

    @Test func aChangedDocumentIsFound() async throws {
        try await acted { service, _, bundle in
            func found(_ words: String, _ change: (inout SignedAct) throws -> Void) throws {
                let found = try findings(service, bundle, heldTo: nil) { keeper in
                    let index = try keeper.documents.acts.firstIndex {
                        try SignedStatement($0.statement).claimed.path.hasSuffix("/suspend")
                    }.found()
                    try change(&keeper.documents.acts[index])
                }
                #expect(found.contains { $0.contains(words) }, "\(words): \(found)")
            }
            try found("is signed for another body") { $0.body = Blob(Array(#"{"reason":"sold"}"#.utf8)) }
            try found("is not what was signed for it") { $0.body = nil }
            // With the role of another, in the name of another.
            let other = try ActSigner(.releaseManager, of: service).certificate
            try found("is signed for another certificate") { $0.certificate = Blob(other) }
            try found("has no role that may do this") { $0.certificate = Blob(other) }
            try found("cannot be read") { $0.certificate = Blob([0x30, 0x00]) }
        }
    }

    /// The verifier's own file of a signature is only good at that verifier.
    @Test func aStatementToAnotherVerifierIsFound() async throws {
        try await acted { service, _, bundle in
            var anchors = try service.anchors(factory)
            anchors.verifier = try label("elsewhere")
            let report = Auditor.judge(bundle, anchors)
            let found = report.findings.map(\.description)
            #expect(found.contains { $0.contains("is signed for the verifier test") }, "\(found)")
            #expect(report.acts.doubtful.count == report.acts.signed)
            #expect(report.acts.sentences.count == 1)
            #expect(report.acts.sentences.allSatisfy { $0.contains("no signature of an operator is shown") })
        }
    }
}
