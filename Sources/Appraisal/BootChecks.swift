import AttestationResults
import Messages

/// Why no boot was recognised.
enum BootFinding: Error {
    case refused(Reason)
    case undecided(String)
}

/// E7: the measured boot is one that this instance may show, and the result says which.
enum BootChecks {
    /// Compares quoted values with every expectation, in order.
    /// - Parameters:
    ///   - reading: a log that leads to the values (E3); `nil` when none was given.
    ///   - linux: the PCR that Linux extends, which belongs to no boot; E6 judges it, or nobody does.
    static func recognise(
        _ pcrs: PCRValues,
        explainedBy reading: ReplayedLog.Reading?,
        exceptLinux linux: Int?,
        among expectations: [BootExpectation]
    ) throws(BootFinding) -> BootExpectation {
        let unexplained = reading.map { LogChecks.unexplained($0, in: pcrs).filter { $0 != linux } } ?? []
        let fits = expectations.map { Fit($0, pcrs, reading?.facts, unexplained) }
        guard let fit = fits.first(where: \.isPerfect) else { throw misfit(fits, pcrs) }
        return fit.expectation
    }

    /// Why nothing fits, told by what comes nearest; never what was expected.
    private static func misfit(_ fits: [Fit], _ pcrs: PCRValues) -> BootFinding {
        guard let nearest = fits.min(by: { $0.differing.count < $1.differing.count }) else {
            return .undecided("no boot is expected of this instance")
        }
        guard nearest.differing.isEmpty else {
            return .refused(Reason(.bootUnexpected, describe(nearest.differing, in: pcrs)))
        }
        let equal = fits.filter(\.differing.isEmpty)
        if equal.contains(where: \.cannotBeTold) {
            return .undecided("an expected boot asks for nothing, or for PCRs that this instance does not quote")
        }
        if equal.contains(where: \.needsLog) { return .refused(Reason(.logMissing)) }
        if let unexplained = equal.map(\.unexplained).first(where: { !$0.isEmpty }) {
            return .refused(Reason(.logReplayMismatch, "no events for " + describe(unexplained, in: pcrs)))
        }
        let contradictions = equal.map(\.contradictions).first { !$0.isEmpty } ?? []
        return .refused(Reason(.bootUnexpected, contradictions.joined(separator: "; ")))
    }

    /// PCRs and the values seen in them.
    static func describe(_ indices: [Int], in pcrs: PCRValues) -> String {
        indices.map { "PCR \($0) = " + LowercaseHex.encode(pcrs[$0] ?? []) }.joined(separator: ", ")
    }
}

/// How one expected boot compares with what was quoted.
private struct Fit {
    let expectation: BootExpectation
    /// PCRs whose quoted value is not the expected one.
    let differing: [Int]
    /// Whether the expectation asks for nothing, or for PCRs that were not quoted.
    let cannotBeTold: Bool
    /// Whether facts are required and no log was given.
    let needsLog: Bool
    /// PCRs that the log says nothing of, although something was measured, and that the expectation does not fix either.
    let unexplained: [Int]
    /// Facts seen that are not the required ones.
    let contradictions: [String]

    var isPerfect: Bool {
        differing.isEmpty && !cannotBeTold && !needsLog && unexplained.isEmpty && contradictions.isEmpty
    }

    init(_ expectation: BootExpectation, _ pcrs: PCRValues, _ facts: LogFacts?, _ unexplained: [Int]) {
        let exact = expectation.profile.exact
        let required = expectation.profile.facts
        let asksForFacts = required != BootFactRequirements()
        self.expectation = expectation
        if exact.bitmap == 0 {
            cannotBeTold = !asksForFacts
            differing = []
        } else {
            cannotBeTold = exact.bank != pcrs.bank || exact.bitmap & ~pcrs.bitmap != 0
            differing = exact.bank == pcrs.bank ? exact.differing(from: pcrs).filter { pcrs[$0] != nil } : []
        }
        needsLog = asksForFacts && facts == nil
        self.unexplained = unexplained.filter { exact[$0] == nil }
        contradictions = asksForFacts ? facts?.contradictions(to: required) ?? [] : []
    }
}
