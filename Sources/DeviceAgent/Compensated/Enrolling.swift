import Crypto
public import Messages

extension StateDirectory {
    /// Makes this a device without a TPM, or finds it one: its first key, and the request for its factory.
    /// - Parameter sealing: how the identity is sealed from here on; nil leaves it as it lies.
    public func requestKey(
        _ sources: [ClaimSource],
        sealedBy sealing: Sealing? = nil,
        _ lock: borrowing AgentLock
    ) async throws(AgentError) -> KeyRequest {
        try checkNotRetiring()
        let claims = try sources.read()
        let identity: SoftwareIdentity
        if let made = try await durableIdentity() {
            guard made.identity.sources == sources else { throw Self.claimsDiffer }
            guard made.identity.bornWith == nil else {
                throw AgentError(
                    .refused,
                    "this device was born already",
                    hint:
                        "its first key may be gone by now; a device that lost its identity is born anew by its factory",
                    reasons: ["born"]
                )
            }
            identity = made.identity
            try await seal(made, by: sealing)
        } else {
            try noteTPM()
            identity = SoftwareIdentity(
                first: P256.Signing.PrivateKey(),
                next: P256.Signing.PrivateKey(),
                sources: sources
            )
            try await write(KeptIdentity(identity: identity, sealing: sealing))
        }
        do {
            return try KeyRequest(by: identity.keys.key, claims: claims)
        } catch {
            throw AgentError("the key request", error)
        }
    }

    static let claimsDiffer = AgentError(
        .refused,
        "this device has a key already, made with other claims",
        hint: "give the same claims, or give the agent another directory with --state",
        reasons: ["claims-differ"]
    )

    /// Takes over what the factory has signed.
    public func accept(
        _ record: CompensatedBirthRecord,
        sealedBy sealing: Sealing? = nil,
        _ lock: borrowing AgentLock
    ) async throws(AgentError) {
        guard var kept = try await durableIdentity() else { throw Self.noKey }
        guard record.instance == kept.identity.instance else {
            throw AgentError(
                .refused,
                "the birth is of another device's key",
                hint: "give this device the birth that was signed for its own request",
                reasons: ["other-instance"]
            )
        }
        kept.identity.setBirth(record.serial, with: record.bornWith)
        if let sealing { kept.sealing = sealing }
        try await write(kept)
    }

    /// Seals the identity that is here, or seals it otherwise than before.
    /// - Returns: whose it is.
    public func seal(by sealing: Sealing, _ lock: borrowing AgentLock) async throws(AgentError) -> InstanceID {
        guard let kept = try await durableIdentity() else { throw Self.noKey }
        try await seal(kept, by: sealing)
        return kept.identity.instance
    }

    private func seal(_ kept: KeptIdentity, by sealing: Sealing?) async throws(AgentError) {
        guard let sealing else { return }
        var sealed = kept
        sealed.sealing = sealing
        try await write(sealed)
    }

    private static let noKey = AgentError(
        .refused,
        "no key was made here",
        hint: "begin with birthmark-device enrol --claim …",
        reasons: ["no-key"]
    )
}
