public import Messages

/// All that a decision was taken on, so that it can be taken again.
///
/// What is on record anyway is named by its digest: the birth, the event log, the payloads of releases, the policy.
public struct ArchivedDecision: Hashable, Sendable, Codable {
    /// What was judged.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// What an instance asked for.
        case decision
        /// A receipt that came as a file.
        case receipt
        /// The last word of a retired instance.
        case farewell
    }

    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// What was judged.
    public var kind: Kind
    /// The verifier's clock, in seconds since 1970.
    public var at: Int64
    /// The verifier's name.
    public var verifier: Label
    /// SHA-256 of the policy's file.
    public var policy: ContentDigest
    /// The instance's state before.
    public var state: InstanceState
    /// How the releases stood that the state names, and the one that was asked for; one that was not on record is not in it.
    public var releases: [StandingRelease]
    /// The rollout of the release that was asked for; absent when it had none.
    public var rollout: Rollout?
    /// The approvals of that release that have a say here; absent when nobody asked who had approved it.
    public var approvals: [RecordedApproval]?
    /// The emergencies that were declared for that release; absent when there were none, or nothing for them to lift.
    public var emergencies: [RecordedEmergency]?
    /// The names that were drawn for a grant and a lease.
    public var identifiers: FreshIdentifiers
    /// What an instance with a TPM showed; present when `software` is not.
    public var measured: MeasuredBasis?
    /// What an instance without a TPM showed; present when `measured` is not.
    public var software: CompensatedBasis?

    /// The most bytes of the JSON form: a real one has about 6 KB, one with thousands of releases to look among some hundreds.
    static let maximumSize = ArchivedReport.maximumBasisSize

    /// Puts down what a decision about an instance with a TPM is taken on.
    /// - Parameters:
    ///   - evidence: the evidence; of its log and of its list of what Linux measured the digests are kept.
    ///   - list: SHA-256 of the part of that list that came with the evidence; `nil` when none did.
    ///   - tried: the releases among which the boot was looked for; `nil` when it did not have to be.
    public init(
        of input: DecisionInput,
        _ kind: Kind,
        evidence: Evidence,
        list: ContentDigest?,
        tried: [KnownRelease]?
    ) {
        self.init(of: input, kind)
        var evidence = evidence
        let offset = evidence.ima?.offset
        evidence.logBytes = nil
        evidence.ima = nil
        measured = MeasuredBasis(
            evidence: evidence,
            log: input.log,
            list: list.flatMap { digest in offset.map { ArchivedList(offset: $0, digest: digest) } },
            tried: tried?.map { StandingRelease(manifest: $0.manifest, standing: $0.standing) },
            carried: input.carried
        )
    }

    /// Puts down what a decision about an instance without a TPM is taken on.
    /// - Parameter positions: of those keys in the request that were committed for the instance before.
    public init(
        of input: CompensatedInput,
        _ kind: Kind,
        evidence: CompensatedEvidence,
        positions: [SoftwareKey: Int64]
    ) {
        self.init(of: input, kind)
        software = CompensatedBasis(
            evidence: evidence,
            keyPosition: positions[input.request.request.key],
            nextPosition: positions[input.request.request.next],
            vouch: input.vouch.map { ArchivedVouch($0) },
            gatewayHolds: input.gatewayHolds
        )
    }

    private init(of input: some ArchivedInput, _ kind: Kind) {
        formatVersion = 1
        self.kind = kind
        at = input.now
        verifier = input.verifier
        policy = input.policy.digest
        state = input.state
        releases = [StandingRelease](of: input.standings)
        rollout = input.release?.rollout
        approvals = input.approvalsAskedFor
        emergencies = input.emergencies.isEmpty ? nil : input.emergencies
        identifiers = input.identifiers
    }

    /// Reads one from its exact bytes, and holds its parts to their bounds.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(ArchivedDecision.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "\"formatVersion\" \(formatVersion) is not known here, only 1")
        }
        guard (measured == nil) != (software == nil) else {
            throw MessageError(.outOfRange, "exactly one of \"measured\" and \"software\" must be there")
        }
        guard emergencies?.isEmpty != true else {
            throw MessageError(.outOfRange, "\"emergencies\" is left out when there are none")
        }
        if let measured {
            guard measured.evidence.logBytes == nil, measured.evidence.ima == nil else {
                throw MessageError(.outOfRange, "logs and lists are kept under their digests, and not here")
            }
            _ = try Evidence(parsing: try CanonicalJSON.encode(measured.evidence))
        }
        if let software {
            _ = try CompensatedEvidence(parsing: try CanonicalJSON.encode(software.evidence))
            if let vouch = software.vouch { _ = try VouchStatement(parsing: try vouch.statement.bytes) }
        }
    }

    /// The exact bytes.
    public var bytes: [UInt8] {
        get throws(MessageError) { try CanonicalJSON.encode(self) }
    }

    /// How the releases stood.
    public var standings: ReleaseStandings { releases.standings }
}

/// What an instance with a TPM showed, and what its evidence was held to.
public struct MeasuredBasis: Hashable, Sendable, Codable {
    /// The evidence, without the bytes of its log and its list.
    public var evidence: Evidence
    /// The event log beside the quote, when the verifier held it or was given it.
    public var log: ContentDigest?
    /// What Linux measured, as far as it came along.
    public var list: ArchivedList?
    /// The releases among which the boot was looked for, in that order; absent when it did not have to be.
    public var tried: [StandingRelease]?
    /// Why evidence that came as a file was no older than it may be; absent for evidence that came over the network.
    public var carried: CarriedFreshness?
}

/// What an instance without a TPM showed, and what it was held to.
public struct CompensatedBasis: Hashable, Sendable, Codable {
    /// The evidence.
    public var evidence: CompensatedEvidence
    /// The position of the key that signed; absent when it was never committed for this instance.
    public var keyPosition: Int64?
    /// The position of the key that was to come; absent, as it should be, when it was never committed.
    public var nextPosition: Int64?
    /// The word of the gateway through which it came.
    public var vouch: ArchivedVouch?
    /// Whether the gateway on whose word its lease rested was trusted still.
    public var gatewayHolds: Bool
}
