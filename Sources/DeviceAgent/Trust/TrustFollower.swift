import Messages
import UpdateTrust
import VerifierClient

/// Leads a device from the trust bundle that it holds to the newest, one version after the other.
///
/// Each step is judged by the bundle before it and durable before the next is asked for: cut off anywhere, the older or the newer one is
/// held, and the next time goes on from there. Whoever follows has locked the state directory.
struct TrustFollower: Sendable {
    let state: StateDirectory
    let held: HeldTrust

    /// Goes as far as there is a next version.
    /// - Parameter next: gives the envelope of a version, which nobody has judged; `nil` when there is none.
    /// - Throws: `AgentError` when it could not be asked, or not be kept; steps that were taken are taken.
    func follow(
        _ next: (_ version: Int64) async throws -> SignedEnvelope?
    ) async throws(AgentError) -> FollowedTrust {
        let from = held.now.number
        try takeUp()
        do {
            for _ in 0..<TrustChain.maximumCount {
                let current = held.now
                guard let envelope = try await next(current.number &+ 1) else { break }
                switch TrustStep.judge(envelope, after: current) {
                case .success(let step):
                    try state.write(step.bytes, to: state.trustPath)
                    held.replace(with: step.bundle)
                case .failure(let refusal):
                    return FollowedTrust(from: from, to: held.now.number, refused: refusal.rawValue)
                }
            }
        } catch {
            throw AgentError(of: error, about: "the next trust bundle")
        }
        return FollowedTrust(from: from, to: held.now.number)
    }

    /// Another process of this device may have gone on meanwhile.
    private func takeUp() throws(AgentError) {
        guard let kept = try state.keptTrust(), kept.number > held.now.number else { return }
        held.replace(with: kept)
    }
}
