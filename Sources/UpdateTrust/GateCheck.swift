import Ledger
import Messages

/// The device's own judgement of a grant before anything is installed: all of it agrees, or nothing opens.
public enum GateCheck {
    /// Judges.
    ///
    /// The same input gives the same verdict; the caller reads TPM and clock, and spends the counter after an `open` to `begin`.
    public static func judge(_ input: GateInput, trust: GateTrust) -> GateVerdict {
        let grant: Grant
        do {
            grant = try Grant.verify(input.delivery.grant, issuer: trust.issuer, keys: trust.grantKeys)
        } catch {
            return .shut([GateReason(error.code)])
        }
        let release = GateFinding.release(input.release, of: grant.claims.package, input.package, trust: trust)
        let stage = judgeCounter(input, grant: grant)
        var reasons = reasonsOfHolder(input, grant: grant)
        reasons += release.reasons
        reasons += reasonsOfFloor(input, grant: grant)
        reasons += stage.reasons
        // An install that has begun is finished: its time and boot were judged before the counter was spent.
        if stage.value != .resume { reasons += reasonsOfTime(input, grant: grant) }
        reasons += input.delivery.reasons(
            trust: trust,
            wanting: grant.claims.witnesses,
            good: grant.claims.iat..<max(grant.claims.iat, grant.claims.exp)
        ) { $0.states(grant.digest, grant.claims, to: grant.instance, downgrade: grant.claims.downgrade?.act) }
        guard reasons.isEmpty, let release = release.value, let stage = stage.value else { return .shut(reasons) }
        return .open(GatePass(grant: grant, release: release, stage: stage))
    }

    /// Whose grant it is, and what for it was asked.
    private static func reasonsOfHolder(_ input: GateInput, grant: Grant) -> [GateReason] {
        var reasons: [GateReason] = []
        let claims = grant.claims
        if grant.instance != input.instance { reasons.append(.otherInstance) }
        if JSONWebKey(publicArea: input.iakPublicArea)?.thumbprint != claims.cnf.jkt { reasons.append(.otherKey) }
        let asked = try? DecisionRequest(parsing: input.request)
        let answersRequest =
            ContentDigest(of: input.request) == claims.request && asked?.instance == grant.instance
            && asked?.purpose == (claims.bounds.resets == nil ? .update : .delayed)
            && asked?.challenge == claims.eat_nonce
            && asked?.package == claims.package.reference && claims.bounds.follows(asked?.counters)
        if !answersRequest { reasons.append(.otherRequest) }
        return reasons
    }

    private static func reasonsOfFloor(_ input: GateInput, grant: Grant) -> [GateReason] {
        guard let reading = input.readings.securityFloor, reading >= input.counters.securityFloor.base else {
            return [.floorUnreadable]
        }
        let floor = reading - input.counters.securityFloor.base
        guard grant.claims.package.securityVersion < floor else { return [] }
        // The purpose alone is not enough: it says how the package relates to what ran, not to this TPM's floor.
        guard let downgrade = grant.claims.downgrade, floor <= downgrade.floor else { return [.belowSecurityFloor] }
        return []
    }

    /// Single use: the counter is unspent, or spent for this very grant whose install a power cut interrupted.
    private static func judgeCounter(_ input: GateInput, grant: Grant) -> GateFinding<GatePass.Stage> {
        let bound = grant.claims.bounds.counter
        guard bound.index == input.counters.grants.index else { return GateFinding(reasons: [.otherCounter]) }
        guard let reading = input.readings.grants else { return GateFinding(reasons: [.counterUnreadable]) }
        if reading == bound.value { return GateFinding(value: .begin) }
        guard reading > bound.value else {
            return GateFinding(reasons: [grant.claims.bounds.resets == nil ? .counterBehind : .notItsTurn])
        }
        let isJournalled = reading - bound.value == 1 && input.journalled == grant.claims.jti
        return isJournalled ? GateFinding(value: .resume) : GateFinding(reasons: [.alreadySpent])
    }

    /// Time, as far as it can be trusted: the TPM's clock and reset count bound it, the wall clock may only narrow it.
    private static func reasonsOfTime(_ input: GateInput, grant: Grant) -> [GateReason] {
        var reasons: [GateReason] = []
        let claims = grant.claims
        // A clock behind `iat` is wrong, because the grant exists; only a grant for later is held to its beginning.
        if claims.nbf > claims.iat, input.wallClock < claims.nbf { reasons.append(.notYetValid) }
        if input.wallClock >= claims.exp { reasons.append(.expired) }
        if !claims.bounds.allows(resetCount: input.readings.resetCount) {
            reasons.append(claims.bounds.resets == nil ? .rebooted : .tooManyResets)
        }
        let margin = input.readings.safe ? 0 : input.readings.clockUpdate
        let latest = input.readings.clock.addingReportingOverflow(margin)
        let bounds = claims.bounds.clock
        if latest.overflow || latest.partialValue > bounds.max || input.readings.clock < bounds.min {
            reasons.append(.clockOutOfBounds)
        }
        return reasons
    }
}

extension GrantBounds {
    /// Whether the counter is the one that the request stated; grants that travel as files stand in a row behind it.
    fileprivate func follows(_ stated: CounterReadings?) -> Bool {
        guard let stated, counter.value >= stated.grants else { return false }
        return resets == nil
            ? counter.value == stated.grants : counter.value - stated.grants < UInt64(DelayedGrant.maximumCount)
    }
}

extension GateReason {
    /// Why a gate stays shut before a text that is no grant.
    public init(_ code: JWSError.Code) {
        self =
            switch code {
            case .malformed: .grantMalformed
            case .header, .algorithm: .grantHeader
            case .unknownKey: .grantKeyUnknown
            case .signature: .grantSignature
            case .claims: .grantClaims
            case .issuer: .grantIssuer
            }
    }
}
