public import Messages
import UpdateTrust

/// When a lease is renewed next.
///
/// A value that knows no clock, no die and no verifier: all three are arguments.
public struct RenewalSchedule: Hashable, Sendable {
    /// What an attempt came to.
    public enum Outcome: Hashable, Sendable, CaseIterable {
        /// The verifier renewed the lease.
        case renewed
        /// Nothing was decided: no verifier, no TPM, no disk, or a verifier that could not say.
        case undecided
        /// The verifier, or what this device itself knows, said no.
        case refused
        /// Another command works on the state directory.
        case busy
    }

    /// A lease is renewed when between a quarter and a half of what was left of it has passed: there is as much time again for a
    /// verifier that is down, and a fleet that was switched on together spreads over a quarter of its lease.
    static let (earliestRenewal, latestRenewal) = (4, 2)
    /// The first pause after a failure, at least; it doubles with each.
    static let shortestBackOff: Duration = .seconds(5)
    /// The longest pause after failures: how late a device may notice that its verifier is back.
    static let longestBackOff: Duration = .seconds(15 * 60)
    /// After a refusal only a person can help, and each question writes on the ledger.
    static let afterRefusal: Duration = .seconds(60 * 60)
    /// Other commands take seconds, except for an install.
    static let whileBusy: Duration = .seconds(4)
    /// How long before its end a lease is asked for once more, so that a slow verifier's answer still comes in time.
    static let beforeLapse: Duration = .seconds(60)
    /// Nothing is ever asked faster than that.
    static let shortest: Duration = .seconds(1)

    /// How many attempts in a row have come to nothing.
    private var failures = 0

    /// Begins anew.
    public init() {}

    /// The pause until the next attempt.
    /// - Parameters:
    ///   - outcome: what the attempt that just ended came to.
    ///   - lease: the lease as it is now.
    ///   - now: seconds since 1970.
    public mutating func pause(
        after outcome: Outcome,
        lease: LeaseStatement?,
        now: Int64,
        random: inout some RandomNumberGenerator
    ) -> Duration {
        let left = Self.left(of: lease, now)
        switch outcome {
        case .renewed:
            failures = 0
            // A lease whose end makes no sense by this clock says that the clock is wrong, and will be put right some time.
            guard let left else { return Self.pick(Self.longestBackOff / 2...Self.longestBackOff, &random) }
            let window = left / Self.earliestRenewal...left / Self.latestRenewal
            return max(Self.shortest, Self.pick(window, &random))
        case .undecided:
            let longest = min(Self.shortestBackOff * (2 << min(failures, 16)), Self.longestBackOff)
            failures += 1
            return Self.pick(Self.beforeLapse(Self.shortestBackOff...longest, left), &random)
        case .refused:
            failures = 0
            return Self.pick(Self.beforeLapse(Self.afterRefusal / 2...Self.afterRefusal, left), &random)
        case .busy:
            return Self.pick(Self.shortest...Self.whileBusy, &random)
        }
    }

    /// What is left of the lease; nil when nothing is, or more than any lease has.
    private static func left(of lease: LeaseStatement?, _ now: Int64) -> Duration? {
        guard let lease else { return nil }
        let (seconds, overflow) = lease.expires.subtractingReportingOverflow(now)
        guard !overflow, seconds > 0, seconds <= PolicyRule.maximumLease else { return nil }
        return .seconds(seconds)
    }

    /// Cuts a window so that one more attempt ends before the lease does.
    private static func beforeLapse(_ window: ClosedRange<Duration>, _ left: Duration?) -> ClosedRange<Duration> {
        guard let left else { return window }
        let latest = max(shortest, left - min(beforeLapse, left / 2))
        guard latest < window.upperBound else { return window }
        return min(window.lowerBound, max(shortest, latest / 2))...latest
    }

    private static func pick(_ window: ClosedRange<Duration>, _ random: inout some RandomNumberGenerator) -> Duration {
        let width = (window.upperBound - window.lowerBound) / .milliseconds(1)
        return window.lowerBound + .milliseconds(Int64.random(in: 0...max(0, Int64(width)), using: &random))
    }
}
