import Appraisal
import AttestationResults
import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// What operators see of a boot that was refused, and how they let it through.
extension Verifier {
    /// `GET /v1/instances/{name}/refused-boot`.
    func explainBoot(_ exchange: Exchange) async throws -> Answer {
        let (birth, state) = try await instance(exchange)
        let record = try birth.withTPM()
        guard let refused = state.refused else { throw ServiceProblem.notFound }
        let expectations = state.expectations(for: .attest)
        let boots = BootExplaining.boots(expectations, seen: refused.pcrs)
        let compared = try await comparable(expectations, boots, of: record, state)
        var explanation = BootExplanation(
            instance: record.instance,
            serial: record.serial,
            refusedAt: refused.at,
            quote: refused.quote,
            log: refused.log,
            expectedLog: compared?.log.digest,
            expectedBoot: compared?.boot,
            reasons: refused.reasons,
            boots: boots,
            events: [],
            notes: []
        )
        if let quoted = refused.pcrs, let seen = try await held(refused.log), let compared {
            (explanation.events, explanation.notes) = BootExplaining.events(
                expected: compared.log.bytes,
                seen: seen,
                quoted: quoted,
                in: compared.pcrs
            )
        } else {
            explanation.notes = ["events cannot be compared: both logs and the quoted values are needed"]
        }
        explanation.notes += (refused.ima ?? []).map { "Linux measured \($0)" }
        return try .json(explanation)
    }

    /// The log of the expected boot that came nearest, and the PCRs in which a difference from it says something.
    ///
    /// A release's log is another unit's: what its profile says nothing of may differ.
    private func comparable(
        _ expectations: [BootExpectation],
        _ boots: [BootExplanation.Boot],
        of record: BirthRecord,
        _ state: InstanceState
    ) async throws -> (boot: String, log: StoredLog, pcrs: Set<Int>)? {
        let all = Set(PCRSet.indices)
        let own = [state.acceptedLog, state.running.manifest == nil ? record.firstBoot.log : nil]
        let nearest = zip(expectations, boots).enumerated().sorted {
            ($0.element.1.differing.count, $0.offset) < ($1.element.1.differing.count, $1.offset)
        }
        for (expectation, boot) in nearest.map(\.element) {
            let logs = (expectation.name == .current ? own : []).map { ($0, all) }
            for (digest, pcrs) in logs + [(expectation.profile.log, expectation.profile.telling)] {
                if let bytes = try await held(digest) { return (boot.boot, StoredLog(bytes), pcrs) }
            }
        }
        return nil
    }

    private func held(_ log: ContentDigest?) async throws -> [UInt8]? {
        guard let log else { return nil }
        return try await store.log(log)
    }

    /// `POST /v1/instances/{name}/allow-boot`: the instance stays suspended until it is reinstated.
    func allowBoot(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let addition = try exchange.message(BootAddition.init(parsing:))
        let allowance = BootAllowance(addition, by: acting.by, statement: acting.statement)
        let (birth, state) = try await instance(exchange)
        switch try allowance.apply(to: state, at: clock.seconds) {
        case .refused(let because): throw ServiceProblem.conflict(because)
        case .applied(let transition):
            guard case .committed = try await commit(.act(transition, replacing: state.version), acting) else {
                throw ServiceProblem.busy("the instance's record moved")
            }
            logger.notice(
                "operator",
                metadata: [
                    "act": "allow-boot", "operator": "\(allowance.by)", "instance": "\(birth.facts.instance)",
                    "evidence": "\(addition.quote)", "pcrs": "\(addition.pcrs)", "reason": "\(addition.reason)",
                ]
            )
            return try .json(Self.report(birth, transition.state))
        }
    }
}

extension BootProfile {
    /// The PCRs of which it says something: exact values, or facts that are in these on every machine (TCG PFP 3.3.4).
    fileprivate var telling: Set<Int> {
        Set(exact.pcrs).union(facts == BootFactRequirements() ? [] : [0, 4, 7, 8, 9, 12])
    }
}
