import Crypto
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierStore

/// What every store owes of keys: versions that follow one another, and the end of what hangs on one.
extension StoreConformance {
    static let keyCases = [
        StoreConformance("trust bundles follow one another, and are kept", trustVersions),
        StoreConformance("a key is reported once, and nothing hangs on it later", compromise),
        StoreConformance("a birth that cannot be read may hang on any station's key", compromiseOfTheUnread),
        StoreConformance("a release that hangs on a key is withdrawn with it", compromiseOfMakers),
    ]

    private static func trust(_ version: Int64, _ text: String = "") throws -> StoreChange {
        let stored = StoredTrust(
            version: version,
            digest: ContentDigest(of: Array("bundle \(version) \(text)".utf8)),
            envelope: Array("envelope \(version) \(text)".utf8),
            publishedAt: Fixture.now,
            publishedBy: try Fixture.label("alice")
        )
        return .trust(stored, entry: try Fixture.entry("trust \(version) \(text)"))
    }

    private static func trustVersions(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        #expect(try await store.newestTrust() == nil)
        let outcomes = try await store.commit(
            [trust(1), trust(3), trust(2), trust(2), trust(2, "another"), trust(4), trust(3)],
            sealer: key.sealer
        ).outcomes
        #expect(outcomes == [.stale, .stale, .committed(at: 0), .known, .stale, .stale, .committed(at: 1)])
        #expect(try await store.newestTrust()?.version == 3)
        #expect(try await store.trust(2)?.envelope == Array("envelope 2 ".utf8), "for those who were away")
        #expect(try await store.trust(1) == nil)
        #expect(try await store.trust(4) == nil)
    }

    private static func compromise(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let stolen = NamedKey(.station, String(repeating: "ab", count: 32))
        let theft = KeyCompromise(
            stolen,
            by: try Fixture.label("alice"),
            reason: try Remark("laptop stolen").found(),
            at: Fixture.now
        )
        func birth(_ number: Int, _ signer: String) throws -> BirthImport {
            var birth = try Fixture.birth(try Fixture.record(number))
            birth.birth.envelope = Array(
                #"{"payload":"AA==","payloadType":"birth","signatures":[{"keyid":"\#(signer)","sig":"AA=="}]}"#.utf8
            )
            return birth
        }
        let (theirs, mine) = (try birth(1, stolen.name), try birth(2, String(repeating: "cd", count: 32)))
        _ = try await store.commit([.birth(theirs), .birth(mine)], sealer: key.sealer)
        #expect(try await store.extent(of: theft).instances == 1)
        let both = try await store.commit([.compromise(theft), .compromise(theft)], sealer: key.sealer)
        #expect(both.outcomes == [.committed(at: 2), .known])
        // What speaks for it, and the suspension: it had no lease.
        #expect(both.ledger?.size == 4)
        func lifecycle(_ birth: BirthImport) async throws -> Lifecycle? {
            try await store.snapshot(of: birth.transition.state.instance, release: nil)?.state.lifecycle
        }
        #expect(try await lifecycle(theirs) == .suspended)
        #expect(try await lifecycle(mine) == .born)
        #expect(try await store.compromisedKeys() == [stolen])
        #expect(try await store.extent(of: theft) == CompromiseExtent())

        let entry = try await store.ledgerEntries(2..<3).first.found()
        guard case .compromise(let body) = try LedgerEntry(parsing: entry.bytes).body else { throw Missing() }
        #expect(body.instances == 1 && body.key == stolen.name)

        // Whatever was judged before, nothing of this station's is taken over any more.
        let late = try birth(3, stolen.name)
        let again = try await store.commit([.birth(late), .compromise(theft), .birth(theirs)], sealer: key.sealer)
        #expect(again.outcomes == [.conflict(.compromised), .known, .known] && again.ledger == nil)
        #expect(try await lifecycle(late) == nil)
    }

    private static func compromiseOfTheUnread(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let theft = KeyCompromise(
            NamedKey(.station, String(repeating: "ab", count: 32)),
            by: try Fixture.label("alice"),
            reason: try Remark("laptop stolen").found(),
            at: Fixture.now
        )
        // What these came in is no JSON.
        let (early, late) = (try Fixture.birth(try Fixture.record(1)), try Fixture.birth(try Fixture.record(2)))
        _ = try await store.commit([.birth(early)], sealer: key.sealer)
        #expect(try await store.extent(of: theft).instances == 1)
        _ = try await store.commit([.compromise(theft)], sealer: key.sealer)
        let suspended = try await store.snapshot(of: early.transition.state.instance, release: nil)
        #expect(suspended?.state.lifecycle == .suspended)
        await #expect(throws: StoreError.self) { _ = try await store.commit([.birth(late)], sealer: key.sealer) }
        let refused = try await store.snapshot(of: late.transition.state.instance, release: nil)
        #expect(refused == nil)
    }

    private static func compromiseOfMakers(_ store: any VerifierStore, _ key: LedgerKey) async throws {
        let makers = (0..<2).map { _ in StatementSigner.ed25519(Curve25519.Signing.PrivateKey()) }
        func release(_ number: UInt8, by signers: [Int]) throws -> StoredRelease {
            let envelope = try SignedEnvelope(
                payload: [number],
                payloadType: Release.payloadType,
                signers: signers.map { makers[$0] }
            )
            return StoredRelease(
                manifest: ContentDigest(of: [number]),
                envelope: try CanonicalJSON.encode(envelope),
                payload: [number],
                addedAt: Fixture.now,
                addedBy: try Fixture.label("rita")
            )
        }
        let (alone, both) = (try release(1, by: [0]), try release(2, by: [0, 1]))
        _ = try await store.commit(
            [
                .release(alone, entry: try Fixture.entry("1")), .release(both, entry: try Fixture.entry("2")),
            ],
            sealer: key.sealer
        )
        let theft = KeyCompromise(
            NamedKey(.release, makers[0].key.id),
            by: try Fixture.label("alice"),
            reason: try Remark("found in a paste").found(),
            at: Fixture.now,
            releaseKeys: try SigningKeys(threshold: 1, keys: makers.map(\.key))
        )
        let receipt = try await store.commit([.compromise(theft)], sealer: key.sealer)
        #expect(receipt.outcomes == [.committed(at: 2)] && receipt.ledger?.size == 4)
        let withdrawal = try await store.release(alone.manifest).found().withdrawal
        let alice = try Fixture.label("alice")
        #expect(withdrawal?.by == alice && withdrawal?.isRecall == false)
        #expect(try await store.release(both.manifest).found().standing == .registered)
        let about = try await store.ledgerEntries(about: .release(alone.manifest), from: 0, limit: 10)
        #expect(about.count == 1, "the withdrawal is found by its release")

        let late = try release(3, by: [0, 1])
        let entry = try Fixture.entry("3")
        let judged = try await store.commit(
            [.release(late, entry: entry), .release(late, without: [makers[0].key.id], entry: entry)],
            sealer: key.sealer
        )
        #expect(judged.outcomes == [.stale, .committed(at: 4)])
    }
}
