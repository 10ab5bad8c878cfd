import AttestationResults
import Messages

/// Decides about an instance without a TPM: the same conditions as for any, and the compensating controls besides.
///
/// The same input gives the same decision. Only what a key of the instance has signed changes or records anything.
public func decide(_ input: CompensatedInput) -> CompensatedDecision {
    do throws(MessageError) {
        if input.isOver { return .unchanged(.notAuthentic("its TPM speaks for it")) }
        switch input.verdict {
        case .notAuthentic(let detail): return .unchanged(.notAuthentic(detail))
        case .forked(let fork): return try input.suspend(for: fork)
        case .accepted(let shown):
            if let contradiction = input.contradiction(of: shown) { return .unchanged(.undecided(contradiction)) }
            if let stopped = input.stopped { return stopped }
            return try input.judge(shown)
        }
    } catch {
        return .unchanged(.undecided(error.detail))
    }
}

extension CompensatedInput {
    /// Whether it is one with a TPM, and no act, or none any more, lets it speak without.
    var isOver: Bool { record.facts.tier != .compensated && state.lowered?.holds(at: now) != true }

    /// What makes the parts of the input belong to different instances or requests: a fault of the caller, and never trust.
    func contradiction(of shown: CompensatedState) -> String? {
        let asked = request.request
        guard shown.instance == state.instance, record.instance == state.instance, asked.instance == state.instance
        else { return "evidence, request, record and state are of different instances" }
        guard shown.request == request.digest, shown.evidence == evidence else {
            return "the evidence answers another request"
        }
        if let vouch, vouch.statement.child != state.instance || vouch.statement.evidence != evidence {
            return "the gateway vouches for something else"
        }
        let stands = shown.isRepeated ? state.ratchet : state.ratchet?.committing(asked.next)
        return shown.ratchet == stands ? nil : "the evidence was held against another ratchet than this state's"
    }

    /// The answer to an instance whose life or suspension leaves nothing to decide.
    fileprivate var stopped: CompensatedDecision? {
        switch state.lifecycle {
        case .suspended:
            let reasons: [DecisionReason] = state.fork == nil ? [.suspended] : [.suspended, .forked]
            return .unchanged(.refused(Refused(reasons: reasons, evidence: [])), ["the instance is suspended"])
        case .retired:
            return .unchanged(.refused(Refused(reasons: [.retired], evidence: [])), ["the instance is retired"])
        case .reimaged: return .unchanged(.undecided("an instance without a TPM has no installation"))
        case .born, .trusted, .rescue, .drifted: return nil
        }
    }

    var draft: TransitionDraft { TransitionDraft(of: state, at: now, actor: Actor(.verifier, verifier)) }

    /// Two copies have one name: neither is believed until an operator has looked at both.
    fileprivate func suspend(for fork: Fork) throws(MessageError) -> CompensatedDecision {
        guard record.instance == state.instance, request.request.instance == state.instance else {
            return .unchanged(.undecided("request, record and state are of different instances"))
        }
        if let stopped { return stopped }
        var draft = draft
        try draft.settle(standings, gatewayHolds: gatewayHolds)
        draft.state.lifecycle = state.lifecycle.after(.evidenceRefused) ?? state.lifecycle
        draft.state.fork = fork
        draft.state.remark =
            "a copy: key \(fork.position) signed when key \(fork.committed) was committed; either may be the device"
        let refused = Refused(reasons: [.forked], evidence: [])
        try record(refused.reasons, nil, rule: nil, controls: [], fork: fork, in: &draft)
        try draft.endLease(because: .forked)
        return CompensatedDecision(
            outcome: .refused(refused),
            transition: draft.finished,
            explanation: [draft.state.remark ?? ""]
        )
    }

