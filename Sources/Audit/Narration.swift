import AttestationResults
import Messages
import UpdateTrust
import Wording

/// Says in words what an entry states.
struct Narration {
    private let record: AuditRecord
    private let time: @Sendable (Int64) -> String

    /// - Parameter time: writes a moment, in seconds since 1970.
    init(_ record: AuditRecord, time: @escaping @Sendable (Int64) -> String) {
        self.record = record
        self.time = time
    }

    func sentence(for placed: AuditRecord.PlacedEntry) -> String {
        let entry = placed.entry
        let device = entry.instance.map { record.name(of: $0) } ?? ""
        switch entry.body {
        case .birth(let body): return birth(body, device)
        case .rework(let body):
            return
                "the board of \(device) was swapped by \(body.by) (\(body.reason)); \(body.replacedBy) has its serial number now"
        case .restoration(let body):
            return
                "the TPM of \(device) had been cleared; its identity was put back, the security floor stands at \(body.securityFloor)"
        case .release(let body):
            return "release \(body.name) \(body.version) (security version \(body.securityVersion)) was registered"
        case .withdrawal(let body):
            return
                "release \(release(body.manifest)) was \(body.recalled == true ? "recalled" : "withdrawn"): \(body.reason)"
        case .policy(let body): return policy(body, entry.actor)
        case .decision(let body): return decision(body, device)
        case .compensated(let body): return decision(body, device)
        case .lease(let body): return lease(body, device)
        case .grant(let body): return grant(body, placed, device)
        case .update(let body): return update(body, device, entry.actor)
        case .receipt(let body): return receipt(body, placed, device)
        case .act(let body): return "\(device): \(body.act.rawValue) by an operator: \(body.reason)"
        case .allowance(let body):
            return
                "for \(device) \(Counted.of(body.moves.count, "other measurement was", "other measurements were")) let pass after a review: \(body.reason)"
        case .downgrade(let body):
            return
                "\(device) may go back to \(release(body.release)), below the floor of \(body.floor), until \(time(body.until)): \(body.reason)"
        case .rollout(let body):
            return
                "the rollout of \(release(body.release)): \(body.act.rawValue), \(body.plan.percent) % of the fleet: \(body.reason)"
        case .farewell(let body):
            return "\(device) said farewell, with "
                + (body.software == nil ? "a last quote" : "the signature of its last software key")
        case .reappearance(let body):
            let after = body.afterFarewell == true ? ", after its farewell" : ""
            return "\(device) came back although it is retired\(after), and was refused"
        case .succession(let body):
            return
                "the TPM of \(device) was given another life by \(body.by) (\(body.reason)); \(body.followedBy) follows it"
        case .approval(let body):
            let cohort = body.environment.map { "all of \($0)" } ?? "all devices"
            let whom = body.instance.map { record.name(of: $0) } ?? cohort
            return
                "\(body.by) (\(body.role.rawValue)) approved \(release(body.release)) for \(whom) until \(time(body.until)): \(body.reason)"
        case .witnessCode(let body):
            return
                "a code was given out with which \(release(body.release)) may go to \(device) until \(time(body.until)): \(body.reason)"
        case .tier(let body): return tier(body, device)
        case .assignment(let body):
            let gateways = body.gateways.map { record.name(of: $0) }.joined(separator: ", ")
            return "\(device) was assigned to \(gateways.isEmpty ? "no gateway" : gateways): \(body.reason)"
        case .trust(let body):
            let came = body.added.isEmpty ? "" : "; with it came \(body.added.joined(separator: ", "))"
            let went = body.removed.isEmpty ? "" : "; \(body.removed.joined(separator: ", ")) went"
            return "version \(body.version) of what devices trust was published\(came)\(went)"
        case .compromise(let body):
            let ended = [
                Counted.of(body.grants, "grant ended", "grants ended"),
                Counted.of(body.instances, "device was suspended", "devices were suspended"),
                Counted.of(body.releases, "release withdrawn", "releases withdrawn"),
            ].joined(separator: ", ")
            return "the \(body.kind.rawValue) key \(body.key) was reported compromised (\(body.reason)): \(ended)"
        case .emergency(let body):
            let what = body.overrides.map(\.rawValue).joined(separator: " and ")
            return
                "\(body.by) declared an emergency for \(release(body.release)), to lift \(what) until \(time(body.until)): \(body.reason)"
        case .recovery(let body): return recovery(body)
        case .shedding(let body):
            return
                "the evidence behind \(Counted.of(body.count, "decision")) from before \(time(body.until)) was shed, as its time was over"
        }
    }

