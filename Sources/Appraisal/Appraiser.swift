@_spi(Appraiser) public import AttestationResults
import Messages
import TPMWire

/// Appraises evidence of one instance (RFC 9334, section 8.1): evidence, enrolled key and expectations become a verdict.
///
/// A pure function: the same input gives the same verdict, at any time, on any machine.
public enum Appraiser {
    /// Appraises.
    public static func appraise(_ input: AppraisalInput) -> Verdict {
        var replayed: ReplayedLog?
        return appraise(input, replaying: &replayed)
    }

    /// Appraises, and hands out the log if it had to be replayed, so that the caller may keep it under its digest.
    public static func appraise(_ input: AppraisalInput, replaying replayed: inout ReplayedLog?) -> Verdict {
        if let cause = contradiction(in: input) { return .undecided(cause) }

        let quote: Quote
        do {
            quote = try authenticQuote(input.attest, input.signature, by: input.key, for: input.qualifyingData)
        } catch {
            return .refused(Refusal(reasons: [error.reason], authentic: nil))
        }
        var seen = Observation(
            clock: ClockReading(quote.attest.clockInfo),
            firmwareVersion: quote.attest.firmwareVersion,
            pcrs: nil
        )
        let movement: ClockMovement
        do { movement = try check(quote, seen.clock, against: input) } catch {
            if !error.reasons.contains(where: { $0.code == .pcrDigestMismatch || $0.code == .selectionMismatch }) {
                seen.pcrs = input.pcrs
            }
            return .refused(Refusal(reasons: error.reasons, authentic: seen))
        }
        seen.pcrs = input.pcrs

        let boot: SeenBoot
        do {
            boot = try recognisedBoot(in: input, clock: seen.clock, replaying: &replayed)
        } catch {
            switch error {
            case .refused(let reason): return .refused(Refusal(reasons: [reason], authentic: seen))
            case .undecided(let cause): return .undecided(cause)
            }
        }
        return .accepted(
            AttestedState(
                instance: input.instance,
                iakName: input.key.hexName,
                attest: ContentDigest(of: input.attest),
                request: input.request,
                observation: seen,
                pcrs: input.pcrs,
                boot: boot.name,
                release: boot.release,
                log: boot.log,
                facts: boot.facts,
                ima: boot.ima,
                movement: movement
            )
        )
    }

    /// Whether the instance's own key says this, whole, in answer to this request; nothing else is looked at.
    ///
    /// For whoever has to know before an appraisal is worth its cost.
    /// - Parameters:
    ///   - attest: TPMS_ATTEST as it came.
    ///   - signature: TPMT_SIGNATURE as it came.
    ///   - key: the instance's, by the verifier's own record.
    ///   - qualifyingData: the 32 bytes that the quote must carry.
    public static func isAuthentic(
        _ attest: [UInt8],
        _ signature: [UInt8],
        by key: EnrolledKey,
        for qualifyingData: [UInt8]
    ) -> Bool {
        (try? authenticQuote(attest, signature, by: key, for: qualifyingData)) != nil
    }

    // The checks, in order. What they stop, and their numbers, stand in the documentation's table.

    /// B, C and D1 to D4: the instance's own key says this, whole, in answer to this request.
    ///
    /// Each check has a meaning only after those before it, so the first that fails ends it; and until the last has passed
    /// nothing shows who speaks.
    private static func authenticQuote(
        _ attest: [UInt8],
        _ bytes: [UInt8],
        by enrolled: EnrolledKey,
        for qualifyingData: [UInt8]
    ) throws(Finding) -> Quote {
        let key = enrolled.publicArea
        let template = enrolled.template
        try pass(KeyChecks.parameters(key, template))  // B1
        try pass(KeyChecks.attributes(key, template))  // B2
        try pass(KeyChecks.scheme(key, template))  // B3
        try pass(KeyChecks.policy(key, template))  // B4
        let signature = try SignatureChecks.form(bytes)  // C1
        try pass(SignatureChecks.scheme(signature, of: key))  // C2
        try pass(SignatureChecks.validity(signature, over: attest, by: enrolled.verifyingKey))  // C3
        try pass(StructureChecks.magic(attest))  // D1
        try pass(StructureChecks.type(attest))  // D2
        let quote = try StructureChecks.whole(attest)  // D10
        try pass(StructureChecks.signer(quote, is: enrolled.qualifiedName))  // D3
        try pass(StructureChecks.qualifyingData(quote, is: qualifyingData))  // D4
        return quote
    }

