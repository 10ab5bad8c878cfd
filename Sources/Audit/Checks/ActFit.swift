import Endorsement
import Messages
import UpdateTrust

/// Whether an entry says what the operator has signed for: the route, what the path names, and what stands in the body.
struct ActFit {
    let placed: AuditRecord.PlacedEntry
    let act: AuditRecord.Act
    let record: AuditRecord

    var holds: Bool {
        switch placed.entry.body {
        case .release(let made): return isRegistration(made)
        case .withdrawal(let made):
            if let order = compromise(of: [.release]) {
                return made.recalled != true && order.reason == made.reason
            }
            return isAsked(made.recalled == true ? .recallRelease : .withdrawRelease)
                && names(made.manifest) && reason == made.reason
        case .rollout(let made): return isRollout(made)
        case .approval(let made): return isApproval(made)
        case .emergency(let made): return isEmergency(made)
        case .act(let made):
            if let order = compromise(of: [.station]) {
                return made.act == .suspend && made.line == nil && order.reason == made.reason
                    && isBorn(by: order.key)
            }
            return isOnAnInstance && isAct(made)
        case .allowance(let made):
            guard isOnAnInstance, let order = order({ try? BootAddition(parsing: $0) }, of: .allowBoot) else {
                return false
            }
            return order.quote == made.quote && Set(order.pcrs) == Set(made.moves.map(\.pcr))
                && order.reason == made.reason
        case .downgrade(let made):
            guard isOnAnInstance, let order = order({ try? DowngradeOrder(parsing: $0) }, of: .allowDowngrade) else {
                return false
            }
            return order.manifest == made.release && order.reason == made.reason
                && lasts(until: made.until, Int64(order.hours) * 3600)
        case .tier(let made): return isOnAnInstance && isTier(made)
        case .witnessCode(let made):
            guard isOnAnInstance, let order = order({ try? WitnessCodeOrder(parsing: $0) }, of: .giveWitnessCode) else {
                return false
            }
            return order.release == made.release && order.reason == made.reason
                && lasts(until: made.until, Int64(order.minutes) * 60)
        case .assignment(let made):
            guard isOnAnInstance, let order = order({ try? GatewayOrder(parsing: $0) }, of: .assignGateways) else {
                return false
            }
            return order.reason == made.reason && order.gateways.count == made.gateways.count
                && zip(order.gateways, made.gateways).allSatisfy { isName($0.text, of: $1) }
        case .lease(let made):
            return made.event == .ended && (isOnAnInstance || compromise(of: [.station, .grant]) != nil)
        case .update(let made): return made.stage == .withdrawn && compromise(of: [.grant]) != nil
        case .trust(let made): return isPublication(made)
        case .compromise(let made): return isCompromise(made)
        case .policy(let made): return isPolicy(made)
        // Nobody signs for the others: whatever an operator signed, it was not this.
        default: return false
        }
    }

    // MARK: Of releases

    /// The envelope of the makers is the body, and stands in the bundle.
    private func isRegistration(_ made: ReleaseEntry) -> Bool {
        guard isAsked(.addRelease), let envelope = record.releases[made.manifest]?.envelope,
            let body = try? CanonicalJSON.encode(envelope)
        else { return false }
        return ContentDigest(of: body) == act.signed.claimed.body
    }

    private func isRollout(_ made: RolloutEntry) -> Bool {
        guard let order = order({ try? RolloutOrder(parsing: $0) }, of: .changeRollout) else { return false }
        return names(made.release) && order.verb == made.act && order.reason == made.reason
            && (order.plan == nil || order.plan == made.plan)
    }

    private func isApproval(_ made: Approval) -> Bool {
        guard let order = order({ try? ApprovalOrder(parsing: $0) }, of: .approve) else { return false }
        let isForWhom =
            order.environment == made.environment && (order.device == nil) == (made.instance == nil)
            && (order.device.map { isName($0.text, of: made.instance) } ?? true)
        return isForWhom && order.release == made.release && order.role == made.role && order.reason == made.reason
            && made.by == act.certificate.name && act.certificate.roles.contains(made.role)
            && lasts(until: made.until, Int64(order.hours) * 3600)
    }

    private func isEmergency(_ made: Emergency) -> Bool {
        guard let order = order({ try? EmergencyOrder(parsing: $0) }, of: .declareEmergency) else { return false }
        return order.release == made.release && order.overrides == made.overrides && order.reason == made.reason
            && made.by == act.certificate.name && lasts(until: made.until, Int64(order.hours) * 3600)
    }

    // MARK: Of policies

