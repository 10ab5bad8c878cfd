import AttestationResults
import MeasuredBoot
import Messages
import TPMWire
import Wording

/// E6: what Linux measured is told by its list as far as that leads to the quoted value, and is allowed.
enum IMAChecks {
    /// Follows the list and judges what the quote proves of it, by a policy.
    /// - Parameters:
    ///   - pcrs: the quoted values, the list's PCR among them.
    ///   - clock: of the quote.
    ///   - last: that of the evidence before.
    /// - Returns: how far it was followed, to be remembered if the evidence is accepted.
    static func follow(
        _ evidence: IMAEvidence,
        by policy: IMAPolicy,
        in pcrs: PCRValues,
        at clock: ClockReading,
        since last: ClockReading?
    ) throws(Finding) -> IMAProgress {
        guard let list = evidence.list else { throw Finding(.imaMissing, "no list") }
        // After power that failed in sleep there is another list, under the reset count of the one before.
        let mayBeAnother = ClockChecks.hasRestarted(since: last, clock)
        do throws(Finding) {
            return try follow(list, evidence, by: policy, in: pcrs, clock.resetCount, mayBeAnother: mayBeAnother)
        } catch {
            // What led to the quoted value was of the list before, and is judged.
            guard mayBeAnother, list.offset > 0, error.reason.code != .imaPolicy else { throw error }
            throw Finding(.imaMissing, "the TPM was restarted, and the list may have begun anew")
        }
    }

    private static func follow(
        _ list: IMAListPart,
        _ evidence: IMAEvidence,
        by policy: IMAPolicy,
        in pcrs: PCRValues,
        _ resetCount: UInt32,
        mayBeAnother: Bool
    ) throws(Finding) -> IMAProgress {
        // That the value is there was looked at before anything of the evidence.
        let quoted = pcrs.values[evidence.pcr] ?? []
        let before = evidence.progress.flatMap { $0.resetCount == resetCount && $0.pcr == evidence.pcr ? $0 : nil }
        let (prefix, undecided) = try read(list, by: policy, in: pcrs, evidence.pcr, after: before, to: quoted)
        guard let reached = prefix.reached else {
            let seen = BootChecks.describe([evidence.pcr], in: pcrs)
            throw Finding(
                .imaReplayMismatch,
                Counted.of(prefix.entries, "entry does", "entries do") + " not lead to " + seen
            )
        }
        // The PCR only ever grows within a boot, so a list that leads there with less than before is another one.
        guard mayBeAnother || reached.entries >= before?.entries ?? 0 else {
            throw Finding(
                .imaReplayMismatch,
                Counted.of(reached.entries, "entry", "entries") + ", and there were more before"
            )
        }
        guard reached.entries > 0 else { throw Finding(.imaPolicy, "nothing was measured") }
        let judge = undecided.concluded()
        guard judge.refused == 0 else {
            let more = judge.refused - judge.findings.count
            throw Finding(.imaPolicy, (judge.findings + (more > 0 ? ["\(more) more"] : [])).joined(separator: "; "))
        }
        guard let progress = IMAProgress(reached, bank: pcrs.bank, resetCount: resetCount, policy: policy.identity)
        else {
            throw Finding(.imaReplayMismatch, "the checkpoint contradicts itself")
        }
        return progress
    }

    /// Reads the list until it leads to the quoted value, or to its end.
    ///
    /// Where it is not known how the kernel extends, one way is tried after the other: nearly always the first is the
    /// right one, and to follow both at once costs half as much again.
    private static func read(
        _ list: IMAListPart,
        by policy: IMAPolicy,
        in pcrs: PCRValues,
        _ pcr: Int,
        after before: IMAProgress?,
        to quoted: [UInt8]
    ) throws(Finding) -> (IMAPrefix, IMAJudge) {
        let aggregates = IMABootAggregate.digests(of: pcrs.values, bank: pcrs.bank.algorithm)
        var tried: (IMAPrefix, IMAJudge)?
        for var prefix in try prefixes(of: list, from: pcr, policy, before, to: quoted, bank: pcrs.bank) {
            var judge = IMAJudge(policy, aggregates: aggregates)
            do throws(IMAListError) {
                try prefix.read(list.bytes.bytes[...]) { judge.judge($0) }
                try prefix.finish()
            } catch {
                let isAboutThePCR = error.code == .templateDigestMismatch || error.code == .otherPCR
                throw Finding(isAboutThePCR ? .imaReplayMismatch : .imaMalformed, error.description)
            }
            tried = (prefix, judge)
            if prefix.reached != nil { break }
        }
        guard let tried else { throw Finding(.imaPolicy, "the policy allows no way to extend the PCR") }
        return tried
    }

    /// From the beginning, or on from what was followed before in the same boot and under the same policy.
    private static func prefixes(
        of list: IMAListPart,
        from pcr: Int,
        _ policy: IMAPolicy,
        _ before: IMAProgress?,
        to quoted: [UInt8],
        bank: PCRBank
    ) throws(Finding) -> [IMAPrefix] {
        if list.offset == 0 {
            // In the SHA-1 bank every way is the same.
            let extensions = bank == .sha1 ? [.perBank] : policy.extensions
            do {
                return try extensions.map {
                    try IMAPrefix(.binary(), to: quoted, bank: bank.algorithm, pcr: pcr, extensions: [$0])
                }
            } catch {
                throw Finding(.imaMalformed, "bank \(bank.rawValue)")
            }
        }
        guard let before, before.bank == bank, before.policy == policy.identity,
            before.offset == list.offset,
            policy.extensions.contains(IMAExtension(before.mode)) || bank == .sha1,
            let prefix = IMAPrefix(.binary(), to: quoted, from: IMACheckpoint(before))
        else {
            throw Finding(.imaMissing, "the entries begin at byte \(list.offset) and not where they have to")
        }
        return [prefix]
    }
}

extension IMAProgress {
    /// What is remembered of a prefix; nil when its digest is none.
    fileprivate init?(_ reached: IMACheckpoint, bank: PCRBank, resetCount: UInt32, policy: ContentDigest) {
        guard let digest = ContentDigest(bytes: reached.digest) else { return nil }
        self.init(
            entries: reached.entries,
            offset: reached.offset,
            violations: reached.violations,
            bank: bank,
            pcr: reached.pcr,
            value: HexBytes(reached.value),
            mode: reached.mode == .perBank ? .perBank : .paddedSHA1,
            digest: digest,
            resetCount: resetCount,
            policy: policy
        )
    }
}

extension IMACheckpoint {
    fileprivate init(_ progress: IMAProgress) {
        self.init(
            entries: progress.entries,
            offset: progress.offset,
            violations: progress.violations,
            bank: progress.bank.algorithm,
            pcr: progress.pcr,
            value: progress.value.bytes,
            mode: IMAExtension(progress.mode),
            digest: progress.digest.bytes
        )
    }
}

extension IMAExtension {
    fileprivate init(_ mode: IMAProgress.Mode) {
        self =
            switch mode {
            case .perBank: .perBank
            case .paddedSHA1: .paddedSHA1
            }
    }
}