    private func birth(_ body: BirthEntry, _ device: String) -> String {
        let facts = record.births[body.record]?.birth.facts
        let what = facts.map { " as \($0.model) revision \($0.hardwareRevision) for \($0.environment)" } ?? ""
        return
            "\(device) was born at station \(body.station)\(what), with \(body.bornWith.name) \(body.bornWith.version); "
            + "it proves itself by \(Self.proof(body.tier))"
    }

    private static func proof(_ tier: Tier) -> String {
        switch tier {
        case .compensated: "a software key and compensating controls"
        default: "keys in its \(tier.rawValue)"
        }
    }

    private func policy(_ body: PolicyEntry, _ actor: Actor) -> String {
        let replaced = body.replaces.map { " in place of \($0.short)" } ?? ""
        guard actor.kind == .operator else {
            return "policy \(body.policy.short) came into force\(replaced), by the verifier's file"
        }
        let reason = body.reason.map { ", because: \($0)" } ?? ""
        return "\(actor.name) put policy \(body.policy.short) into force\(replaced)\(reason)"
    }

    private func decision(_ body: DecisionEntry, _ device: String) -> String {
        let asked = Self.asked(body.purpose)
        let policy = "by policy \(body.policy.short)" + (body.rule.map { " rule \($0)" } ?? "")
        guard body.accepted else {
            return "\(device) asked \(asked) and was refused (\(body.reasons.joined(separator: ", "))), \(policy)"
        }
        let boot = body.boot.map { ", its boot was \(Self.boot($0, body.release.map(release)))" } ?? ""
        return "\(device) asked \(asked): accepted\(boot), \(policy)"
    }

    private func decision(_ body: CompensatedDecisionEntry, _ device: String) -> String {
        let asked = Self.asked(body.purpose)
        let policy = "by policy \(body.policy.short)" + (body.rule.map { " rule \($0)" } ?? "")
        let controls = body.controls.map { "\($0.control.rawValue) \($0.isMet ? "met" : "not met")" }
        let held = controls.isEmpty ? "" : "; controls: \(controls.joined(separator: ", "))"
        guard body.accepted else {
            return
                "\(device) asked \(asked) without a TPM and was refused (\(body.reasons.joined(separator: ", "))), \(policy)\(held)"
        }
        return
            "\(device) asked \(asked) without a TPM: accepted, saying that it runs \(body.claimed.name) \(body.claimed.version), \(policy)\(held)"
    }

    private static func asked(_ purpose: Purpose) -> String {
        switch purpose {
        case .attest: "to be trusted"
        case .update: "for an update"
        case .confirm: "to have its update confirmed"
        case .delayed: "for a grant that travels as a file"
        case .farewell: "to be let go"
        case .vouch: "to be believed as a gateway"
        }
    }

    private static func boot(_ boot: BootName, _ release: String?) -> String {
        let named = release.map { " (\($0))" } ?? ""
        return switch boot {
        case .current: "the one it is known to run\(named)"
        case .granted: "the one that was granted\(named)"
        case .previous: "the release before\(named)"
        case .rescue: "a rescue image\(named)"
        case .drifted: "a release never granted to it\(named)"
        }
    }

    private func lease(_ body: LeaseEntry, _ device: String) -> String {
        let under = body.under.map { ", resting on \(record.name(of: $0))" } ?? ""
        return switch body.event {
        // Old evidence moves nothing that is known of the device.
        case .issued where body.cause == .delayed:
            "what \(device) is granted as a file may be used until \(time(body.expires)) (delayed), and makes it trusted for nothing else"
        case .issued: "\(device) is trusted until \(time(body.expires)) (\(body.cause.rawValue))\(under)"
        case .renewed: "\(device) stays trusted until \(time(body.expires)) (\(body.cause.rawValue))\(under)"
        case .ended: "the trust in \(device) ended (\(body.cause.rawValue)), with every grant under it"
        }
    }

    private func grant(_ body: GrantEntry, _ placed: AuditRecord.PlacedEntry, _ device: String) -> String {
        let decision = GrantAudit(entry: body, placed: placed, record: record).decision
        let answered = record.decision(answeredBy: body, placed)?.entry.body
        let policy = decision.map { ", by policy \($0.policy.short)" + ($0.rule.map { " rule \($0)" } ?? "") } ?? ""
        let approvals = approvers(in: answered)
        let approved = approvals.isEmpty ? "" : ", approved by \(Self.people(approvals))"
        let declared = record.emergencies(over: body, placed)?.cited.compactMap { record.emergency($0)?.by.text } ?? []
        let lifted = declared.isEmpty ? "" : ", in an emergency that \(Self.people(declared)) declared"
        let back = body.downgrade == nil ? "" : ", below the security floor by an operator's act"
        let file = body.bounds == nil ? "" : ", as a file"
        return
            "release \(body.package.name) \(body.package.version) was granted to \(device)\(file) until \(time(body.expires)) "
            + "because \(reason(answered))\(policy)\(approved)\(lifted)\(back)"
    }

