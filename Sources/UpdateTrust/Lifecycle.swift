/// Where an instance stands in its life, as the verifier's record has it.
public enum Lifecycle: String, Hashable, Sendable, Codable, CaseIterable {
    /// Known, and without trust: no evidence was accepted since birth, or since an operator reinstated it.
    case born
    /// Evidence was accepted; what that is worth now, the lease says.
    case trusted
    /// It booted a rescue image or the release before the current one, or what it runs was recalled: a short lease, for the way back
    /// to health.
    case rescue
    /// It runs a known release that was never granted to it: as much of a lease as the policy allows for that.
    case drifted
    /// Another installation key than the one on record asked for it: nothing is granted until an operator reinstates it.
    case reimaged
    /// Its own key gave evidence that was refused, or an operator stopped it: nothing is granted until an operator reinstates it.
    case suspended
    /// Gone for good; nothing leads out of it.
    case retired

    /// What can happen to an instance.
    public enum Event: String, Hashable, Sendable, CaseIterable {
        /// Evidence was accepted, of a boot that it should run.
        case evidenceAccepted = "evidence accepted"
        /// Evidence was accepted, of a rescue image or of the release before the current one.
        case fellBack = "fell back"
        /// Evidence showed a known release that was never granted to it.
        case drifted
        /// The release that it runs was recalled.
        case recalled
        /// Evidence was accepted, and another installation than the one on record asked.
        case reimaged
        /// Authentic evidence was refused for what it shows.
        case evidenceRefused = "evidence refused"
        /// An operator suspends it.
        case suspend
        /// An operator takes it back.
        case reinstate
        /// An operator ends its life.
        case retire
        /// Its TPM was cleared, and its station put the identity back.
        case restore
        /// An operator lets a software key speak for it in place of its TPM.
        case lowerTier = "lower tier"
        /// That is over.
        case raiseTier = "raise tier"
    }

    /// Where an event leads from here, or `nil` when it cannot happen here.
    public func after(_ event: Event) -> Lifecycle? { Self.table[self]?[event] }

    /// The transition table; what it does not have cannot happen.
    static let table: [Lifecycle: [Event: Lifecycle]] = [
        .born: active,
        .trusted: active,
        .rescue: active,
        .drifted: active,
        .reimaged: [.reinstate: .born, .suspend: .suspended, .retire: .retired, .restore: .reimaged],
        .suspended: [.reinstate: .born, .retire: .retired, .restore: .suspended, .raiseTier: .suspended],
        .retired: [:],
    ]

    /// Who waits for no operator and is not retired is where its last evidence puts it.
    private static let active: [Event: Lifecycle] = [
        .evidenceAccepted: .trusted,
        .fellBack: .rescue,
        .drifted: .drifted,
        .recalled: .rescue,
        .reimaged: .reimaged,
        .evidenceRefused: .suspended,
        .suspend: .suspended,
        .restore: .born,
        .lowerTier: .born,
        .raiseTier: .born,
        .retire: .retired,
    ]
}
