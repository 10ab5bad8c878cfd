public import Messages

/// Whether an install may begin.
public enum GateVerdict: Hashable, Sendable {
    /// It may: everything agreed.
    case open(GatePass)
    /// It may not; the reasons, each once, in the order of the checks.
    case shut([GateReason])
}

/// What a gate opened for.
public struct GatePass: Hashable, Sendable {
    /// The grant.
    public let grant: Grant
    /// The release.
    public let release: Release
    /// Whether the install begins or goes on.
    public let stage: Stage

    /// How far the install is.
    public enum Stage: Hashable, Sendable {
        /// The counter is still to be spent.
        case begin
        /// The counter was spent for this grant before a power cut: go on, without spending again.
        case resume
    }
}

/// Why a gate stays shut: the closed list.
public enum GateReason: String, Hashable, Sendable, Codable, CaseIterable {
    // The grant itself.
    case grantMalformed = "grant-malformed"
    case grantHeader = "grant-header"
    case grantKeyUnknown = "grant-key-unknown"
    case grantSignature = "grant-signature"
    case grantClaims = "grant-claims"
    case grantIssuer = "grant-issuer"
    // Whose it is.
    case otherInstance = "other-instance"
    case otherKey = "other-key"
    case otherRequest = "other-request"
    // What it is for.
    case releaseSignature = "release-signature"
    case releaseMalformed = "release-malformed"
    case otherRelease = "other-release"
    case otherPackage = "other-package"
    case packageContent = "package-content"
    // When and how often.
    case floorUnreadable = "floor-unreadable"
    case belowSecurityFloor = "below-security-floor"
    case notYetValid = "not-yet-valid"
    case expired
    case rebooted
    case tooManyResets = "too-many-resets"
    case clockOutOfBounds = "clock-out-of-bounds"
    case otherCounter = "other-counter"
    case counterUnreadable = "counter-unreadable"
    case alreadySpent = "already-spent"
    case counterBehind = "counter-behind"
    case notItsTurn = "not-its-turn"
    // The ledger.
    case entryMalformed = "entry-malformed"
    case entryMismatch = "entry-mismatch"
    case proofMalformed = "proof-malformed"
    case checkpointRefused = "checkpoint-refused"
    case notOnLedger = "not-on-ledger"
    case ledgerUnwitnessed = "ledger-unwitnessed"
    case tooFewWitnessesKnown = "too-few-witnesses-known"
    case ledgerTime = "ledger-time"

    /// One sentence for people, with what to do where something can be done.
    public var sentence: String {
        switch self {
        case .grantMalformed: "The grant is not a signed token."
        case .grantHeader: "The grant's header is not exactly that of a grant."
        case .grantKeyUnknown:
            "The grant is signed with a key that this device does not know; renew its trust bundle if the key was changed."
        case .grantSignature: "The grant's signature does not verify."
        case .grantClaims: "The grant's claims are not those of a grant or contradict one another."
        case .grantIssuer: "The grant was given by another verifier."
        case .otherInstance: "The grant is for another instance."
        case .otherKey: "The grant is bound to another attestation key than this TPM's."
        case .otherRequest: "The grant answers another request than the one this device made."
        case .releaseSignature: "The release is not signed by enough of its makers' keys."
        case .releaseMalformed: "The release's payload cannot be read."
        case .otherRelease: "The grant is for another release."
        case .otherPackage: "The grant is for another package, version or file than the release names."
        case .packageContent: "The package file is not the one that was granted; fetch it again."
        case .floorUnreadable:
            "The TPM's security floor counter cannot be read; the TPM may be locked out, cleared or replaced."
        case .belowSecurityFloor:
            "The package's security version is below this device's floor, and the grant names no operator's act that allows it."
        case .notYetValid: "The grant is not valid yet."
        case .expired: "The grant's time has passed; ask again. If the clock is ahead, set it first."
        case .rebooted: "The device was rebooted since it asked; ask again."
        case .tooManyResets: "The device was reset more often than the grant outlasts; make a fresh request."
        case .clockOutOfBounds: "The TPM's clock is outside the grant's bounds; ask again."
        case .otherCounter: "The grant is bound to another TPM counter."
        case .counterUnreadable:
            "The TPM's grants counter cannot be read; the TPM may be locked out, cleared or replaced."
        case .alreadySpent: "The grant was used before; ask again."
        case .notItsTurn: "A grant that was given before this one has to be used first."
        case .counterBehind: "The TPM's grants counter is behind the grant's value."
        case .entryMalformed: "The ledger entry beside the grant cannot be read."
        case .entryMismatch: "The ledger entry is not this grant's."
        case .proofMalformed: "The ledger proof cannot be read."
        case .checkpointRefused: "The ledger's checkpoint is not signed by the ledger's key."
        case .notOnLedger: "The grant's entry is not on the ledger."
        case .ledgerUnwitnessed:
            "Fewer witnesses than the grant or this device's trust bundle requires have signed for the ledger with this grant; ask again."
        case .tooFewWitnessesKnown:
            "The grant wants more witnesses of the ledger than this device's trust bundle names; renew its trust bundle."
        case .ledgerTime: "The witnesses of the ledger have seen this grant at another time than it says."
        }
    }
}
