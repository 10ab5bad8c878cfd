import FoundationEssentials
import GRDB
import Ledger
import Messages
import Synchronization
import UpdateTrust
public import VerifierStore

extension SQLiteStore {
    public func commit(_ changes: [StoreChange], sealer: LedgerSealer) async throws(StoreError) -> CommitReceipt {
        do {
            let (receipt, tail) = try await pool.write { db in
                try self.commit(changes, sealer: sealer, db)
            }
            self.tail.withLock { $0 = tail }
            memory.committed(changes, receipt, size: tail.size)
            checkpoints.noteCommit()
            return receipt
        } catch {
            // Whether it was committed is unknown: the next commit reads the tail from what is stored.
            tail.withLock { $0 = nil }
            memory.forget()
            throw StoreError(sqlite: error)
        }
    }

    private func commit(
        _ changes: [StoreChange],
        sealer: LedgerSealer,
        _ db: Database
    ) throws -> (CommitReceipt, LedgerTail) {
        let tail = try currentTail(db)
        var entries: [WrittenEntry] = []
        var outcomes: [StoreOutcome] = []
        var halted: [RolloutChange] = []
        var ground = DecisionGround()
        for change in changes {
            var written = change.entries
            if let obstacle = try apply(change, at: tail.size + entries.count, &written, &ground, db) {
                outcomes.append(obstacle)
            } else {
                outcomes.append(.committed(at: tail.size + entries.count))
                entries += written
                let halts = try Rollouts.halt(after: written, at: tail.size + entries.count, db)
                entries += halts.map(\.entry)
                halted += halts
                if !halts.isEmpty { ground = DecisionGround() }
            }
            // Whatever else is done may change what decisions are held against.
            if !change.isDecision { ground = DecisionGround() }
        }
        guard !entries.isEmpty else { return (CommitReceipt(outcomes: outcomes, ledger: nil), tail) }
        let sealed = try sealer.seal(tail, appending: entries)
        try append(entries, sealed, db)
        return (CommitReceipt(outcomes: outcomes, ledger: sealed, halted: halted), try sealed.tail)
    }

    private func currentTail(_ db: Database) throws -> LedgerTail {
        let size = try Int.fetchOne(db.cachedStatement(sql: "SELECT size FROM ledger_head")) ?? 0
        if let tail = tail.withLock({ $0 }), tail.size == size { return tail }
        return try LedgerTail(size: size) { level, index in
            try LedgerNodes.hash(at: NodePlace(level: level, index: index), db)
        }
    }

    private func append(_ entries: [WrittenEntry], _ sealed: SealedLedger, _ db: Database) throws {
        let entry = try db.cachedStatement(sql: "INSERT INTO ledger_entry (number, bytes) VALUES (?, ?)")
        for (offset, written) in entries.enumerated() {
            try entry.execute(arguments: [sealed.firstIndex + offset, Data(written.bytes)])
            try LedgerSubjects.insert(written.entry, at: sealed.firstIndex + offset, db)
        }
        try LedgerNodes.insert(sealed.nodes, db)
        try db.cachedStatement(sql: "UPDATE ledger_head SET size = ?, checkpoint = ?")
            .execute(arguments: [sealed.size, Data(sealed.checkpoint.bytes)])
    }

    /// Carries out a change, or says what stands against it and leaves everything as it was.
    /// - Parameters:
    ///   - index: where its entries will stand on the ledger.
    ///   - written: its entries; those are added that only the record could say.
    ///   - ground: what a decision is held against.
    private func apply(
        _ change: StoreChange,
        at index: Int,
        _ written: inout [WrittenEntry],
        _ ground: inout DecisionGround,
        _ db: Database
    ) throws -> StoreOutcome? {
        switch change {
        case .bundle(let bundle): try apply(bundle, db)
        case .bundleFinished(let station, let number): try finish(bundle: number, of: station, db)
        case .birth(let birth): try apply(birth, db)
        case .restoration(let restoration, let transition, let version):
            try apply(restoration, transition, version, db)
        case .decision(let decision): try apply(decision, at: index, &ground, db)
        case .act(let transition, let version): try replace(transition, version, db)
        case .lapse(let transition, let version, let standings):
            // A withdrawal that came between is not taken in, and must not be forgotten.
            try stand(standings, db) ? replace(transition, version, isSettled: true, db) : .stale
        case .release(let release, let reported, _): try apply(release, without: reported, db)
        case .signatures(let manifest, let envelope, let replaced, let reported):
            try replace(replaced, by: envelope, of: manifest, without: reported, db)
        case .log(let log): try apply(log, db)
        case .withdrawal(let manifest, let withdrawal, _): try apply(withdrawal, of: manifest, db)
        case .rollout(let change): try Rollouts.apply(change, at: index, db)
        case .approval(let approval, let entry): try apply(approval, entry, db)
        case .emergency(let emergency, let entry): try Emergencies.apply(emergency, entry, db)
        case .trust(let trust, _): try TrustVersions.apply(trust, db)
        case .compromise(let compromise): try apply(compromise, &written, db)
        case .policy(let policy, let entry): try apply(policy, entry, db)
        case .shedding(let entries, _): try Archive.shed(entries, db)
        case .recovery: nil
        case .signed(let change, let act): try apply(change, signedAs: act, at: index, &written, &ground, db)
        }
    }

