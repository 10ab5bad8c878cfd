import Crypto
import DurableFiles
import FoundationEssentials
import Ledger
import Messages
import TemporaryDirectories
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// What people have signed is published once, for good, and under it this verifier is believed.
@Suite(.timeLimit(.minutes(20))) struct TrustVersionTests {
    let people = TestPeople()
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    private var setup: TestVerifier.Setup { TestVerifier.Setup(people: people) }

    private func entries(_ service: TestVerifier) async throws -> [LedgerEntry] {
        let size = try await service.store.ledgerHead().size
        return try await service.store.ledgerEntries(0..<size).map { try LedgerEntry(parsing: $0.bytes) }
    }

    private func trust(_ directory: VerifierDirectory) throws -> [UInt8] {
        try BoundedFile.read(directory.trustBundle, limit: TrustBundle.maximumSize)
    }

    @Test func aVersionIsPublishedServedAndOnTheLedger() async throws {
        try await TestVerifier.with(setup) { service in
            let first = service.verifier.published.now
            let missing = try await service.anonymous { try await $0.trust(2) }
            #expect(missing == nil)
            let key = StatementKey(P256.Signing.PrivateKey().publicKey)
            let second = service.successor { $0.grantKeys.append(key) }
            let envelope = try people.sign(second)
            for _ in 0..<2 {
                let report = try await service.operating(as: .operator) { try await $0.publishTrust(envelope) }
                #expect(report.version == 2 && report.digest == ContentDigest(of: envelope.payload.bytes))
            }
            let served = try await service.anonymous { try await $0.trust(2) }
            #expect(served == envelope)
            #expect(try TrustStep.judge(try served.found(), after: first).get().bundle == second)
            // From whoever answers, too: what is served there proves itself.
            let url = service.trust.url
            #expect(try await VerifierClient.trust(2, fromWhoeverAnswersAt: url) == envelope)
            #expect(try trust(service.directory) == envelope.payload.bytes)

            let stated = try await entries(service).compactMap { entry -> (LedgerEntry, TrustEntry)? in
                if case .trust(let body) = entry.body { (entry, body) } else { nil }
            }
            #expect(stated.count == 1, "published twice is published once")
            let (entry, body) = try stated.first.found()
            #expect(entry.actor == Actor(.operator, try label("operator")) && entry.instance == nil)
            let signed = try await service.store.act(try entry.statement.found()).found()
            #expect(try SignedStatement(signed.statement).claimed.path == "/v1/trust")
            let sent = try CanonicalJSON.encode(envelope)
            #expect(signed.body?.bytes == sent)
            #expect(body.version == 2 && body.bundle == ContentDigest(of: envelope.payload.bytes))
            #expect(body.added == ["grant:" + key.name(as: .grant)] && body.removed.isEmpty)
        }
    }

    @Test func whatADeviceWouldNotBelieveIsNotPublished() async throws {
        try await TestVerifier.with(setup) { service in
            let next = service.successor { _ in }
            var (skipped, other, unkeyed) = (next, next, next)
            skipped.version = 3
            other.verifier = "another"
            unkeyed.trustKeys = nil
            let thief = TestPeople()
            let cases: [(SignedEnvelope, String)] = [
                (try people.sign(next, by: [people.signers[0]]), "trust-not-signed-before"),
                (try thief.sign(next), "trust-not-signed-before"), (try people.sign(skipped), "trust-version-skipped"),
                (try people.sign(other), "trust-other-verifier"), (try people.sign(unkeyed), "trust-not-signed-after"),
                (try people.sign(service.verifier.published.now), "trust-went-back"),
            ]
            let size = try await service.store.ledgerHead().size
            for (envelope, code) in cases {
                let refused = try await problem {
                    try await service.operating(as: .operator) { try await $0.publishTrust(envelope) }
                }
                #expect(refused.kind == .refused && refused.reasons == [code])
            }
            #expect(try await service.store.newestTrust() == nil)
            #expect(try await service.store.ledgerHead().size == size)
        }
    }

    @Test func withoutTrustKeysNothingFollows() async throws {
        try await TestVerifier.with { service in
            let envelope = try people.sign(service.successor())
            let refused = try await problem {
                try await service.operating(as: .operator) { try await $0.publishTrust(envelope) }
            }
            #expect(refused.reasons == ["trust-no-keys"])
        }
    }

    @Test func noVersionUnderWhichNobodyWouldBelieveThisVerifier() async throws {
        try await TestVerifier.with(setup, releases: releases) { service in
            let stranger = StatementKey(P256.Signing.PrivateKey().publicKey)
            let log = try CheckpointSigner(
                origin: service.verifier.materials.configuration.ledgerOrigin,
                privateKey: Curve25519.Signing.PrivateKey()
            ).verifierKey.text
            let witness = try WitnessSigner(name: "w", privateKey: Curve25519.Signing.PrivateKey()).verifierKey.text
            var changes: [@Sendable (inout TrustBundle) -> Void] = []
            changes.append { $0.grantKeys = [stranger] }
            changes.append { $0.resultKeys = [stranger] }
            changes.append { $0.ledgerKey = log }
            changes.append { $0.tlsRoots = "nobody" }
            changes.append { $0.ledgerWitnesses = LedgerQuorum(required: 1, keys: [witness]) }
            for change in changes {
                let envelope = try people.sign(service.successor(change))
                let refused = try await problem {
                    try await service.operating(as: .operator) { try await $0.publishTrust(envelope) }
                }
                #expect(refused.reasons == ["trust-strands-devices"], "\(refused.title)")
            }
            try await service.publish(service.successor(), people)
        }
    }

    @Test func publishedIsPublishedAlsoAfterARestart() async throws {
        let (home, directory) = try TestVerifier.prepared(setup, factory: factory, releases: releases)
        _ = try await TestVerifier.serve(directory, setup) { service in
            try await service.publish(service.successor(), people)
        }
        let second = try trust(directory)
        // The copy is lost, or older than the record.
        try FileManager.default.removeItem(atPath: directory.trustBundle)
        try await TestVerifier.serve(directory, setup) { service in
            #expect(service.verifier.published.now.number == 2)
            #expect(try trust(directory) == second)
            try await service.publish(service.successor(), people)
            #expect(try await service.anonymous { try await $0.trust(2) } != nil, "for those who were away")
        }
        // Init leaves alone what people have signed.
        let third = try trust(directory)
        var options = DirectorySetup.Options()
        func initialize() throws {
            try DirectorySetup(directory, options, now: Int64(Date.now.timeIntervalSince1970)).run(
                defaultPolicy: DefaultPolicy.bytes,
                storeExists: { _ in true },
                makeStore: { _ in }
            )
        }
        try initialize()
        #expect(try trust(directory) == third)
        options.trustKeys = home.path + "/people.json"
        try AtomicFile.write(try EditedJSON.encode(try people.keys), to: home.path + "/people.json")
        #expect(throws: SetupError.self) { try initialize() }
    }

    @Test func makersOfTheNextVersionSignReleasesFromThenOn() async throws {
        try await TestVerifier.with(setup, factory: factory, releases: releases) { service in
            let later = TestReleases()
            _ = try await service.add(try releases.release("2.0"), releases)
            try await service.publish(service.successor { $0.releaseKeys = try later.keys }, people)
            let old = try await problem { try await service.add(try releases.release("3.0"), releases) }
            #expect(old.reasons == ["release-not-signed"])
            _ = try await service.add(try later.release("3.0"), later)
        }
    }
}
