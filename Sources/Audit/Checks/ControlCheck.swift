import Messages
import UpdateTrust

extension AuditCheck {
    static let controls = AuditCheck(
        says:
            "each grant to a device without a TPM was given when what its rule wants of it was met: by its gateway's own accepted word, by a code that was made for it"
    ) { record, _ in
        record.entries.flatMap { placed -> [AuditFinding] in
            let problems =
                switch placed.entry.body {
                case .compensated(let decision): record.controlProblems(of: decision, placed)
                case .grant(let grant): record.codeProblems(of: grant, placed)
                default: [String]()
                }
            return problems.map { AuditFinding(placed.place, $0) }
        }
    }
}

extension AuditRecord {
    fileprivate func controlProblems(of decision: CompensatedDecisionEntry, _ placed: PlacedEntry) -> [String] {
        guard decision.accepted, decision.purpose.namesPackage else { return [] }
        let rule = policies[decision.policy]?.rules.first { $0.id == decision.rule }
        let unmet = (rule?.controls?.wanted ?? []).filter { wanted in
            !decision.controls.contains { $0.control == wanted && $0.isMet }
        }
        return unmet.map { "its rule wants the control \($0.rawValue), and nothing met it" }
            + wordProblems(of: decision, placed)
    }

    /// A gateway's word is the decision on its own evidence, over a statement on this very contact of this device.
    private func wordProblems(of decision: CompensatedDecisionEntry, _ placed: PlacedEntry) -> [String] {
        guard let vouch = decision.vouch else {
            let isClaimed = decision.controls.contains { $0.control == .gateway && $0.isMet }
            return isClaimed ? ["names no gateway that has vouched for it"] : []
        }
        guard let word = byDigest[vouch.entry] else { return ["the word of its gateway is missing"] }
        guard case .decision(let body) = word.entry.body, body.accepted, let stated = body.vouches,
            word.entry.instance == vouch.gateway, word.index < placed.index
        else { return ["what it rests on is no word of its gateway's"] }
        let statement = placed.entry.instance.map {
            VouchStatement(child: $0, evidence: decision.evidence, observed: vouch.observed)
        }
        guard let bytes = try? statement?.bytes, ContentDigest(of: bytes) == stated else {
            return ["the word of its gateway is for another device or contact, or says something else"]
        }
        return []
    }

    /// A decision does not say on which release it was; the grant that answers it does.
    fileprivate func codeProblems(of grant: GrantEntry, _ placed: PlacedEntry) -> [String] {
        guard let decided = decision(answeredBy: grant, placed),
            case .compensated(let decision) = decided.entry.body,
            let report = decision.controls.first(where: { $0.control == .witness && $0.isMet })
        else { return [] }
        guard let act = report.evidence?.first, let made = byDigest[act] else {
            return ["the code that it was given for is missing"]
        }
        // The same request again is given what was given, also when the code is over.
        guard case .witnessCode(let body) = made.entry.body, made.entry.instance == placed.entry.instance,
            made.index < decided.index, body.release == grant.package.manifest,
            decision.repeated == true || decided.entry.at < body.until
        else { return ["the code that it was given for was for something else, or over"] }
        return []
    }
}

extension ControlRule {
    /// What stands in a decision by the rule, met; people are counted elsewhere.
    fileprivate var wanted: [CompensatingControl] {
        var wanted: [CompensatingControl] = []
        if claims { wanted.append(.claims) }
        if witness == true { wanted.append(.witness) }
        if gateway == true { wanted.append(.gateway) }
        return wanted
    }
}
