import BirthJudgement
import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

extension Verifier {
    /// `POST /v1/births`: takes over each birth of a bundle exactly once; the same bundle again changes nothing.
    ///
    /// What is wrong with the bundle or a claim in it refuses it whole, before anything is written; only what is on record already can stand
    /// against single births. Then the bundle is noted, each birth committed, and the bundle noted as finished: a crash in between leaves
    /// whole births, and a bundle that is told as unfinished until it is brought again.
    func importBirths(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let trust = trust.now
        guard let stations = trust.birthKeys, let factories = trust.factories else {
            throw ServiceProblem.conflict(
                """
                This verifier knows no factory yet: give its keys and certificates with birthmark-verifier init \
                --birth-keys and --factory-roots.
                """
            )
        }
        let bundle = try exchange.message(BirthBundle.init(parsing:))
        let judge = BundleJudge(
            stations: stations,
            factories: factories,
            endorsement: trust.endorsement,
            allowed: trust.ekAllowList,
            compromised: compromised.names(.station)
        )
        let judged: BundleJudge.Judged
        do {
            judged = try judge.judge(bundle, at: clock.seconds)
            try await note(judged, acting)
        } catch let refused as BundleJudge.Refused { throw refusal(of: bundle, refused) }
        let outcomes = try await takeOver(judged)
        let restored = try await takeOver(judged.restorations)
        let list = judged.list
        _ = try await committer.commit(.bundleFinished(station: list.station, number: list.number))
        for outcome in outcomes { metrics.count(.births, outcome.outcome.rawValue) }
        let sequence = try await store.sequences().first { $0.station == list.station }
        return try .json(
            BirthsAnswer(
                station: list.station,
                bundle: list.number,
                births: outcomes,
                restorations: restored,
                missing: sequence?.missing ?? []
            )
        )
    }

    /// `GET /v1/births/stations`: what came of each station, and what did not.
    func listStations(_ exchange: Exchange) async throws -> Answer {
        let sequences = try await store.sequences()
        let keys = trust.now.birthKeys?.stations ?? []
        let names = Set(sequences.map(\.station) + keys.map(\.name)).sorted()
        let reports = names.map { name in
            let key = keys.first { $0.name == name }
            let sequence = sequences.first { $0.station == name }
            return StationReport(
                station: name,
                from: key?.from,
                until: key?.until,
                bundles: sequence?.bundles ?? 0,
                latest: sequence?.latest ?? 0,
                missing: sequence?.missing ?? [],
                unfinished: sequence?.unfinished ?? []
            )
        }
        return try .json(StationList(stations: reports))
    }

    /// Notes which bundle has this number, so that no second one is begun under it.
    private func note(_ judged: BundleJudge.Judged, _ acting: Acting) async throws {
        let list = judged.list
        let noted = StoredBundle(
            station: list.station,
            number: list.number,
            digest: judged.digest,
            importedAt: clock.seconds
        )
        guard case .conflict = try await commit(.bundle(noted), acting) else { return }
        throw BundleJudge.Refused(
            .numberTaken,
            """
            another bundle \(list.number) of \(list.station) came before; perhaps the station was restored from an old \
            backup, or made anew under its name
            """
        )
    }

    private func refusal(of bundle: BirthBundle, _ refused: BundleJudge.Refused) -> ServiceProblem {
        logger.warning(
            "bundle refused",
            metadata: ["reason": "\(refused.reason.rawValue)", "why": "\(refused.detail)"]
        )
        metrics.count(.births, BirthOutcome.Outcome.refused.rawValue, by: Double(bundle.births.count))
        return ServiceProblem.refused(
            "The bundle is refused whole, nothing of it was taken over: \(refused.detail)",
            reasons: [refused.reason.rawValue]
        )
    }

    private func takeOver(_ judged: BundleJudge.Judged) async throws -> [BirthOutcome] {
        // All at once, so that they share transactions; outcomes keep the bundle's order.
        var outcomes = try await withThrowingTaskGroup(of: (Int, BirthOutcome).self) { group in
            for (index, birth) in judged.births.enumerated() where birth.replaces == nil {
                group.addTask { (index, try await self.takeOver(birth, judged.logs)) }
            }
            var outcomes: [Int: BirthOutcome] = [:]
            for try await (index, outcome) in group { outcomes[index] = outcome }
            return outcomes
        }
        // What they replace may have come with them; a board can be swapped twice.
        for (index, birth) in judged.births.enumerated() where birth.replaces != nil {
            outcomes[index] = try await takeOver(birth, judged.logs)
        }
        return outcomes.sorted { $0.key < $1.key }.map(\.value)
    }

