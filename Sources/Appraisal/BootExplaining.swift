public import AttestationResults
import MeasuredBoot
public import Messages

/// Compares a refused boot with what was expected, for people.
public enum BootExplaining {
    /// The PCRs of each expected boot that are not as it says.
    public static func boots(_ expectations: [BootExpectation], seen: PCRValues?) -> [BootExplanation.Boot] {
        expectations.map { expectation in
            let exact = expectation.profile.exact
            let differing = seen.map { exact.differing(from: $0) } ?? exact.pcrs
            return BootExplanation.Boot(
                boot: expectation.name.rawValue,
                differing: differing.compactMap { pcr in
                    guard let expected = exact[pcr] else { return nil }
                    let value = seen?.bank == exact.bank ? seen?[pcr] : nil
                    return BootExplanation.PCR(
                        pcr: pcr,
                        expected: HexBytes(expected),
                        seen: value.map { HexBytes($0) }
                    )
                }
            )
        }
    }

    /// The first event that differs in each PCR, and what keeps the comparison from being whole.
    /// - Parameters:
    ///   - expected: the log of a boot that was accepted.
    ///   - pcrs: the PCRs in which differences are told.
    ///   - seen: the log that came with the refused evidence; nothing of it is believed that the quoted values do not confirm.
    public static func events(
        expected: [UInt8],
        seen: [UInt8],
        quoted: PCRValues,
        in pcrs: Set<Int>
    ) -> (events: [BootExplanation.Difference], notes: [String]) {
        let bank = quoted.bank.algorithm
        let left: Replay
        let right: Replay
        do {
            left = try Replay(EventLog(parsing: expected), bank: bank)
        } catch { return ([], ["the log of the expected boot: \(error)"]) }
        do {
            right = try Replay(EventLog(parsing: seen), bank: bank)
        } catch { return ([], ["the log that came: \(error)"]) }
        var notes: [String] = []
        var unconfirmed: Set<Int> = []
        if case .failure(let mismatch) = right.authenticated(by: quoted.values) {
            unconfirmed = Set(mismatch.pcrs.map(\.pcr))
            notes = mismatch.pcrs.map { "the log that came does not lead to the quoted value: \($0)" }
        }
        guard let differences = LogDifference.between(expected: left.log, actual: right.log, bank: bank),
            let before = AuthenticatedLog(unconfirmed: left), let after = AuthenticatedLog(unconfirmed: right)
        else { return ([], notes) }
        let events = differences.filter { quoted[$0.pcr] != nil && pcrs.contains($0.pcr) }.map { difference in
            BootExplanation.Difference(
                pcr: difference.pcr,
                position: difference.position,
                expected: difference.expected.flatMap { event(before, $0, isConfirmed: true) },
                seen: difference.actual.flatMap {
                    event(after, $0, isConfirmed: !unconfirmed.contains(difference.pcr))
                }
            )
        }
        return (events, notes)
    }

    private static func event(
        _ log: AuthenticatedLog,
        _ index: Int,
        isConfirmed: Bool
    ) -> BootExplanation.Event? {
        log.description(of: index).map { found in
            BootExplanation.Event(
                event: found.event,
                type: found.unverifiedType.description,
                digest: found.digest.map { HexBytes($0) },
                meaning: found.meaning,
                isMeasured: found.isAuthentic && isConfirmed
            )
        }
    }
}
