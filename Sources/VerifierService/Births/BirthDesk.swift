import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

extension Verifier {
    /// `POST /v1/births`: takes over each birth of a bundle exactly once; the same bundle again changes nothing.
    func importBirths(_ exchange: Exchange) async throws -> Answer {
        guard let keys = materials.birthKeys, let factories = materials.factories else {
            throw ServiceProblem.conflict(
                """
                This verifier knows no factory yet: give its keys and certificates with birthmark-verifier init \
                --birth-keys and --factory-roots.
                """
            )
        }
        let bundle: BirthBundle
        do {
            bundle = try BirthBundle(parsing: exchange.body)
        } catch { throw ServiceProblem.malformed(error.detail) }
        let judge = BirthJudge(
            keys: keys,
            factories: factories,
            endorsement: materials.endorsement,
            allowed: materials.ekAllowList
        )
        let logs = try Self.logs(of: bundle)
        let imports = bundle.births.map { envelope in
            Result { try self.birth(envelope, judge, logs) }
        }
        // All at once, so that they share transactions; outcomes keep the bundle's order.
        let outcomes = try await withThrowingTaskGroup(of: (Int, BirthOutcome).self) { group in
            for (index, judged) in imports.enumerated() {
                group.addTask { (index, try await self.outcome(of: judged)) }
            }
            var outcomes: [Int: BirthOutcome] = [:]
            for try await (index, outcome) in group { outcomes[index] = outcome }
            return outcomes.sorted { $0.key < $1.key }.map(\.value)
        }
        for outcome in outcomes { metrics.count(.births, outcome.outcome.rawValue) }
        return try .json(BirthsAnswer(births: outcomes))
    }

    private static func logs(of bundle: BirthBundle) throws -> [ContentDigest: [UInt8]] {
        var logs: [ContentDigest: [UInt8]] = [:]
        for log in bundle.logs {
            guard log.bytes.count <= Evidence.maximumLogSize else {
                throw ServiceProblem.malformed("a log of \(log.bytes.count) bytes")
            }
            logs[ContentDigest(of: log.bytes)] = log.bytes
        }
        return logs
    }

    private func birth(
        _ envelope: SignedEnvelope,
        _ judge: BirthJudge,
        _ logs: [ContentDigest: [UInt8]]
    ) throws -> BirthImport {
        let judged = try judge.judge(envelope, logs: logs)
        let record = ContentDigest(of: judged.payload)
        let now = clock.seconds
        return BirthImport(
            birth: StoredBirth(
                envelope: try CanonicalJSON.encode(envelope),
                payload: judged.payload,
                importedAt: now
            ),
            record: record,
            serial: judged.record.serial,
            endorsementKey: judged.record.ek.name.bytes,
            transition: try .birth(of: judged.record, payload: record, at: now, by: materials.configuration.name),
            log: judged.record.firstBoot.log.flatMap { logs[$0] }.map { StoredLog($0) }
        )
    }

    private func outcome(of judged: Result<BirthImport, any Error>) async throws -> BirthOutcome {
        let birth: BirthImport
        do {
            birth = try judged.get()
        } catch let refused as BirthJudge.Refused {
            logger.warning(
                "birth refused",
                metadata: [
                    "instance": "\(refused.record?.instance.text ?? "")",
                    "serial": "\(refused.record?.serial.text ?? "")",
                    "why": "\(refused.detail)",
                ]
            )
            return BirthOutcome(
                .refused,
                instance: refused.record?.instance,
                serial: refused.record?.serial,
                detail: refused.detail
            )
        }
        let instance = birth.transition.state.instance
        func outcome(_ outcome: BirthOutcome.Outcome, _ detail: String? = nil) -> BirthOutcome {
            BirthOutcome(outcome, instance: instance, serial: birth.serial, detail: detail)
        }
        switch try await committer.commit(.birth(birth)).outcome {
        case .committed: return outcome(.imported)
        case .known: return outcome(.known)
        case .conflict(.serial(let other)):
            return outcome(.refused, "the serial number belongs to instance \(other) already")
        case .conflict(.endorsementKey(let other)):
            return outcome(.refused, "the endorsement key, so the TPM, belongs to instance \(other) already")
        case .conflict: return outcome(.refused, "this instance was born with another record")
        case .stale, .challengeUsed: throw ServiceProblem.undecided("the record refused a birth")
        }
    }
}
