import Audit
import Crypto
import Ledger
import Messages
import Testing
import UpdateTrust

/// What an auditor who reads a whole ledger finds alone: cut, forked, rewritten, back-dated.
@Suite struct LedgerAuditorTests {
    private static let start: Int64 = 1_790_000_000
    private let signer: CheckpointSigner
    private let witness: WitnessSigner

    init() throws {
        signer = try CheckpointSigner(origin: "ledger.example", privateKey: Curve25519.Signing.PrivateKey())
        witness = try WitnessSigner(name: "witness.example", privateKey: Curve25519.Signing.PrivateKey())
    }

    private struct Missing: Error {}

    /// Entries that say these times.
    private func entries(at times: [Int64]) throws -> [LogEntry] {
        try times.enumerated().map { number, time in
            guard let name = Label("verifier-1") else { throw Missing() }
            let policy = PolicyEntry(policy: ContentDigest(of: Array("policy \(number)".utf8)))
            let entry = LedgerEntry(at: time, actor: Actor(.verifier, name), body: .policy(policy))
            return try LogEntry(try WrittenEntry(entry).bytes)
        }
    }

    private func entries(_ count: Int) throws -> [LogEntry] {
        try entries(at: (0..<Int64(count)).map { Self.start + 60 * $0 })
    }

    /// A checkpoint over the first entries, cosigned at a time when one is given.
    private func checkpoint(
        _ entries: some Collection<LogEntry>,
        witnessedAt time: Int64? = nil
    ) throws -> VerifiedCheckpoint {
        var frontier = TreeFrontier()
        for entry in entries { _ = frontier.append(entry.leafHash) }
        var signed = try signer.sign(size: frontier.size, root: frontier.root)
        guard let time else { return try signed.verify(logKey: signer.verifierKey).get() }
        try signed.add(witness.cosign(try signed.verify(logKey: signer.verifierKey).get(), time: Int(time)))
        return try signed.verify(logKey: signer.verifierKey, witnesses: [witness.verifierKey], quorum: 1).get()
    }

    private func audit(
        _ entries: [LogEntry],
        offered: VerifiedCheckpoint? = nil,
        kept: VerifiedCheckpoint? = nil,
        witnessed: VerifiedCheckpoint? = nil,
        clockPutBack: Set<Int> = []
    ) throws -> LedgerAuditor {
        var auditor = try LedgerAuditor(
            of: try (offered ?? checkpoint(entries)).checkpoint,
            kept: kept,
            witnessed: witnessed,
            clockPutBack: clockPutBack
        )
        for entry in entries { try auditor.follow(entry) }
        return auditor
    }

    @Test func aSoundLedgerIsFollowed() throws {
        let all = try entries(40)
        let seen = try checkpoint(all.prefix(20), witnessedAt: Self.start + 60 * 20)
        let auditor = try audit(all, kept: seen, witnessed: seen)
        #expect(auditor.size == 40 && auditor.types == ["policy": 40] && auditor.instances == 0)
    }

    @Test func attack71_anAuditorFindsACutLedger() throws {
        let all = try entries(40)
        let seen = try checkpoint(all)
        #expect(throws: LedgerAuditor.Refusal.log(.truncated(seen: 40, offered: 39))) {
            try audit(Array(all.dropLast()), kept: seen)
        }
    }

    @Test func attack71_anAuditorFindsAForkedLedger() throws {
        let all = try entries(40)
        let seen = try checkpoint(all)
        var other = try entries(50)
        other.swapAt(3, 4)
        #expect(throws: LedgerAuditor.Refusal.log(.forked(seen: 40, offered: 50))) { try audit(other, kept: seen) }
    }

    @Test func attack71_anAuditorFindsARewrittenEntry() throws {
        let all = try entries(40)
        var other = all
        other.swapAt(38, 39)
        let offered = try checkpoint(all)
        #expect(throws: LedgerAuditor.Refusal.notSigned) { try audit(other, offered: offered) }
    }

    @Test func attack71_anAuditorFindsABackDatedEntry() throws {
        let late = Self.start + 86_400
        let times = [Self.start, late, Self.start + 60]
        #expect(throws: LedgerAuditor.Refusal.backDated(index: 2, says: Self.start + 60, after: late)) {
            try audit(entries(at: times))
        }
        // Within what clocks may be apart, it is none.
        _ = try audit(entries(at: [Self.start, Self.start + LedgerAuditor.tolerance, Self.start]))
        // Alone by what was kept: all that came after was written after the witness had signed.
        let all = try entries(at: [Self.start, Self.start + 60])
        let seen = try checkpoint(all.prefix(1), witnessedAt: late)
        #expect(throws: LedgerAuditor.Refusal.backDated(index: 1, says: Self.start + 60, after: late)) {
            try audit(all, kept: seen)
        }
    }

    @Test func anEntryOfTheFutureIsFound() throws {
        let all = try entries(at: [Self.start, Self.start + 86_400])
        let seen = try checkpoint(all, witnessedAt: Self.start + 60)
        #expect(
            throws: LedgerAuditor.Refusal.postDated(index: 1, says: Self.start + 86_400, signed: Self.start + 60)
        ) { try audit(all, witnessed: seen) }
    }

    /// A clock that was a day ahead and was put right looks as if somebody wrote history: the operator's word parts them.
    @Test func aClockThatWasPutBackIsNamed() throws {
        let times = [Self.start + 86_400, Self.start, Self.start + 60]
        #expect(throws: LedgerAuditor.Refusal.self) { try audit(entries(at: times)) }
        _ = try audit(entries(at: times), clockPutBack: [1])
        #expect(throws: LedgerAuditor.Refusal.self) { try audit(entries(at: times), clockPutBack: [2]) }
    }
}
