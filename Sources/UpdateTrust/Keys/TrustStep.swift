public import Messages

/// A trust bundle that follows another: only `judge` makes one (TUF specification 1.0, section 5.3, for its root).
public struct TrustStep: Hashable, Sendable {
    /// The bundle.
    public let bundle: TrustBundle
    /// Its exact bytes, as they were signed: what is kept, so that it is the same file everywhere.
    public let bytes: [UInt8]

    /// SHA-256 of the exact bytes.
    public var digest: ContentDigest { ContentDigest(of: bytes) }

    /// Judges whether an envelope holds the bundle that follows the one that is held.
    ///
    /// Signatures come before anything that they cover is read.
    public static func judge(
        _ envelope: SignedEnvelope,
        after held: TrustBundle
    ) -> Result<TrustStep, TrustRefusal> {
        guard let heldKeys = held.trustKeys else { return .failure(.noKeys) }
        guard envelope.payloadType == TrustBundle.payloadType else { return .failure(.otherStatement) }
        guard let bytes = try? envelope.payload(type: TrustBundle.payloadType, signedBy: heldKeys) else {
            return .failure(.notSignedBefore)
        }
        guard let bundle = try? TrustBundle(parsing: bytes) else { return .failure(.unreadable) }
        guard bundle.verifier == held.verifier else { return .failure(.otherVerifier) }
        guard bundle.number > held.number else { return .failure(.wentBack) }
        guard bundle.number == held.number &+ 1 else { return .failure(.versionSkipped) }
        guard let keys = bundle.trustKeys,
            (try? envelope.payload(type: TrustBundle.payloadType, signedBy: keys)) != nil
        else { return .failure(.notSignedAfter) }
        guard (try? GateTrust(bundle)) != nil || (try? GateTrust(held)) == nil else { return .failure(.unusable) }
        return .success(TrustStep(bundle: bundle, bytes: bytes))
    }

    /// The version that an envelope says it holds; nothing may be concluded from it but that it need not be looked at.
    public static func claimedVersion(of envelope: SignedEnvelope) -> Int64? {
        (try? TrustBundle(parsing: envelope.payload.bytes))?.number
    }
}

/// Why a bundle does not follow the one that is held: the closed list.
public enum TrustRefusal: String, Error, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case noKeys = "trust-no-keys"
    case otherStatement = "trust-other-statement"
    case notSignedBefore = "trust-not-signed-before"
    case unreadable = "trust-unreadable"
    case otherVerifier = "trust-other-verifier"
    case wentBack = "trust-went-back"
    case versionSkipped = "trust-version-skipped"
    case notSignedAfter = "trust-not-signed-after"
    case unusable = "trust-unusable"

    /// One sentence for people, with what to do where something can be done.
    public var sentence: String {
        switch self {
        case .noKeys: "The trust bundle that is held names no trust keys, so nobody's word can follow it."
        case .otherStatement: "The envelope holds no trust bundle."
        case .notSignedBefore: "Too few of the trust keys that count now have signed the next trust bundle."
        case .unreadable: "What the trust keys have signed is no trust bundle."
        case .otherVerifier: "The trust bundle is of another verifier."
        case .wentBack: "The trust bundle is not newer than the one that is held."
        case .versionSkipped: "The trust bundle is not the next one; bring those between as well."
        case .notSignedAfter: "Too few of the trust keys that the next trust bundle names have signed it."
        case .unusable: "The next trust bundle lacks what a gate needs, and would open it for nothing any more."
        }
    }

    public var description: String { sentence }
}
