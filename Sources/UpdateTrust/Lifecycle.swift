/// Where an instance stands in its life, as the verifier's record has it.
public enum Lifecycle: String, Hashable, Sendable, Codable, CaseIterable {
    /// Known, and without trust: no evidence was accepted since birth, or since an operator reinstated it.
    case born
    /// Evidence was accepted; what that is worth now, the lease says.
    case trusted
    /// Its own key gave evidence that was refused, or an operator stopped it: nothing is granted until an operator reinstates it.
    case suspended
    /// Gone for good; nothing leads out of it.
    case retired

    /// What can happen to an instance.
    public enum Event: Hashable, Sendable, CaseIterable {
        /// Evidence was accepted.
        case evidenceAccepted
        /// Authentic evidence was refused for what it shows.
        case evidenceRefused
        /// An operator suspends it.
        case suspend
        /// An operator takes it back after a suspension.
        case reinstate
        /// An operator ends its life.
        case retire
        /// Its TPM was cleared, and its station put the identity back.
        case restore
    }

    /// The transition table: where an event leads from here, or `nil` when it cannot happen here.
    public func after(_ event: Event) -> Lifecycle? {
        switch (self, event) {
        case (.born, .evidenceAccepted), (.trusted, .evidenceAccepted): .trusted
        case (.born, .evidenceRefused), (.trusted, .evidenceRefused): .suspended
        case (.born, .suspend), (.trusted, .suspend): .suspended
        case (.suspended, .reinstate): .born
        case (.born, .restore), (.trusted, .restore): .born
        case (.suspended, .restore): .suspended
        case (.born, .retire), (.trusted, .retire), (.suspended, .retire): .retired
        case (.suspended, .evidenceAccepted), (.suspended, .evidenceRefused), (.suspended, .suspend): nil
        case (.born, .reinstate), (.trusted, .reinstate): nil
        case (.retired, _): nil
        }
    }
}
