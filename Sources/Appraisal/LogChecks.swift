import AttestationResults
import MeasuredBoot
import Messages

/// E1 to E4: the log can be read, is in order, and leads to the quoted values.
enum LogChecks {
    /// E1, E2: the log is whole, within its bounds, and has the bank; the parser holds the header to itself.
    static func form(_ log: ReplayedLog) throws(Finding) -> ReplayedLog.Reading { try log.reading.get() }

    /// E3: every selected PCR that the log has events for has the value they lead to.
    static func replay(_ reading: ReplayedLog.Reading, leadsTo quoted: PCRValues) -> Reason? {
        let differing = (reading.unreplayable + reading.covered.differing(from: quoted)).sorted()
        if differing.isEmpty { return nil }
        let explained = reading.replay.authenticated(by: quoted.values.filter { differing.contains($0.key) })
        guard case .failure(let mismatch) = explained else {
            return Reason(.logReplayMismatch, BootChecks.describe(differing, in: quoted))
        }
        return Reason(.logReplayMismatch, mismatch.pcrs.map(\.description).joined(separator: "; "))
    }

    /// E3: selected PCRs that the log has no events for, although something was measured into them.
    ///
    /// Events may be missing, or be logged elsewhere; only an expectation that fixes the value can make up for that.
    static func unexplained(_ reading: ReplayedLog.Reading, in quoted: PCRValues) -> [Int] {
        reading.untouched.differing(from: quoted)
    }

    /// E4: separators, variables, applications and ExitBootServices stand where a boot measures them.
    static func order(_ reading: ReplayedLog.Reading) -> Reason? {
        guard !reading.facts.violations.isEmpty else { return nil }
        return Reason(.logOrder, reading.facts.violations.prefix(8).map(\.description).joined(separator: "; "))
    }
}
