/// Why a decision is no: the closed list.
///
/// The codes of refused evidence are `ReasonCode`; both travel side by side.
public enum DecisionReason: String, Hashable, Sendable, Codable, CaseIterable {
    // The instance.
    case suspended
    case retired
    case notRetired = "not-retired"
    case tierNotServed = "tier-not-served"
    case evidenceRefused = "evidence-refused"
    case drifted
    case reimaged
    case forked
    case tierMismatch = "tier-mismatch"
    case tierLowered = "tier-lowered"
    // Compensating controls.
    case controlsUnmet = "controls-unmet"
    case claimNotAsGranted = "claim-not-as-granted"
    // Gateways.
    case notAGateway = "not-a-gateway"
    case gatewayNotTrusted = "gateway-not-trusted"
    case notAssigned = "not-assigned"
    case readBackDiffers = "read-back-differs"
    // The policy.
    case noPolicyRule = "no-policy-rule"
    case logRequired = "log-required"
    case secureBootRequired = "secure-boot-required"
    case firmwareNotAllowed = "firmware-not-allowed"
    case imaNotJudged = "ima-not-judged"
    case moveNotAllowed = "move-not-allowed"
    case outsideWindow = "outside-window"
    case delayedNotAllowed = "delayed-not-allowed"
    case freshnessNotAllowed = "freshness-not-allowed"
    case requestTooOld = "request-too-old"
    // The release.
    case releaseUnknown = "release-unknown"
    case releaseWithdrawn = "release-withdrawn"
    case releaseNotYet = "release-not-yet"
    case releaseExpired = "release-expired"
    case releaseNotApproved = "release-not-approved"
    case packageMismatch = "package-mismatch"
    case modelDoesNotFit = "model-does-not-fit"
    case hardwareDoesNotFit = "hardware-does-not-fit"
    case rescueNotGranted = "rescue-not-granted"
    case bootNotQuotable = "boot-not-quotable"
    case belowSecurityFloor = "below-security-floor"
    case minimumSecurityVersion = "minimum-security-version"
    case requiredReleaseMissing = "required-release-not-running"
    case tooManyAttempts = "too-many-attempts"
    // The rollout.
    case rolloutNotYet = "rollout-not-yet"
    case rolloutPaused = "rollout-paused"
    case rolloutHalted = "rollout-halted"
    // The counters.
    case countersMissing = "counters-missing"
    case countersInconsistent = "counters-inconsistent"
    // Grants that were given before.
    case grantUnconfirmed = "grant-unconfirmed"
    case grantOutstanding = "grant-outstanding"
    case grantEnded = "grant-ended"
    case requestUsed = "request-used"
    case tooManyGrants = "too-many-grants"
    case grantUnknown = "grant-unknown"
    case grantNotSpent = "grant-not-spent"
    case bootNotAsGranted = "boot-not-as-granted"
    case notRebooted = "not-rebooted"

    /// One sentence for people.
    public var sentence: String {
        switch self {
        case .suspended: "The instance is suspended until an operator reinstates it."
        case .retired: "The instance is retired for good."
        case .notRetired:
            "No operator has retired the instance: birthmark device retire comes first, then the device's own part."
        case .tierNotServed: "The instance proves itself in a way that is not accepted here for what it asks."
        case .evidenceRefused: "The instance's own evidence was refused."
        case .drifted:
            "The instance runs a known release that was never granted to it, and the policy allows no lease for that."
        case .reimaged:
            "The instance was reimaged, or lost its state directory: another installation key than the one on record asks."
        case .forked:
            "A key of this instance that was left behind has signed: there is a copy of it, or an old state was put back."
        case .tierMismatch: "The instance proves itself in another way than this."
        case .tierLowered:
            "An operator has let the instance speak without its TPM for a time: birthmark device raise-tier ends it."
        case .controlsUnmet: "A compensating control that the policy wants is not met."
        case .claimNotAsGranted: "The device does not say that it runs what was granted."
        case .notAGateway: "The policy does not let this instance vouch for others."
        case .gatewayNotTrusted: "The gateway is not as healthy as it must be to vouch for others."
        case .notAssigned: "The instance is not assigned to the gateway that speaks for it."
        case .readBackDiffers: "The gateway read another image out of the device than the one that was granted."
        case .noPolicyRule: "No rule of the policy is for this instance and package."
        case .logRequired: "The policy wants the boot's event log, and none was given."
        case .secureBootRequired: "The policy wants Secure Boot on, and the event log does not say that it is."
        case .firmwareNotAllowed: "The platform firmware is not a version that the policy allows."
        case .imaNotJudged: "The policy's rule and the instance's record do not agree on judging what Linux measures."
        case .moveNotAllowed: "The policy does not allow this move from the release that runs."
        case .outsideWindow: "The policy's maintenance window is closed."
        case .delayedNotAllowed: "The policy allows no grants that come later as files."
        case .freshnessNotAllowed:
            "The policy wants the request's age shown in the other way: by an epoch, or by a challenge."
        case .requestTooOld: "The request's challenge was given longer ago than the policy allows."
        case .releaseUnknown: "No such release is registered."
        case .releaseWithdrawn: "The release was withdrawn."
        case .releaseNotYet: "The release may not be given out yet."
        case .releaseExpired: "The release may not be given out any more."
        case .releaseNotApproved: "Fewer people have approved the release than the policy wants."
        case .packageMismatch: "The package asked for is not the one that the release names."
        case .modelDoesNotFit: "The release is not made for this model."
        case .hardwareDoesNotFit: "The release is not made for this hardware revision."
        case .rescueNotGranted: "The release is a rescue image, which is booted and not installed by an update."
        case .bootNotQuotable: "The release's boot has measurements that this instance does not quote."
        case .belowSecurityFloor:
            "The release's security version is below the instance's floor, and no operator has allowed it."
        case .minimumSecurityVersion:
            "What runs now is too old for this release; an intermediate release has to come first."
        case .requiredReleaseMissing:
            "Another release has to run before this one can be installed, and does not."
        case .tooManyAttempts:
            "The release was installed on this instance and did not come to stay as often as the policy allows: an operator looks first."
        case .rolloutNotYet: "The release's rollout has not come to this instance yet."
        case .rolloutPaused: "The release's rollout is paused: only who has the release may have it again."
        case .rolloutHalted:
            "The release's rollout is halted, because too many updates failed: only who has the release may have it again."
        case .countersMissing: "The request does not give the TPM's counters."
        case .countersInconsistent: "The counters in the request are behind what was already seen."
        case .grantUnconfirmed: "An earlier grant was carried out: boot it and confirm it first."
        case .grantOutstanding: "A grant that was given before may still be used by the TPM."
        case .grantEnded: "What was granted on this request has ended with the instance's trust."
        case .requestUsed: "The request, or the challenge in it, was decided on before."
        case .tooManyGrants: "Too many grants were given as files whose receipts have not come: bring those first."
        case .grantUnknown: "The instance has no such grant to confirm."
        case .grantNotSpent: "The grant's counter was not spent, so nothing was installed by it."
        case .bootNotAsGranted: "The measured boot is not the one that the grant leads to."
        case .notRebooted: "The instance was not rebooted since the grant was given."
        }
    }
}
