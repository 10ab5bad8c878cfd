import Appraisal
import AttestationResults
import Messages
import UpdateTrust
import VerifierStore

/// A boot that the instance should not show, held against the releases that are known: told from tampering.
extension Verifier {
    /// - Returns: the better verdict, with the releases that were tried; `nil` when none of them is what was booted.
    func appraiseAsStray(
        _ input: AppraisalInput,
        _ state: InstanceState,
        _ record: BirthRecord,
        replaying replay: inout ReplayedLog?
    ) async throws -> (Verdict, [KnownRelease])? {
        let known = try await knownReleases()
        var input = input
        input.expectations = state.strayExpectations(record, among: known)
        guard !input.expectations.isEmpty else { return nil }
        let verdict = Appraiser.appraise(input, replaying: &replay)
        switch verdict {
        case .accepted: return (verdict, known)
        // The instance can answer better the next time.
        case .refused(let refusal) where refusal.reasons.map(\.code) == [.logMissing]: return (verdict, known)
        case .refused, .undecided: return nil
        }
    }

    private func knownReleases() async throws -> [KnownRelease] {
        var known: [KnownRelease] = []
        for stored in try await store.releases() {
            known.append(
                KnownRelease(
                    release: try parsed(stored),
                    manifest: stored.manifest,
                    standing: stored.standing
                )
            )
        }
        return known
    }
}

extension Verdict {
    /// Whether the instance's own key shows a boot that nobody expects.
    var isUnexpectedBoot: Bool {
        guard case .refused(let refusal) = self, refusal.authentic != nil else { return false }
        return refusal.reasons.map(\.code) == [.bootUnexpected]
    }
}
