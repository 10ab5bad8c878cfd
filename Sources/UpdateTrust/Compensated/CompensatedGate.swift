public import Messages

/// All that the gate of a device without a TPM judges.
public struct CompensatedGateInput: Sendable {
    /// The grant with its proof, as it was delivered.
    public var delivery: GrantDelivery
    /// The exact bytes of the request that this device made.
    public var request: [UInt8]
    /// The release, as its makers signed it.
    public var release: SignedEnvelope
    /// The package as it was measured.
    public var package: MeasuredPackage
    /// This instance.
    public var instance: InstanceID
    /// The keys of this device's ratchet: the one that is committed as far as it knows, and the next.
    public var keys: [SoftwareKey]
    /// The security version below which it installs nothing, by its own journal.
    public var securityFloor: UInt64
    /// The operating system's clock, in seconds since 1970; it can only shut the gate.
    public var wallClock: Int64
    /// Grants that were used before, by their `jti`.
    public var used: Set<String>
    /// The `jti` of the grant that the journal says is being installed.
    public var journalled: String?

    /// Joins the parts.
    public init(
        delivery: GrantDelivery,
        request: [UInt8],
        release: SignedEnvelope,
        package: MeasuredPackage,
        instance: InstanceID,
        keys: [SoftwareKey],
        securityFloor: UInt64,
        wallClock: Int64,
        used: Set<String> = [],
        journalled: String? = nil
    ) {
        self.delivery = delivery
        self.request = request
        self.release = release
        self.package = package
        self.instance = instance
        self.keys = keys
        self.securityFloor = securityFloor
        self.wallClock = wallClock
        self.used = used
        self.journalled = journalled
    }
}

/// Whether an install may begin, or go on.
public enum CompensatedGateVerdict: Hashable, Sendable {
    /// It may begin, or go on: everything agreed.
    case open(CompensatedGrant, Release, GatePass.Stage)
    /// It may not; the reasons, in the order of the checks.
    case shut([GateReason])
}

/// The judgement of a device without a TPM before anything is installed.
///
/// It holds an honest device to what was granted. There is no counter that a thief could not put back, and no clock that he could not
/// set: what is installed against the grants shows at the verifier, if at all.
public enum CompensatedGateCheck {
    /// Judges.
    public static func judge(_ input: CompensatedGateInput, trust: GateTrust) -> CompensatedGateVerdict {
        let grant: CompensatedGrant
        do {
            grant = try CompensatedGrant.verify(input.delivery.grant, issuer: trust.issuer, keys: trust.grantKeys)
        } catch {
            return .shut([GateReason(error.code)])
        }
        let release = GateFinding.release(input.release, of: grant.claims.package, input.package, trust: trust)
        var reasons = reasonsOfHolder(input, grant)
        reasons += release.reasons
        if grant.claims.package.securityVersion < input.securityFloor { reasons.append(.belowSecurityFloor) }
        // An install that has begun is finished, whatever time has passed and however often the key has moved on since.
        if input.journalled != grant.claims.jti {
            let isOwnKey = input.keys.contains { JSONWebKey($0).thumbprint == grant.claims.cnf.jkt }
            if !isOwnKey { reasons.append(.otherKey) }
            if input.used.contains(grant.claims.jti) { reasons.append(.alreadySpent) }
            if input.wallClock >= grant.claims.exp { reasons.append(.expired) }
        }
        reasons += input.delivery.reasons(
            trust: trust,
            wanting: grant.claims.witnesses,
            good: grant.claims.iat..<max(grant.claims.iat, grant.claims.exp)
        ) { $0.states(grant.digest, grant.claims, to: grant.instance, downgrade: nil) }
        guard reasons.isEmpty, let release = release.value else { return .shut(reasons) }
        return .open(grant, release, input.journalled == grant.claims.jti ? .resume : .begin)
    }

    /// Whose grant it is, and what for it was asked.
    private static func reasonsOfHolder(_ input: CompensatedGateInput, _ grant: CompensatedGrant) -> [GateReason] {
        var reasons: [GateReason] = []
        let claims = grant.claims
        if grant.instance != input.instance { reasons.append(.otherInstance) }
        let asked = try? CompensatedRequest(parsing: input.request)
        let answersRequest =
            ContentDigest(of: input.request) == claims.request && asked?.instance == grant.instance
            && asked?.purpose == .update && asked?.challenge == claims.eat_nonce
            && asked?.package == claims.package.reference
            && asked.map { JSONWebKey($0.next).thumbprint } == claims.cnf.jkt
        if !answersRequest { reasons.append(.otherRequest) }
        return reasons
    }
}