    private func reason(_ decision: LedgerEntry.Body?) -> String {
        switch decision {
        case .decision(let body):
            return "its quote showed "
                + (body.boot.map { Self.boot($0, body.release.map(release)) } ?? "what it should")
        case .compensated(let body):
            let met = body.controls.filter(\.isMet).map(\.control.rawValue)
            return "its software key signed and these controls were met: \(met.joined(separator: ", "))"
        default: return "of a decision that is not here"
        }
    }

    /// More than these no sentence names: a stranger's decision may cite hundreds, and be told of with each grant that answers it.
    private static let mostPeople = 8

    private static func people(_ names: [String]) -> String {
        let rest = names.count - min(names.count, mostPeople)
        return names.prefix(mostPeople).joined(separator: " and ") + (rest > 0 ? " and \(rest) more" : "")
    }

    private func approvers(in decision: LedgerEntry.Body?) -> [String] {
        let cited: [ContentDigest]
        switch decision {
        case .decision(let body): cited = body.approvals ?? []
        case .compensated(let body):
            cited =
                (body.approvals ?? [])
                + body.controls.filter { $0.control == .approval }.flatMap { $0.evidence ?? [] }
        default: return []
        }
        return cited.compactMap { record.approval($0) }.map { "\($0.by) (\($0.role.rawValue))" }
    }

    private func receipt(_ body: ReceiptEntry, _ placed: AuditRecord.PlacedEntry, _ device: String) -> String {
        // Of a device without a TPM it is its own word, in evidence that was decided on as such.
        let word = record.index(of: placed)?.words[body.quote]
        let package = "\(body.package.name) \(body.package.version)"
        let shown: String
        if let word {
            let isReadBack = word.controls.contains { $0.control == .readBack && $0.isMet }
            shown =
                "says that it booted \(package), which \(isReadBack ? "its gateway has read back" : "nobody has measured")"
        } else {
            shown = "booted \(package) and measured as expected"
        }
        let late = body.late == true ? ", as was learned later" : ""
        return "\(device) \(shown)\(late); the security floor stands at \(body.securityFloor)"
    }

    private func update(_ body: UpdateEntry, _ device: String, _ actor: Actor) -> String {
        let package = "\(body.package.name) \(body.package.version)"
        return switch body.stage {
        case .granted: "\(device) was granted \(package)"
        case .installed: "\(device) installed \(package)"
        case .booted: "\(device) booted \(package)"
        case .confirmed: "\(device) confirmed \(package)"
        case .unconfirmed: "nothing was heard of \(package) on \(device) in time"
        case .lapsed: "the grant of \(package) to \(device) was not used in time"
        case .superseded: "the grant of \(package) to \(device) gave way to a later one"
        case .rolledBack: "\(device) fell back from \(package) to what it ran before"
        case .rescued: "\(device) booted a rescue image after \(package)"
        case .failed: "\(device) did not boot \(package) after installing it"
        // With a key it ends in the act that reports the key; with a release, when the verifier next looks at the device.
        case .withdrawn:
            "the grant of \(package) to \(device) ended with \(actor.kind == .operator ? "the key that had signed it" : "the release")"
        }
    }

    private func tier(_ body: TierEntry, _ device: String) -> String {
        let reason = body.reason.map { ": \($0)" } ?? ""
        return switch body.change {
        case .lowered:
            "a software key may speak for \(device) without its TPM" + (body.until.map { " until \(time($0))" } ?? "")
                + reason
        case .raised: "\(device) has to speak with its TPM again\(reason)"
        }
    }

    private func recovery(_ body: RecoveryEntry) -> String {
        let lost =
            body.lostSize.map { "the lost record had \($0) at least" } ?? "nothing that came after them is known"
        let copied = body.copied.map { "; a copy of \($0) says who had been suspended or retired since" }
        return
            "the record was put back by \(body.by) from a backup of \(Counted.of(body.size, "entry", "entries")) (\(body.reason)): \(lost)\(copied ?? "")"
    }

    private func release(_ manifest: ContentDigest) -> String {
        record.releases[manifest].map { "\($0.release.name) \($0.release.version)" } ?? manifest.short
    }
}
