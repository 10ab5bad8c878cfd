import Crypto
import Endorsement
import FoundationEssentials
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// Every key that a verifier knows is told, with what it is worth now.
@Suite(.timeLimit(.minutes(20))) struct KeyListTests {
    let people = TestPeople()
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    private var setup: TestVerifier.Setup { TestVerifier.Setup(people: people) }

    private func keys(_ service: TestVerifier, as role: OperatorRole = .auditor) async throws -> [KnownKey] {
        try await service.operating(as: role) { try await $0.keys() }.keys
    }

    @Test func whatAVerifierBeginsWithIsInUse() async throws {
        try await TestVerifier.with(setup, factory: factory, releases: releases) { service in
            let materials = service.verifier.materials
            let keys = try await keys(service)
            #expect(keys.allSatisfy { $0.standing == .inUse && $0.compromised == nil }, "\(keys)")
            func ids(_ role: KnownKeyKind) -> Set<String> { Set(keys.filter { $0.role == role }.map(\.id)) }
            #expect(ids(.grant) == [materials.grantSigner.kid])
            #expect(ids(.results) == [materials.resultSigner.publicKey.name(as: .results)])
            #expect(ids(.ledger) == [materials.checkpointSigner.verifierKey.id.description])
            #expect(ids(.release) == Set(releases.signers.map(\.key.id)))
            #expect(ids(.trust) == Set(people.signers.map(\.key.id)))
            #expect(ids(.station) == [factory.listed.key.id])
            #expect(keys.first { $0.role == .station }?.name == TestFactory.line)
            let authority = ContentDigest(of: try factory.authority.der())
            #expect(ids(.factoryCA) == [authority.description])
            #expect(ids(.witness).isEmpty)
            #expect(
                keys.map(\.role) == KnownKeyKind.allCases.flatMap { role in keys.map(\.role).filter { $0 == role } }
            )
        }
    }

    @Test func onlyReadersAreTold() async throws {
        try await TestVerifier.with { service in
            for role in [OperatorRole.operator, .auditor] {
                let keys = try await keys(service, as: role)
                #expect(!keys.isEmpty)
            }
            for role in [OperatorRole.factory, .releaseManager] {
                let refusal = try await problem { try await keys(service, as: role) }
                #expect(refusal.kind == .forbidden)
            }
        }
    }

    /// Named beside the old one, in use after it, and the old one former when a bundle drops it.
    @Test func aKeysLifeIsFollowed() async throws {
        let (home, directory) = try TestVerifier.prepared(setup, factory: factory, releases: releases)
        let next = try KeyRotation(directory).makeNext(.grant).key
        func standings(_ service: TestVerifier) async throws -> [String: KnownKey.Standing] {
            let grant = try await keys(service).filter { $0.role == .grant }
            return Dictionary(grant.map { ($0.id, $0.standing) }) { first, _ in first }
        }
        let old = try await TestVerifier.serve(directory, setup) { service in
            let old = service.verifier.materials.grantSigner.kid
            #expect(try await standings(service) == [old: .inUse], "what no bundle names is known to nobody")
            try await service.publish(service.successor { $0.grantKeys += [next.key].compactMap { $0 } }, people)
            #expect(try await standings(service) == [old: .inUse, next.name: .named])
            return old
        }
        #expect(try await KeyRotation(directory).use(.grant) == .used(name: next.name))
        try await TestVerifier.serve(directory, setup) { service in
            #expect(try await standings(service) == [old: .named, next.name: .inUse])
            try await service.publish(service.successor { $0.grantKeys.removeFirst() }, people)
            #expect(try await standings(service) == [old: .former, next.name: .inUse])
        }
        withExtendedLifetime(home) {}
    }

    /// By what the list calls a key it can be reported, also once no bundle names it any more.
    @Test func aFormerKeyOfTheLedgerCanBeReported() async throws {
        try await TestVerifier.with(setup, factory: factory, releases: releases) { service in
            let other = try CheckpointSigner(
                origin: service.verifier.materials.configuration.ledgerOrigin,
                privateKey: Curve25519.Signing.PrivateKey()
            ).verifierKey
            try await service.publish(service.successor { $0.ledgerKeys = [other.text] }, people)
            try await service.publish(service.successor { $0.ledgerKeys = nil }, people)
            let former = try await keys(service).first { $0.role == .ledger && $0.standing == .former }.found()
            #expect(former.id == other.id.description)
            let order = try CompromiseOrder(.ledger, former.id, reason: "found in a paste").found()
            _ = try await service.operating(as: .operator) { try await $0.reportCompromise(order) }
            let told = try await keys(service).first { $0.id == former.id }.found()
            #expect(told.compromised == true && told.standing == .former)
        }
    }

    @Test func compromisedKeysAreToldAsThat() async throws {
        try await TestVerifier.with(setup, factory: factory, releases: releases) { service in
            let unknown = StatementKey(P256.Signing.PrivateKey().publicKey).id
            let orders = [
                try CompromiseOrder(.station, TestFactory.line, reason: "laptop stolen").found(),
                try CompromiseOrder(.release, unknown, reason: "found in a paste").found(),
            ]
            for order in orders {
                _ = try await service.operating(as: .operator) { try await $0.reportCompromise(order) }
            }
            let told = try await keys(service).filter { $0.compromised == true }
            #expect(told.count == 2)
            let station = try told.first { $0.role == .station }.found()
            #expect(station.id == factory.listed.key.id && station.standing == .inUse)
            let release = try told.first { $0.role == .release }.found()
            #expect(release.id == unknown && release.standing == .former)
        }
    }
}