    /// The body may be larger than what is kept of one: the policy's file and the reason make it again, to the byte.
    private func isPolicy(_ made: PolicyEntry) -> Bool {
        guard isAsked(.putPolicy), let policy = record.policyFiles[made.policy], let reason = made.reason,
            let order = PolicyOrder(policy, reason: reason.text), let body = try? CanonicalJSON.encode(order)
        else { return false }
        return ContentDigest(of: body) == act.signed.claimed.body
    }

    // MARK: Of instances

    private func isAct(_ made: OperatorEntry) -> Bool {
        if let line = made.line {
            guard made.act == .reinstate, let order = order({ try? ForkOrder(parsing: $0) }, of: .settleFork) else {
                return false
            }
            return order.line == line && order.reason == made.reason
        }
        let route: OperatorRoute =
            switch made.act {
            case .suspend: .suspend
            case .reinstate: .reinstate
            case .retire: .retire
            }
        return isAsked(route) && reason == made.reason
    }

    private func isTier(_ made: TierEntry) -> Bool {
        guard made.change == .lowered else { return isAsked(.raiseTier) && reason == made.reason }
        guard let order = order({ try? LowerTierOrder(parsing: $0) }, of: .lowerTier), let until = made.until,
            let request = try? KeyRequest(parsing: order.request.bytes)
        else { return false }
        return order.reason == made.reason && request.key.thumbprint == made.key
            && lasts(until: until, Int64(order.days) * 86_400)
    }

    // MARK: Of keys

    /// The bundle that people have signed is in the body; what the one before it named is not known here.
    private func isPublication(_ made: TrustEntry) -> Bool {
        guard let envelope = order({ try? SignedEnvelope(parsing: $0) }, of: .publishTrust),
            let bundle = try? TrustBundle(parsing: envelope.payload.bytes)
        else { return false }
        return ContentDigest(of: envelope.payload.bytes) == made.bundle && bundle.number == made.version
            && bundle.particulars.isSuperset(of: made.added) && bundle.particulars.isDisjoint(with: made.removed)
    }

    private func isCompromise(_ made: CompromiseEntry) -> Bool {
        guard let order = compromise(of: [made.kind]), order.reason == made.reason else { return false }
        if order.key == made.key { return true }
        switch made.kind {
        case .witness: return made.key.hasPrefix(order.key + "+")
        // Which key a station has, nobody knows here.
        case .station: return Label(order.key) != nil && ContentDigest(order.key) == nil
        case .grant, .results, .ledger, .release, .trust: return false
        }
    }

    /// What was said of a key of one of these kinds: it speaks for all that ends with the key.
    private func compromise(of kinds: [KeyKind]) -> CompromiseOrder? {
        guard let order = order({ try? CompromiseOrder(parsing: $0) }, of: .reportCompromise),
            order.isRehearsal == nil, kinds.contains(order.kind)
        else { return nil }
        return order
    }

    /// Whether the instance was born by a station, which is called by its name or its key; of one whose birth is not here nobody knows.
    private func isBorn(by station: String) -> Bool {
        guard placed.entry.instance != nil else { return false }
        guard let birth = record.index(of: placed)?.birth, let found = record.births[birth] else { return true }
        return found.birth.facts.station.text == station || found.envelope.signatures.first?.keyid == station
    }

    // MARK: What they have in common

    private func isAsked(_ route: OperatorRoute) -> Bool { act.requested.route == route }

    /// The body of a route; `nil` when another was asked for, or the body is no such message or missing.
    private func order<Order>(_ parse: ([UInt8]) -> Order?, of route: OperatorRoute) -> Order? {
        guard isAsked(route) else { return nil }
        return act.body.flatMap(parse)
    }

    /// The reason, where the body has nothing else.
    private var reason: Remark? { act.body.flatMap { try? OperatorReason(parsing: $0).reason } }

    private func names(_ release: ContentDigest) -> Bool { act.requested.subject == release.description }

    private var isOnAnInstance: Bool {
        act.requested.subject.map { isName($0, of: placed.entry.instance) } ?? false
    }

    /// Whether a name is an instance's id or serial number; of an instance whose birth is not here, a serial number is not known.
    private func isName(_ name: String, of instance: InstanceID?) -> Bool {
        guard let instance else { return false }
        if let id = InstanceID(name) { return id == instance }
        guard let facts = record.birth(of: instance)?.facts else { return true }
        return facts.serial.text == name
    }

    /// Whether what begins when it is signed ends then, give or take what clocks are apart.
    private func lasts(until: Int64, _ seconds: Int64) -> Bool {
        let (begin, overflow) = until.subtractingReportingOverflow(seconds)
        return !overflow && act.signed.claimed.isSigned(within: LedgerAuditor.tolerance, of: begin)
    }
}