    fileprivate func judge(_ shown: CompensatedState) throws(MessageError) -> CompensatedDecision {
        var draft = draft
        try draft.settle(standings, gatewayHolds: gatewayHolds)
        draft.state.ratchet = shown.ratchet
        let asked = request.request
        let subject = PolicySubject(record.facts.withoutTPM, package: asked.package?.name ?? state.running.name)
        guard let rule = policy.rule(for: subject) else {
            let why = policy.explain(subject).map { "rule \($0.rule) does not fit: \($0.because)" }
            return try refuse([.noPolicyRule], shown, rule: nil, draft: draft, why)
        }
        guard let wanted = rule.controls else { return try refuse([.tierNotServed], shown, rule: rule, draft: draft) }
        if let vouch, !(state.gateways ?? []).contains(vouch.gateway) {
            return try refuse([.notAssigned], shown, rule: rule, draft: draft, ["\(vouch.gateway) spoke for it"])
        }
        var controls = wanted.outcomes(
            of: shown,
            package: asked.package?.name,
            approvals: approvals.filter { $0.approval.covers(record.facts) },
            vouch: vouch,
            window: rule.window,
            lifting: asked.package.map { emergencies.lifting(.window, of: $0.manifest, at: now) } ?? [],
            at: now
        )
        if wanted.witness == true, let witness = witness(of: shown, in: &draft) { controls.append(witness) }
        let boot = claimedBoot
        let isRecalled = wasRecalled(boot)
        let event: Lifecycle.Event = isRecalled ? .recalled : boot.event
        guard let next = state.lifecycle.after(event) else {
            return .unchanged(.undecided("there is no way from \(state.lifecycle.rawValue) by \(event.rawValue)"))
        }
        draft.state.lifecycle = next
        draft.state.remark = boot.isOwn ? nil : "it says that it runs \(asked.running.name) \(asked.running.version)"
        if isRecalled { try draft.noteRecall(of: boot, after: state.lifecycle, standings) }
        // What the hardware says otherwise is worth no lease; the other controls are about installing something.
        if controls.contains(where: { $0.control.isOfTheLease && !$0.isMet }) {
            return try refuse([.controlsUnmet], shown, rule: rule, controls, draft: draft, claimsOf(shown))
        }
        if let elsewhere = seenElsewhere {
            return try refuse([.controlsUnmet], shown, rule: rule, controls, draft: draft, [elsewhere])
        }
        if let readBack = readBack(wanted, boot) {
            controls.append(readBack)
            if !readBack.isMet, vouch?.statement.observed.readBack != nil {
                return try suspendForReadBack(shown, rule, controls, draft: draft)
            }
        }
        guard let seconds = isRecalled ? rule.rescueSeconds : rule.leaseSeconds(for: boot) else {
            return try refuse([.drifted], shown, rule: rule, controls, ending: .drifted, draft: draft)
        }
        // A confirmation that holds is a receipt, which says more.
        if boot == .granted, asked.purpose != .confirm { try draft.reach(.booted, shownBy: evidence) }
        let ground = Ground(shown: shown, rule: rule, controls: controls, seconds: seconds, boot: boot)
        switch asked.purpose {
        case .attest: return try accept(ground, because: boot.leaseCause, draft: draft)
        case .update: return try grant(ground, draft: draft)
        case .confirm: return try confirm(ground, draft: draft)
        case .delayed, .farewell, .vouch:
            return .unchanged(.undecided("an instance without a TPM asks for nothing of the kind"))
        }
    }

    /// What a decision stands on, once the evidence is good for a lease.
    struct Ground {
        var shown: CompensatedState
        var rule: PolicyRule
        var controls: [ControlReport]
        var seconds: Int64
        var boot: BootName

        var wantsWitness: Bool { controls.contains { $0.control == .witness } }
    }

    /// What the device says that it runs, in the words for boots; nobody has measured one.
    private var claimedBoot: BootName {
        let claimed = request.request.running
        if claimed.manifest == state.running.manifest, claimed.version == state.running.version { return .current }
        if let pending = state.pending, claimed.manifest == pending.package.manifest { return .granted }
        if let previous = state.previous, claimed.manifest == previous.manifest, claimed.version == previous.version {
            return .previous
        }
        return .drifted
    }

    /// Whether what the device says that it runs was recalled, and is not to be left for another reason already.
    private func wasRecalled(_ boot: BootName) -> Bool {
        let manifest: ContentDigest? =
            switch boot {
            case .current: state.running.manifest
            case .granted: state.pending?.package.manifest
            case .previous, .rescue, .drifted: nil
            }
        return manifest.map { standings[$0] == .recalled } ?? false
    }

    /// A gateway that sees the link address knows one thing that the device cannot simply say.
    private var seenElsewhere: String? {
        guard let name = Label(ChildObservation.linkClaim), let born = record.claims.values[name],
            let seen = vouch?.statement.observed.link, seen.text.lowercased() != born.text.lowercased()
        else { return nil }
        return "the gateway saw it at \(seen), at birth it had \(born)"
    }

    /// What the gateway has read back of an image that was granted, at its confirmation.
    ///
    /// Also of what is reinstalled, which the device names as it names what ran before.
    private func readBack(_ wanted: ControlRule, _ boot: BootName) -> ControlReport? {
        let asked = request.request
        let seen = vouch?.statement.observed.readBack
        let named = asked.grant.flatMap { state.openGrant($0) }
        let open = [named, boot == .granted ? state.pending : nil].compactMap { $0 }
        guard asked.purpose == .confirm,
            let grant = open.first(where: { $0.package.manifest == asked.running.manifest }),
            wanted.readBack == true || seen != nil
        else { return nil }
        let isMet = seen == grant.package.sha256
        return ControlReport(.readBack, isMet: isMet, evidence: seen == nil ? nil : vouch.map { [$0.entry] })
    }

    /// Either the device says what is not so, or the gateway does: an operator looks at both.
    private func suspendForReadBack(
        _ shown: CompensatedState,
        _ rule: PolicyRule,
        _ controls: [ControlReport],
        draft: TransitionDraft
    ) throws(MessageError) -> CompensatedDecision {
        var draft = draft
        draft.state.lifecycle = state.lifecycle.after(.evidenceRefused) ?? state.lifecycle
        draft.state.remark = "its gateway read another image back than the one that it says it runs"
        return try refuse(
            [.readBackDiffers],
            shown,
            rule: rule,
            controls,
            ending: .readBackDiffers,
            draft: draft,
            [draft.state.remark ?? ""]
        )
    }

    private func claimsOf(_ shown: CompensatedState) -> [String] {
        shown.differingClaims.map { name in
            let born = record.claims.values[name]?.text ?? ""
            return "\(name) is \(request.request.claims.values[name]?.text ?? "not said"), at birth it was \(born)"
        }
    }
}
