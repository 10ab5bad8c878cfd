public import AttestationResults
public import Messages

/// A decision request with the digest of the exact bytes that it was read from.
public struct ReceivedRequest: Hashable, Sendable {
    /// The request.
    public let request: DecisionRequest
    /// SHA-256 of the bytes.
    public let digest: ContentDigest
    /// What the quote over it must carry as qualifying data, 32 bytes.
    public let qualifyingData: [UInt8]

    /// Reads a request.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        request = try DecisionRequest(parsing: bytes)
        digest = ContentDigest(of: bytes)
        qualifyingData = DecisionRequest.qualifyingData(for: bytes)
    }
}

/// A release that the verifier has registered.
public struct KnownRelease: Hashable, Sendable {
    /// The payload, whose signatures were checked when it was registered.
    public var release: Release
    /// SHA-256 of the payload's exact bytes.
    public var manifest: ContentDigest
    /// Whether it may still be granted, and run.
    public var standing: ReleaseStanding
    /// To whom by now; `nil` when it has no rollout, and goes to all.
    public var rollout: Rollout?

    /// Joins the parts.
    public init(release: Release, manifest: ContentDigest, standing: ReleaseStanding, rollout: Rollout? = nil) {
        self.release = release
        self.manifest = manifest
        self.standing = standing
        self.rollout = rollout
    }
}

/// Random names for what a decision may create; drawn by the caller, because a judgement draws nothing.
public struct FreshIdentifiers: Hashable, Sendable {
    /// The `jti` of a grant: 16 random bytes in base64url.
    public let grant: String
    /// The id of a lease: 16 other random bytes in hexadecimal.
    public let lease: Label

    /// Takes 32 bytes from the system's generator; `nil` when there are not exactly 32.
    public init?(random: [UInt8]) {
        guard random.count == 2 * GrantClaims.identifierSize,
            let lease = Label(LowercaseHex.encode(random.suffix(GrantClaims.identifierSize)))
        else { return nil }
        grant = Base64URL.encode(random.prefix(GrantClaims.identifierSize))
        self.lease = lease
    }
}

/// All that a decision depends on.
public struct DecisionInput: Sendable {
    /// The appraisal's verdict on the evidence.
    public var verdict: Verdict
    /// The request that the evidence answers.
    public var request: ReceivedRequest
    /// SHA-256 of the TPMS_ATTEST bytes that were appraised.
    public var quote: ContentDigest
    /// The event log beside the quote, when the verifier holds it.
    public var log: ContentDigest?
    /// The instance's birth record.
    public var record: BirthRecord
    /// The instance's state, as it was when the appraisal took its expectations.
    public var state: InstanceState
    /// The release that the request names by its manifest; `nil` when it is not registered, or none is asked for.
    public var release: KnownRelease?
    /// The registered releases, when the appraisal had to look among them for the boot; empty otherwise.
    public var known: [KnownRelease]
    /// How the releases stand that the state names.
    public var standings: ReleaseStandings
    /// What people have said of the release that the request names.
    public var authority: ReleaseAuthority
    /// Why evidence that came as a file is no older than it may be; `nil` for evidence that came over the network.
    public var carried: CarriedFreshness?
    /// The policy in force.
    public var policy: Policy
    /// The verifier's clock, in seconds since 1970.
    public var now: Int64
    /// Names for a grant and a lease.
    public var identifiers: FreshIdentifiers
    /// The verifier's own name: `iss` of grants, and the actor of entries.
    public var verifier: Label
    /// SHA-256 of all that is in here, as it will be archived: the entry names it; `nil` when it will not be.
    public var basis: ContentDigest?

    /// Joins the parts.
    public init(
        verdict: Verdict,
        request: ReceivedRequest,
        quote: ContentDigest,
        log: ContentDigest? = nil,
        record: BirthRecord,
        state: InstanceState,
        release: KnownRelease?,
        known: [KnownRelease] = [],
        standings: ReleaseStandings = [:],
        authority: ReleaseAuthority = ReleaseAuthority(),
        carried: CarriedFreshness? = nil,
        policy: Policy,
        now: Int64,
        identifiers: FreshIdentifiers,
        verifier: Label
    ) {
        self.verdict = verdict
        self.request = request
        self.quote = quote
        self.log = log
        self.record = record
        self.state = state
        self.release = release
        self.known = known
        self.standings = standings
        self.authority = authority
        self.carried = carried
        self.policy = policy
        self.now = now
        self.identifiers = identifiers
        self.verifier = verifier
    }
}