    private func takeOver(
        _ judged: JudgedBirth,
        _ logs: [ContentDigest: [UInt8]]
    ) async throws -> BirthOutcome {
        let record = judged.birth.facts
        func outcome(_ outcome: BirthOutcome.Outcome, _ detail: String? = nil) -> BirthOutcome {
            BirthOutcome(outcome, instance: record.instance, serial: record.serial, detail: detail)
        }
        // A device that asks at this moment moves the record of the instance that is retired.
        for _ in 0..<5 {
            let former: BirthImport.EarlierLife?
            switch try await formerLife(of: judged.birth, ContentDigest(of: judged.payload)) {
            case .none: former = nil
            case .change(let change): former = change
            case .obstacle(let why): return outcome(.refused, why)
            }
            var birth = try await self.birth(judged, logs)
            birth.succession = former
            if let replaced = record.replaces, birth.retirement == nil {
                return outcome(
                    .refused,
                    """
                    it replaces instance \(replaced), which \(record.station) did not bear as \(record.serial) as far as is on record: \
                    if its bundle has not arrived, import that one first, then this one again
                    """
                )
            }
            switch try await committer.commit(.birth(birth)).outcome {
            case .committed: return outcome(.imported)
            case .known: return outcome(.known)
            // A large bundle takes its time; what was reported meanwhile counts.
            case .conflict(.compromised): return outcome(.refused, "the station's key was reported compromised")
            case .conflict(.serial(let other)):
                return outcome(.refused, "the serial number belongs to instance \(other) already")
            case .conflict(.endorsementKey(let other)):
                return outcome(.refused, try await obstacle(of: other))
            case .conflict(.missing) where record.follows != nil:
                return outcome(.refused, "the endorsement key is not that of the instance that it follows")
            case .conflict(.instance) where record.takesOver != nil:
                return outcome(.refused, try await obstacle(toTakingOver: record.instance))
            case .conflict: return outcome(.refused, "this instance was born with another record")
            case .stale: metrics.count(.staleCommits)
            case .challengeUsed: throw ServiceProblem.undecided("the record refused a birth")
            }
        }
        throw ServiceProblem.busy("the record of a replaced instance kept moving")
    }

    private func birth(_ judged: JudgedBirth, _ logs: [ContentDigest: [UInt8]]) async throws -> BirthImport {
        let payload = ContentDigest(of: judged.payload)
        let now = clock.seconds
        return BirthImport(
            birth: StoredBirth(
                envelope: try CanonicalJSON.encode(judged.envelope),
                payload: judged.payload,
                importedAt: now
            ),
            record: payload,
            serial: judged.birth.facts.serial,
            endorsementKey: judged.root,
            transition: try .birth(of: judged.birth, payload: payload, at: now, by: materials.configuration.name),
            log: judged.log.flatMap { logs[$0] }.map { StoredLog($0) },
            retirement: try await retirement(by: judged, payload, at: now)
        )
    }

    /// The end of the instance that a birth replaces: nil unless that one is on record, of the same station and serial number.
    ///
    /// A station ends only what it bore itself, so that a thief of its key cannot retire the fleet of another.
    private func retirement(
        by judged: JudgedBirth,
        _ payload: ContentDigest,
        at now: Int64
    ) async throws -> BirthImport.EarlierLife? {
        let facts = judged.birth.facts
        guard let replacement = judged.replaces, let birth = try await store.birth(of: replacement.instance),
            let state = try await store.snapshot(of: replacement.instance, release: nil)?.state
        else { return nil }
        let first = try InstanceBirth(parsing: birth.payload).facts
        guard first.station == facts.station, try birth.isSigned(as: judged.envelope), first.serial == facts.serial,
            let transition = try Transition.retirement(
                of: state,
                replacedBy: facts,
                replacement,
                payload: payload,
                at: now
            )
        else { return nil }
        return BirthImport.EarlierLife(transition: transition, replacing: state.version)
    }
}

extension StoredBirth {
    /// Whether the key that has signed a statement bore this instance, too: a name may be another station's by now.
    func isSigned(as statement: SignedEnvelope) throws(MessageError) -> Bool {
        try SignedEnvelope(parsing: envelope).signatures.map(\.keyid) == statement.signatures.map(\.keyid)
    }
}
