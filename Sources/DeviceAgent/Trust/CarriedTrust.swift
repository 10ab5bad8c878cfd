public import Messages
import UpdateTrust

/// Trust bundles that come as a file, to a device without a network.
extension StateDirectory {
    /// Takes over the successors of the trust bundle that is held, as far as each proves itself; those that it has passed are passed over.
    /// - Throws: `AgentError` of kind `.refused` for the first that is not believed; those before it are held.
    public func follow(_ chain: TrustChain, _ lock: borrowing AgentLock) async throws(AgentError) -> FollowedTrust {
        let held = try trust(offered: nil)
        return try await TrustFollower(state: self, held: HeldTrust(held)).follow { version in
            chain.envelope(of: version)
        }
        .believed()
    }

    /// The trust bundle that is in place; `nil` when none is.
    func keptTrust() throws(AgentError) -> TrustBundle? {
        guard let bytes = try read(trustPath, limit: TrustBundle.maximumSize) else { return nil }
        return try Self.parseTrust(bytes, at: trustPath)
    }
}

extension TrustChain {
    /// The envelope that says it is of this version; where that is missing the one after it, so that the judgement says what is missing.
    fileprivate func envelope(of version: Int64) -> SignedEnvelope? {
        // What cannot be read is for the judgement to refuse.
        func claimed(_ envelope: SignedEnvelope) -> Int64 { TrustStep.claimedVersion(of: envelope) ?? version }
        return successors.first { claimed($0) == version } ?? successors.first { claimed($0) > version }
    }
}