    /// The statement stays only when the change does.
    private func apply(
        _ change: StoreChange,
        signedAs act: StoredAct,
        at index: Int,
        _ written: inout [WrittenEntry],
        _ ground: inout DecisionGround,
        _ db: Database
    ) throws -> StoreOutcome? {
        guard try !Acts.isUsed(act, db) else { return .challengeUsed }
        if let obstacle = try apply(change, at: index, &written, &ground, db) { return obstacle }
        try Acts.insert(act, db)
        return nil
    }

    private func apply(
        _ decision: DecisionChange,
        at index: Int,
        _ ground: inout DecisionGround,
        _ db: Database
    ) throws -> StoreOutcome? {
        guard try ground.policy(db) == Data(decision.policy.bytes) else { return .stale }
        guard try ground.stands(decision.standings, db) else { return .stale }
        if let grant = decision.grant {
            guard try ground.revision(of: grant.manifest, db) == decision.rollout else { return .stale }
            // It was signed when nobody had reported its key yet.
            guard try !ground.isReported(grant.kid, db) else { return .stale }
        }
        if let gateway = decision.gateway, try !Standings.holds(gateway, db) { return .stale }
        let used = try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM challenge_used WHERE nonce = ?)"),
            arguments: [Data(decision.challenge)]
        )
        guard used == false else { return .challengeUsed }
        if let obstacle = try replace(decision.transition, decision.replacing, isSettled: true, db) { return obstacle }
        try db.cachedStatement(sql: "INSERT INTO challenge_used (nonce, expires) VALUES (?, ?)")
            .execute(arguments: [Data(decision.challenge), decision.challengeExpires])
        if let grant = decision.grant {
            let entry = decision.transition.entries.lastIndex { $0.entry.body.isGrant }
            try Updates.insert(
                grant,
                of: decision.transition.state.instance,
                entry: entry.map { index + $0 },
                db
            )
        }
        if let log = decision.log { try keep(log, db) }
        if let basis = decision.basis {
            try Archive.insert(basis, of: decision.transition.entries.count, at: index, db)
        }
        if let list = decision.list { try Archive.keep(list, db) }
        return nil
    }

    private func stand(_ standings: ReleaseStandings, _ db: Database) throws -> Bool {
        try standings.allSatisfy { try Self.standing(of: $0.key, db) == $0.value }
    }

    /// Replaces a state that is still of the version that was read.
    /// - Parameter isSettled: whether it takes in what time, withdrawals and the ends of gateways have done so far.
    func replace(
        _ transition: Transition,
        _ version: Int64,
        isSettled: Bool = false,
        _ db: Database
    ) throws -> StoreOutcome? {
        let state = transition.state
        // The end of a gateway that came between is not taken in either, and must not be forgotten.
        if isSettled, let gateway = state.lease?.under, try !Standings.isTrusted(gateway, db) { return .stale }
        try db.cachedStatement(sql: "UPDATE state SET version = ?, body = ? WHERE instance = ? AND version = ?")
            .execute(
                arguments: [state.version, Data(try CanonicalJSON.encode(state)), state.instance.text, version])
        guard db.changesCount == 1 else { return .stale }
        try Standings.update(state, isSettled: isSettled, db)
        try RatchetKeys.note(state, db)
        try Updates.note(transition.entries, db)
        return nil
    }

    private func apply(
        _ release: StoredRelease,
        without reported: Set<String>,
        _ db: Database
    ) throws -> StoreOutcome? {
        guard try Self.standing(of: release.manifest, db) == nil else { return .known }
        // Whom it was judged by may have been reported since.
        guard try Compromises.names(.release, db).isSubset(of: reported) else { return .stale }
        try db.execute(
            sql: "INSERT INTO release (manifest, envelope, payload, added_at, added_by) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                Data(release.manifest.bytes), Data(release.envelope), Data(release.payload), release.addedAt,
                release.addedBy.text,
            ]
        )
        return nil
    }

    private func replace(
        _ envelope: [UInt8],
        by fuller: [UInt8],
        of manifest: ContentDigest,
        without reported: Set<String>,
        _ db: Database
    ) throws -> StoreOutcome? {
        guard try Compromises.names(.release, db).isSubset(of: reported) else { return .stale }
        try db.execute(
            sql: "UPDATE release SET envelope = ? WHERE manifest = ? AND envelope = ?",
            arguments: [Data(fuller), Data(manifest.bytes), Data(envelope)]
        )
        return db.changesCount == 1 ? nil : .stale
    }

    func apply(
        _ withdrawal: StoredRelease.Withdrawal,
        of manifest: ContentDigest,
        _ db: Database
    ) throws -> StoreOutcome? {
        switch try Self.standing(of: manifest, db) {
        case nil: return .conflict(.missing)
        case .recalled: return .conflict(.withdrawn)
        // What was withdrawn can be recalled still.
        case .withdrawn where !withdrawal.isRecall: return .conflict(.withdrawn)
        case .withdrawn, .registered: break
        }
        try db.execute(
            sql: """
                UPDATE release SET withdrawn_at = ?, withdrawn_by = ?, withdrawn_because = ?, is_recalled = ?
                WHERE manifest = ?
                """,
            arguments: [
                withdrawal.at, withdrawal.by.text, withdrawal.reason, withdrawal.isRecall, Data(manifest.bytes),
            ]
        )
        try Standings.makeDue(withdrawal.isRecall ? .recalled : .withdrawn, manifest, db)
        return nil
    }

    private func apply(_ policy: StoredPolicy, _ entry: WrittenEntry, _ db: Database) throws -> StoreOutcome? {
        let current = try Data.fetchOne(db, sql: "SELECT digest FROM policy ORDER BY number DESC LIMIT 1")
        guard current != Data(policy.digest.bytes) else { return .known }
        if case .policy(let body) = entry.entry.body, let replaced = body.replaces {
            guard current == Data(replaced.bytes) else { return .stale }
        }
        try db.execute(
            sql: "INSERT INTO policy (digest, bytes) VALUES (?, ?)",
            arguments: [Data(policy.digest.bytes), Data(policy.bytes)]
        )
        return nil
    }

    private func apply(_ log: StoredLog, _ db: Database) throws -> StoreOutcome? {
        try keep(log, db)
        return db.changesCount == 0 ? .known : nil
    }

    func keep(_ log: StoredLog, _ db: Database) throws {
        try db.cachedStatement(sql: "INSERT OR IGNORE INTO event_log (digest, bytes) VALUES (?, ?)")
            .execute(arguments: [Data(log.digest.bytes), Data(log.bytes)])
    }

    public func keep(witnessed checkpoint: [UInt8]) async throws(StoreError) {
        do {
            try await pool.write { db in
                try db.execute(
                    sql: "INSERT OR REPLACE INTO ledger_witnessed (id, checkpoint) VALUES (1, ?)",
                    arguments: [Data(checkpoint)]
                )
            }
        } catch { throw StoreError(sqlite: error) }
    }

    public func forgetChallenges(expiredBefore time: Int64) async throws(StoreError) {
        do {
            try await pool.write { db in
                try db.execute(sql: "DELETE FROM challenge_used WHERE expires < ?", arguments: [time])
            }
        } catch { throw StoreError(sqlite: error) }
    }
}

extension StoreChange {
    /// Whether it is a decision, by whoever's hand it came.
    fileprivate var isDecision: Bool {
        switch self {
        case .decision: true
        case .signed(let change, _): change.isDecision
        default: false
        }
    }
}
