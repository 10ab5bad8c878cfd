import AttestationResults
import Crypto
import Ledger
import Messages
import Testing
import VerifierStore

@testable import UpdateTrust

/// What every store owes of instances without a TPM: every key that was ever committed, and who approved what.
extension StoreConformance {
    static let compensatedCases = [
        StoreConformance("every key of a ratchet is known with its position", ratchetKeys),
        StoreConformance("approvals are kept until they are over", approvals),
        StoreConformance("emergencies are kept until they are over", emergencies),
    ]

    private static func born(_ serial: String) throws -> (CompensatedBirthRecord, BirthImport) {
        let os = try Fixture.label("os")
        let record = CompensatedBirthRecord(
            serial: try Fixture.label(serial),
            model: os,
            hardwareRevision: os,
            environment: os,
            profile: os,
            bornAt: Fixture.now,
            station: os,
            bornWith: BornWith(name: os, version: os, securityVersion: 1),
            key: SoftwareKey(of: P256.Signing.PrivateKey()),
            keyOrigin: .device,
            claims: try HardwareClaims([:]).found()
        )
        let payload = try CanonicalJSON.encode(record)
        let birth = BirthImport(
            birth: StoredBirth(envelope: [1], payload: payload, importedAt: Fixture.now),
            record: ContentDigest(of: payload),
            serial: record.serial,
            endorsementKey: record.key.bytes,
            transition: try .birth(of: record, payload: ContentDigest(of: payload), at: Fixture.now, by: os),
            log: nil
        )
        return (record, birth)
    }

    private static func ratchetKeys(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let (record, birth) = try born("SN-1")
        let (other, otherBirth) = try born("SN-2")
        _ = try await store.commit([.birth(birth), .birth(otherBirth)], sealer: key.sealer)
        var state = birth.transition.state
        var keys = [record.key]
        for _ in 1...3 {
            let next = SoftwareKey(of: P256.Signing.PrivateKey())
            keys.append(next)
            var draft = TransitionDraft(of: state, at: Fixture.now, actor: Actor(.verifier, try Fixture.label("test")))
            draft.state.ratchet = draft.state.ratchet?.committing(next)
            let transition = draft.finished
            let change = StoreChange.act(transition, replacing: state.version)
            #expect(
                try await store.commit([change], sealer: key.sealer).outcomes.first.map {
                    "\($0)".contains("committed")
                } == true
            )
            state = transition.state
        }
        let stranger = SoftwareKey(of: P256.Signing.PrivateKey())
        let positions = try await store.ratchetPositions(of: keys + [stranger, other.key], record.instance)
        #expect(positions == Dictionary(uniqueKeysWithValues: zip(keys, Int64(0)...)))
        #expect(try await store.ratchetPositions(of: [other.key], other.instance) == [other.key: 0])
    }

    private static func approvals(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try await prepared(store, key).manifest
        func approval(of release: ContentDigest, by name: String, until: Int64) throws -> (Approval, WrittenEntry) {
            let approval = try Approval(
                release: release,
                instance: nil,
                environment: try Fixture.label("lab"),
                by: try Fixture.label(name),
                role: .operator,
                reason: try Remark("change").found(),
                until: until
            ).found()
            let entry = LedgerEntry(
                at: Fixture.now,
                actor: Actor(.operator, try Fixture.label(name)),
                body: .approval(approval)
            )
            return (approval, try WrittenEntry(entry))
        }
        let (ann, annEntry) = try approval(of: release, by: "ann", until: Fixture.now + 10)
        let (bob, bobEntry) = try approval(of: release, by: "bob", until: Fixture.now + 20)
        let (lost, lostEntry) = try approval(of: ContentDigest(of: [9]), by: "ann", until: Fixture.now + 10)
        let outcomes = try await store.commit(
            [
                .approval(ann, entry: annEntry), .approval(lost, entry: lostEntry), .approval(bob, entry: bobEntry),
                .approval(ann, entry: annEntry),
            ],
            sealer: key.sealer
        ).outcomes
        #expect(outcomes[1] == .conflict(.missing) && outcomes[3] == .known)
        let both = [RecordedApproval(ann, entry: annEntry.digest), RecordedApproval(bob, entry: bobEntry.digest)]
        #expect(try await store.approvals(of: release, at: Fixture.now) == both)
        #expect(try await store.approvals(of: release, at: Fixture.now + 10) == [both[1]])
        #expect(try await store.approvals(of: release, at: Fixture.now + 20) == [])
        #expect(try await store.approvals(of: ContentDigest(of: [9]), at: Fixture.now) == [])
    }

    private static func emergencies(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let release = try await prepared(store, key).manifest
        func declared(
            _ release: ContentDigest,
            by name: String,
            hours: Int
        ) throws -> (Emergency, WrittenEntry) {
            let order = EmergencyOrder(release: release, overrides: [.window], hours: hours, reason: "incident 7")
            let by = try Fixture.label(name)
            let emergency = try Emergency(try order.found(), by: by, at: Fixture.now).found()
            let entry = LedgerEntry(at: Fixture.now, actor: Actor(.operator, by), body: .emergency(emergency))
            return (emergency, try WrittenEntry(entry))
        }
        let (ann, annEntry) = try declared(release, by: "ann", hours: 1)
        let (bob, bobEntry) = try declared(release, by: "bob", hours: 2)
        let (lost, lostEntry) = try declared(ContentDigest(of: [9]), by: "ann", hours: 1)
        let outcomes = try await store.commit(
            [
                .emergency(ann, entry: annEntry), .emergency(lost, entry: lostEntry), .emergency(bob, entry: bobEntry),
                .emergency(ann, entry: annEntry),
            ],
            sealer: key.sealer
        ).outcomes
        #expect(outcomes[1] == .conflict(.missing) && outcomes[3] == .known)
        let both = [RecordedEmergency(ann, entry: annEntry.digest), RecordedEmergency(bob, entry: bobEntry.digest)]
        #expect(try await store.emergencies(of: release, at: Fixture.now) == both)
        #expect(try await store.emergencies(of: nil, at: Fixture.now) == both)
        #expect(try await store.emergencies(of: nil, at: Fixture.now + 3600) == [both[1]])
        #expect(try await store.emergencies(of: nil, at: Fixture.now + 7200) == [])
        #expect(try await store.emergencies(of: ContentDigest(of: [9]), at: Fixture.now) == [])
        let about = try await store.ledgerEntries(about: .release(release), from: 0, limit: 10).map(\.entry.bytes)
        #expect(about.contains(annEntry.bytes) && about.contains(bobEntry.bytes))
    }
}
