public import Messages

/// A release whose signatures this device has checked.
public struct VerifiedRelease: Sendable {
    let envelope: SignedEnvelope
    /// What the makers signed.
    public let release: Release
    let reference: PackageReference

    /// Holds an envelope to the release keys of a trust bundle.
    /// - Throws: `AgentError`.
    public init(_ envelope: SignedEnvelope, _ trust: TrustBundle) throws(AgentError) {
        guard let keys = trust.releaseKeys else {
            throw AgentError(
                .malformed,
                "the trust bundle names no release keys, so no release can be checked",
                hint: "ask the verifier's operator for a trust.json with the release keys in it"
            )
        }
        do {
            let payload = try envelope.payload(type: Release.payloadType, signedBy: keys)
            release = try Release(parsing: payload)
            reference = PackageReference(
                name: release.name,
                version: release.version,
                sha256: release.artifact.sha256,
                manifest: ContentDigest(of: payload)
            )
        } catch {
            throw AgentError("the signed release", error)
        }
        self.envelope = envelope
    }

    /// The release that an update was granted, held to the very digest that its grant named.
    ///
    /// Its signatures were judged before the install. Its makers may have other keys by now, and what was installed is confirmed all the same.
    init(installedBy update: UpdateRecord) throws(AgentError) {
        envelope = update.release
        reference = update.package
        let payload = update.release.payload.bytes
        guard ContentDigest(of: payload) == update.package.manifest else {
            throw AgentError(
                .environment,
                "the journal's release is not the one that was granted",
                hint: "run birthmark-device update again"
            )
        }
        do {
            release = try Release(parsing: payload)
        } catch {
            throw AgentError("the signed release", error)
        }
    }
}
