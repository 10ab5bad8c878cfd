import Messages
import UpdateTrust
import VerifierClient

/// An agent of either kind, as far as it follows the versions of what its verifier's devices trust.
protocol FollowingTrust: Sendable {
    var state: StateDirectory { get }
    var held: HeldTrust { get }

    /// Asks for a version where it can be asked whatever has changed: whoever answers is believed in nothing.
    func askAnybody(for version: Int64) async throws -> SignedEnvelope?
}

extension FollowingTrust {
    private var follower: TrustFollower { TrustFollower(state: state, held: held) }

    /// Looks for the next version on a connection that is open already.
    ///
    /// That none could be had says nothing of what the connection was opened for.
    func lookForTrust(_ client: VerifierClient) async {
        // Without trust keys nothing could be believed.
        guard held.now.trustKeys != nil else { return }
        _ = try? await follower.follow { version in try await client.trust(version) }
    }

    /// Goes up to the newest version for which anybody can show the signatures.
    func catchUp() async throws(AgentError) -> FollowedTrust {
        let current = held.now
        guard current.trustKeys != nil else {
            return FollowedTrust(from: current.number, to: current.number, refused: TrustRefusal.noKeys.rawValue)
        }
        return try await follower.follow { version in try await askAnybody(for: version) }
    }

    /// Does something, and once more when what has failed it may be a trust bundle that is too old, and there was a newer one.
    func withNewestTrust<Value>(_ work: () async throws(AgentError) -> Value) async throws(AgentError) -> Value {
        do throws(AgentError) {
            return try await work()
        } catch {
            // What is told is what was to be done, and not why there is no newer bundle.
            guard error.mayBeOfOldTrust, let followed = try? await catchUp(), followed.hasMoved else { throw error }
        }
        return try await work()
    }
}

extension Agent: FollowingTrust {
    func askAnybody(for version: Int64) async throws -> SignedEnvelope? {
        try await VerifierClient.trust(version, fromWhoeverAnswersAt: held.now.url, limits: limits)
    }

    /// Brings the trust bundle up to the newest version, also from a server whose certificate this one does not vouch for.
    /// - Throws: `AgentError` when nobody could be asked, a step could not be kept, or a successor is not believed.
    public func followTrust(_ lock: borrowing AgentLock) async throws(AgentError) -> FollowedTrust {
        try await catchUp().believed()
    }
}

extension CompensatedAgent: FollowingTrust {
    func askAnybody(for version: Int64) async throws -> SignedEnvelope? {
        if let gateway {
            return try await VerifierClient.with(gateway) { client in try await client.trust(version) }
        }
        return try await VerifierClient.trust(version, fromWhoeverAnswersAt: held.now.url)
    }

    /// Brings the trust bundle up to the newest version: through the gateway, where there is one.
    /// - Throws: as that of an agent with a TPM.
    func followTrust(_ lock: borrowing AgentLock) async throws(AgentError) -> FollowedTrust {
        try await catchUp().believed()
    }
}

extension LeaseHolder {
    /// Brings the trust bundle up to the newest version.
    public func followTrust(_ lock: borrowing AgentLock) async throws(AgentError) -> FollowedTrust {
        switch self {
        case .measured(let agent): try await agent.followTrust(lock)
        case .compensated(let agent): try await agent.followTrust(lock)
        }
    }
}

extension AgentError {
    /// Whether a newer trust bundle may help.
    var mayBeOfOldTrust: Bool { isOfAStranger || !Self.signedByStrangers.isDisjoint(with: reasons) }

    private static let signedByStrangers = Set(
        [
            GateReason.grantKeyUnknown, .checkpointRefused, .ledgerUnwitnessed, .tooFewWitnessesKnown,
            .releaseSignature,
        ].map(\.rawValue) + [CompensatedAgent.answerNotCommitted]
    )
}