    /// D6 to D9: each has its own meaning, so all are made and every reason is told.
    private static func check(
        _ quote: Quote,
        _ clock: ClockReading,
        against input: AppraisalInput
    ) throws(Findings) -> ClockMovement {
        var reasons: [Reason] = []
        var movement = ClockMovement.first
        func note(_ reason: Reason?) { if let reason { reasons.append(reason) } }

        do { movement = try ClockChecks.movement(from: input.lastClock, to: clock) } catch { note(error.reason) }  // D6
        note(ClockChecks.firmware(quote.attest.firmwareVersion, among: input.firmwareVersions))  // D7
        note(SelectionChecks.selection(quote.info, is: input.selection))  // D8
        note(SelectionChecks.digest(quote.info, of: [input.pcrs], hash: input.key.hash))  // D9

        guard reasons.isEmpty else { throw Findings(reasons: reasons) }
        return movement
    }

    /// E: what the quoted values mean.
    private static func recognisedBoot(
        in input: AppraisalInput,
        clock: ClockReading,
        replaying replayed: inout ReplayedLog?
    ) throws(BootFinding) -> SeenBoot {
        let log = replayedLog(in: input, replaying: &replayed)
        var reading: ReplayedLog.Reading?
        var ima: IMAProgress?
        do throws(Finding) {
            if let log {
                let form = try LogChecks.form(log)  // E1, E2
                try pass(LogChecks.replay(form, leadsTo: input.pcrs))  // E3
                try pass(LogChecks.order(form))  // E4
                reading = form
            }
            if let evidence = input.ima, let policy = evidence.policy {
                let last = input.lastClock
                ima = try IMAChecks.follow(evidence, by: policy, in: input.pcrs, at: clock, since: last)  // E6
            }
        } catch {
            throw .refused(error.reason)
        }
        let boot = try BootChecks.recognise(
            input.pcrs,
            explainedBy: reading,
            exceptLinux: input.ima?.pcr,
            among: input.expectations
        )  // E3, E7
        let facts = reading?.facts.attested(kernelCommandLine: boot.profile.facts.kernelCommandLine)
        return SeenBoot(name: boot.name, release: boot.release, log: log?.digest, facts: facts, ima: ima)
    }

    private struct SeenBoot {
        var name: BootName
        var release: ContentDigest?
        var log: ContentDigest?
        var facts: AttestedFacts?
        var ima: IMAProgress?
    }

    /// The log, replayed now unless it was before; called only after D, because nothing of a log is looked at before.
    private static func replayedLog(
        in input: AppraisalInput,
        replaying replayed: inout ReplayedLog?
    ) -> ReplayedLog? {
        switch input.log {
        case .none: return nil
        case .replayed(let known): return known
        case .bytes(let bytes, let digest):
            let log = ReplayedLog(bytes, digest: digest, selection: input.selection)
            replayed = log
            return log
        }
    }

    /// Why the question itself cannot be answered; nothing that the evidence says can cause it.
    private static func contradiction(in input: AppraisalInput) -> String? {
        guard input.qualifyingData.count == ContentDigest.size else {
            return "the expected qualifying data has \(input.qualifyingData.count) bytes, not \(ContentDigest.size)"
        }
        if case .replayed(let log) = input.log, log.selection != input.selection {
            return "the log was replayed for another selection"
        }
        guard Hashes.accepted(input.selection.bank.algorithm) else {
            return "the record of this instance selects PCRs of the \(input.selection.bank.rawValue) bank"
        }
        if let list = input.ima {
            guard input.selection.pcrs.contains(list.pcr) else {
                return "the record speaks of the IMA list of PCR \(list.pcr), which this instance does not quote"
            }
            guard list.policy?.extensions.isEmpty != true else { return "the policy allows no way to extend a PCR" }
        }
        return nil
    }
}

/// Several checks that failed.
struct Findings: Error {
    var reasons: [Reason]
}
