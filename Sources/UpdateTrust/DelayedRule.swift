import Messages

/// What a policy's rule allows to devices that are off line: grants that come to them later, as files.
public struct DelayedRule: Hashable, Sendable, Codable {
    /// How a request shows that it is no older than it may be (RFC 9334 section 10).
    public enum Freshness: String, Hashable, Sendable, Codable, CaseIterable {
        /// By an epoch: the current and the previous one count.
        case epoch
        /// By a challenge that was given to this device beforehand.
        case challenge
    }

    /// How a request shows its age.
    public var freshness: Freshness
    /// How long ago its challenge may have been given; absent for epochs, whose length is the verifier's.
    public var age: PolicyRule.Span?
    /// How long a grant is good for, on the TPM's own clock and from the quote on: powered time.
    public var span: PolicyRule.Span
    /// How many resets of the platform after the quote it outlasts.
    public var resets: UInt32

    /// The longest span: a device that is under power all year comes to a port once.
    static let maximumSpan: Int64 = 366 * 86_400
    /// The oldest challenge: a grant on what a device was half a year ago says nothing of it.
    public static let maximumAge: Int64 = 184 * 86_400
    /// The most resets: three a day for a year.
    static let maximumResets: UInt32 = 1000

    /// What is wrong with it, for the author of the policy.
    var problem: String? {
        if !(1...Self.maximumSpan).contains(span.seconds) {
            return "\"delayed.span.seconds\" is \(span.seconds), it must be 1 to \(Self.maximumSpan)"
        }
        if resets > Self.maximumResets { return "\"delayed.resets\" is \(resets), at most \(Self.maximumResets)" }
        switch (freshness, age) {
        case (.epoch, nil): return nil
        case (.epoch, .some):
            return "\"delayed.age\" goes with the freshness challenge; epochs have the verifier's length"
        case (.challenge, nil): return "\"delayed.age\" is missing: how long ago a challenge may have been given"
        case (.challenge, let age?):
            return (1...Self.maximumAge).contains(age.seconds)
                ? nil : "\"delayed.age.seconds\" is \(age.seconds), it must be 1 to \(Self.maximumAge)"
        }
    }
}

/// How evidence that came as a file is known to be no older than it may be; times in seconds since 1970.
public enum CarriedFreshness: Hashable, Sendable {
    /// It carries the epoch that began then, the current or the previous one.
    case epoch(from: Int64)
    /// It carries a challenge that this instance was given then.
    case challenge(from: Int64)
    /// It carries the name of a grant, which nobody knew before the grant was given.
    case grant
}

extension DelayedRule {
    /// What stands against a request by its age.
    func reason(against freshness: CarriedFreshness, at now: Int64) -> DecisionReason? {
        switch (self.freshness, freshness) {
        case (.epoch, .epoch): nil
        case (.challenge, .challenge(let from)): now &- from <= age?.seconds ?? 0 ? nil : .requestTooOld
        default: .freshnessNotAllowed
        }
    }
}
