import Audit
import Crypto
import DurableFiles
import FoundationEssentials
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// A key in other hands: what hangs on it ends in one act, and nothing else does.
@Suite(.timeLimit(.minutes(20))) struct CompromiseTests {
    let people = TestPeople()
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    private func order(_ kind: KeyKind, _ key: String, isRehearsal: Bool = false) throws -> CompromiseOrder {
        try CompromiseOrder(kind, key, reason: "laptop stolen, ticket 9", isRehearsal: isRehearsal).found()
    }

    @discardableResult
    private func report(
        _ kind: KeyKind,
        _ key: String,
        isRehearsal: Bool = false,
        _ service: TestVerifier
    ) async throws -> CompromiseReport {
        let order = try order(kind, key, isRehearsal: isRehearsal)
        return try await service.operating(as: .operator) { try await $0.reportCompromise(order) }
    }

    private func state(_ device: SoftwareKeyDevice, _ service: TestVerifier) async throws -> InstanceState {
        try await service.store.snapshot(of: device.instance, release: nil).found().state
    }

    private func entries(_ service: TestVerifier, from index: Int = 0) async throws -> [LedgerEntry] {
        let size = try await service.store.ledgerHead().size
        return try await service.store.ledgerEntries(index..<size).map { try LedgerEntry(parsing: $0.bytes) }
    }

    @Test func grantsOfAStolenKeyEndAndNoMoreAreGiven() async throws {
        let setup = TestVerifier.Setup(people: people)
        let (home, directory) = try TestVerifier.prepared(setup, factory: factory, releases: releases)
        defer { withExtendedLifetime(home) {} }
        let devices = try (1...3).map { try SoftwareKeyDevice(serial: "SN-\($0)") }
        try await TestVerifier.serve(directory, setup) { service in
            for device in devices { try await service.importBirth(of: device, by: factory) }
            let package = try await service.add(try releases.release("2.0"), releases)
            try await service.anonymous { client in
                for device in devices.prefix(2) { _ = try await client.update(device, to: package) }
                _ = try await client.attest(devices[2])
                // One of them has used its grant.
                devices[1].counters.grants += 1
                _ = try await client.attest(devices[1])
            }
            let kid = service.verifier.materials.grantSigner.kid
            let before = try await service.store.ledgerHead().size
            let rehearsal = try await report(.grant, kid, isRehearsal: true, service)
            #expect(rehearsal.grants == 1 && rehearsal.instances == 0 && rehearsal.releases == 0)
            #expect(rehearsal.entry == nil)
            #expect(try await service.store.ledgerHead().size == before, "nothing was changed")

            let done = try await report(.grant, kid, service)
            #expect(done.grants == 1 && done.entry == before)
            let states = [
                try await state(devices[0], service), try await state(devices[1], service),
                try await state(devices[2], service),
            ]
            #expect(states.map(\.lifecycle) == [.trusted, .trusted, .trusted])
            #expect(states.allSatisfy { $0.lease != nil }, "they have done nothing")
            #expect(states[0].pending?.status == .ended && states[0].pending?.stage == .withdrawn)
            #expect(states[1].pending?.status == .issued && states[1].pending?.stage == .installed)
            let written = try await entries(service, from: before)
            #expect(written.map(\.body.type) == ["key-compromise", "update"])
            #expect(written.allSatisfy { $0.actor.kind == .operator })
            let statements = Set(written.map(\.statement))
            #expect(statements.count == 1 && !statements.contains(nil), "one act, which is signed")

            let told = Auditor.judge(
                try await service.audit(.instance(devices[0].instance)),
                try service.anchors(factory)
            ).timeline.map(\.says)
            #expect(told.last?.hasSuffix("ended with the key that had signed it") == true, "\(told)")

            let again = try await report(.grant, kid, service)
            #expect(again.entry == nil && again.grants == 0)
            try await service.anonymous { client in
                let none = try await problem { try await client.update(devices[2], to: package) }
                #expect(none.kind == .undecided)
                _ = try await client.attest(devices[2])
            }
        }
        // Also after a restart, until another key is in use.
        let next = try KeyRotation(directory).makeNext(.grant).key
        try await TestVerifier.serve(directory, setup) { service in
            let package = try releases.reference(try releases.release("2.0"))
            try await service.anonymous { client in
                let none = try await problem { try await client.update(devices[2], to: package) }
                #expect(none.kind == .undecided)
            }
            // One version is enough: nobody has to believe the old key until the new one is in use.
            try await service.publish(service.successor { $0.grantKeys = [next.key].compactMap { $0 } }, people)
        }
        #expect(try await KeyRotation(directory).use(.grant) == .used(name: next.name))
        try await TestVerifier.serve(directory, setup) { service in
            let package = try releases.reference(try releases.release("2.0"))
            let grant = try await service.anonymous { try await $0.update(devices[2], to: package) }.grant.found()
            #expect(Grant.keyID(of: grant.grant) == next.name)
        }
    }

    @Test func whatAStolenStationHasBornIsSuspended() async throws {
        var other = try TestFactory("line-2", authority: factory.authority)
        other.others = [factory.listed]
        let honest = other
        try await TestVerifier.with(factory: honest, releases: releases) { service in
            let (mine, theirs, gone) = (
                try SoftwareKeyDevice(serial: "SN-1"), try SoftwareKeyDevice(serial: "SN-2"),
                try SoftwareKeyDevice(serial: "SN-3")
            )
            try await service.importBirth(of: mine, by: factory)
            try await service.importBirth(of: gone, by: factory)
            try await service.importBirth(of: theirs, by: honest)
            try await service.anonymous { client in
                for device in [mine, theirs] { _ = try await client.attest(device) }
            }
            let reason = try remark("sold")
            _ = try await service.operating(as: .operator) { try await $0.act(.retire, on: gone.serial, reason) }
            let before = try await service.store.ledgerHead().size
            #expect(try await report(.station, "line-1", isRehearsal: true, service).instances == 1)
            let done = try await report(.station, "line-1", service)
            #expect(done.instances == 1 && done.key == factory.station.key.id)
            #expect(try await state(mine, service).lifecycle == .suspended)
            #expect(try await state(mine, service).lease == nil)
            #expect(try await state(theirs, service).lifecycle == .trusted)
            #expect(try await state(gone, service).lifecycle == .retired)
            let written = try await entries(service, from: before)
            #expect(written.map(\.body.type) == ["key-compromise", "operator", "lease"])
            #expect(Set(written.compactMap(\.instance)) == [mine.instance])

            let later = try factory.bundle(try SoftwareKeyDevice(serial: "SN-4"))
            let refused = try await problem {
                try await service.operating(as: .factory) { try await $0.importBirths(later) }
            }
            #expect(refused.reasons == [BundleReason.stationCompromised.rawValue])
            try await service.importBirth(of: try SoftwareKeyDevice(serial: "SN-5"), by: honest)
            // Somebody has looked at it.
            let genuine = try remark("sealed, and the log is ours")
            _ = try await service.operating(as: .operator) { try await $0.act(.reinstate, on: mine.serial, genuine) }
            try await service.anonymous { _ = try await $0.attest(mine) }
        }
    }

    @Test func releasesThatOthersHaveSignedAsWellStay() async throws {
        let (home, directory) = try TestVerifier.prepared(factory: factory)
        defer { withExtendedLifetime(home) {} }
        let keys = try SigningKeys(threshold: 1, keys: releases.signers.map(\.key))
        try AtomicFile.write(try EditedJSON.encode(keys), to: directory.file("release-keys.json"))
        try await TestVerifier.serve(directory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            func add(_ version: String, _ signers: [Int]) async throws -> PackageReference {
                let release = try releases.release(version)
                let envelope = try releases.envelope(release, by: signers.map { releases.signers[$0] })
                _ = try await service.operating(as: .releaseManager) { try await $0.addRelease(envelope) }
                return try releases.reference(release)
            }
            let (stolen, other, both) = (
                try await add("2.0", [0]), try await add("3.0", [1]), try await add("4.0", [0, 1])
            )
            _ = try await service.anonymous { try await $0.update(device, to: stolen) }
            let id = releases.signers[0].key.id
            #expect(try await report(.release, id, isRehearsal: true, service).releases == 1)
            #expect(try await report(.release, id, service).releases == 1)
            func standing(_ package: PackageReference) async throws -> ReleaseStanding? {
                try await service.store.release(package.manifest)?.standing
            }
            #expect(try await standing(stolen) == .withdrawn)
            #expect(try await standing(other) == .registered)
            #expect(try await standing(both) == .registered)
            let refused = try await problem { try await add("5.0", [0]) }
            #expect(refused.reasons == ["release-not-signed"])
            _ = try await add("6.0", [0, 1])
            try await service.anonymous { client in
                let gone = try await problem { try await client.update(device, to: stolen) }
                #expect(gone.reasons == ["release-withdrawn"])
                _ = try await client.update(device, to: other)
            }
        }
    }

    /// Before a key goes, others sign what it has signed: that must count where a release is known already.
    @Test func signaturesOfOthersAreTakenOfAReleaseThatIsThere() async throws {
        let (home, directory) = try TestVerifier.prepared(factory: factory)
        defer { withExtendedLifetime(home) {} }
        let keys = try SigningKeys(threshold: 1, keys: releases.signers.map(\.key))
        try AtomicFile.write(try EditedJSON.encode(keys), to: directory.file("release-keys.json"))
        try await TestVerifier.serve(directory) { service in
            let release = try releases.release("2.0")
            let manifest = try releases.reference(release).manifest
            func add(_ envelope: SignedEnvelope) async throws {
                _ = try await service.operating(as: .releaseManager) { try await $0.addRelease(envelope) }
            }
            func kept() async throws -> SignedEnvelope {
                try SignedEnvelope(parsing: try await service.store.release(manifest).found().envelope)
            }
            let first = try releases.envelope(release, by: [releases.signers[0]])
            try await add(first)
            let size = try await service.store.ledgerHead().size
            try await add(try releases.envelope(release, by: [releases.signers[1]]))
            let both = try await kept()
            #expect(both.signatures.map(\.keyid) == releases.signers.map(\.key.id))
            // Nothing is taken away by whoever brings less, and nothing is brought twice.
            try await add(first)
            #expect(try await kept() == both)
            #expect(try await service.store.ledgerHead().size == size)
            #expect(try await report(.release, releases.signers[0].key.id, service).releases == 0)
            #expect(try await service.store.release(manifest)?.standing == .registered)
            // What was reported before does not count instead of it.
            #expect(try await report(.release, releases.signers[1].key.id, service).releases == 1)
            #expect(try await service.store.release(manifest)?.standing == .withdrawn)
        }
    }

    /// What is out there and cannot be ended is said so, and stands on the ledger.
    @Test func ofALedgersKeyThereIsNothingToEnd() async throws {
        try await TestVerifier.with { service in
            let id = service.verifier.materials.checkpointSigner.verifierKey.id.description
            let before = try await service.store.ledgerHead().size
            let done = try await report(.ledger, id, service)
            #expect(done.grants + done.instances + done.releases == 0 && done.entry == before)
            #expect(done.next.contains("key use ledger"))
            guard case .compromise(let body) = try await entries(service, from: before).first.found().body else {
                throw Missing()
            }
            #expect(body.kind == .ledger && body.key == id && body.reason == Remark("laptop stolen, ticket 9"))
        }
    }

    @Test func aKeyThatNobodyKnowsIsNone() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let strange: [(KeyKind, String)] = [
                (.grant, "kid"), (.station, "line-9"), (.witness, "nobody"), (.ledger, "00000000"), (.release, "x"),
            ]
            for (kind, key) in strange {
                let refused = try await problem { try await report(kind, key, service) }
                #expect(refused.kind == .notFound, "\(kind)")
            }
            #expect(try await service.store.compromisedKeys().isEmpty)
        }
    }
}
