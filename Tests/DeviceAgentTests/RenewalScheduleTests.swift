import DeviceAgent
import Messages
import SeededRandom
import Testing

/// When a lease is renewed next: no clock, no verifier, and dice that can be repeated.
@Suite struct RenewalScheduleTests {
    private static let now: Int64 = 1_800_000_000
    private static let longest: Duration = .seconds(15 * 60)

    private func lease(for seconds: Int64) -> LeaseStatement {
        LeaseStatement(id: "lease", expires: Self.now + seconds)
    }

    /// Runs a property with many dice.
    private func always(_ body: (inout SplitMix64) -> Void) {
        for seed in 0..<1000 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            body(&random)
        }
    }

    @Test func aLeaseIsRenewedBetweenAQuarterAndAHalfOfItsTime() {
        always { random in
            var schedule = RenewalSchedule()
            let seconds = Int64.random(in: 4...31 * 86_400, using: &random)
            let pause = schedule.pause(after: .renewed, lease: lease(for: seconds), now: Self.now, random: &random)
            #expect(pause >= .seconds(seconds) / 4 && pause <= .seconds(seconds) / 2, "\(seconds): \(pause)")
        }
    }

    @Test(arguments: [0, 1, 2, 3] as [Int64])
    func theShortestLeaseDoesNotMakeABusyLoop(_ seconds: Int64) {
        always { random in
            var schedule = RenewalSchedule()
            for outcome in RenewalSchedule.Outcome.allCases {
                let pause = schedule.pause(after: outcome, lease: lease(for: seconds), now: Self.now, random: &random)
                #expect(pause >= .seconds(1))
            }
        }
    }

    @Test func backOffGrowsUpToItsBound() {
        always { random in
            var schedule = RenewalSchedule()
            for failure in 1...40 {
                let pause = schedule.pause(after: .undecided, lease: nil, now: Self.now, random: &random)
                let most = min(.seconds(5 * (1 << min(failure, 20))), Self.longest)
                #expect(pause >= .seconds(5) && pause <= most, "\(failure): \(pause)")
            }
            _ = schedule.pause(after: .renewed, lease: lease(for: 3600), now: Self.now, random: &random)
            #expect(schedule.pause(after: .undecided, lease: nil, now: Self.now, random: &random) <= .seconds(10))
        }
    }

    @Test(arguments: [RenewalSchedule.Outcome.undecided, .refused, .busy])
    func whileALeaseHoldsItIsAskedForOnceMoreInTime(_ outcome: RenewalSchedule.Outcome) {
        always { random in
            var schedule = RenewalSchedule()
            for _ in 0..<12 {
                let seconds = Int64.random(in: 5...7200, using: &random)
                let pause = schedule.pause(after: outcome, lease: lease(for: seconds), now: Self.now, random: &random)
                // With time for the answer: a minute, or as much as the pause where there is less.
                #expect(pause <= .seconds(seconds) - min(.seconds(60), .seconds(seconds) / 2) || outcome == .busy)
                #expect(pause < .seconds(seconds))
            }
        }
    }

    @Test func aRefusalIsAskedAgainWithinTheHour() {
        always { random in
            var schedule = RenewalSchedule()
            let pause = schedule.pause(after: .refused, lease: nil, now: Self.now, random: &random)
            #expect(pause >= .seconds(1800) && pause <= .seconds(3600))
            // And a refusal is an answer: whoever is not reached after it begins anew.
            #expect(schedule.pause(after: .undecided, lease: nil, now: Self.now, random: &random) <= .seconds(10))
        }
    }

    @Test func anotherCommandIsNotWaitedForLong() {
        always { random in
            var schedule = RenewalSchedule()
            #expect(schedule.pause(after: .busy, lease: nil, now: Self.now, random: &random) <= .seconds(4))
        }
    }

    /// What a whole fleet meets at once, and the seconds within which it asks again.
    struct Spread: Sendable {
        var outcome: RenewalSchedule.Outcome
        var lease: Int64?
        var window: ClosedRange<Double>
    }

    /// How many devices may come back at once.
    private static let fleet: UInt64 = 100_000

    /// Whatever a fleet does together, it does not ask together: no tenth of the time gets more than twice its share.
    @Test(
        arguments: [
            Spread(outcome: .renewed, lease: 86_400, window: 21_600...43_200),
            Spread(outcome: .undecided, lease: nil, window: 5...10),
            Spread(outcome: .undecided, lease: 300, window: 5...10),
            Spread(outcome: .refused, lease: nil, window: 1800...3600),
            Spread(outcome: .refused, lease: 600, window: 270...540),
        ]
    )
    func attack68_renewalStormOfAFleetSpreads(_ spread: Spread) {
        var tenths = [Int](repeating: 0, count: 10)
        for device in 0..<Self.fleet {
            var (schedule, random) = (RenewalSchedule(), SplitMix64(seed: device))
            let held = spread.lease.map { lease(for: $0) }
            let pause = schedule.pause(after: spread.outcome, lease: held, now: Self.now, random: &random)
            let width = spread.window.upperBound - spread.window.lowerBound
            let place = (pause / .seconds(1) - spread.window.lowerBound) / width
            tenths[max(0, min(9, Int(place * 10)))] += 1
        }
        let share = Int(Self.fleet) / 10
        #expect(tenths.allSatisfy { (share / 2...2 * share).contains($0) }, "\(tenths)")
    }

    /// A clock that is wrong makes of a fresh lease one that is over, or one longer than there are.
    @Test(arguments: [-86_400, 0, 32 * 86_400, 1_700_000_000] as [Int64])
    func byAWrongClockTheLeaseIsAskedForSoon(_ seconds: Int64) {
        always { random in
            var schedule = RenewalSchedule()
            let pause = schedule.pause(after: .renewed, lease: lease(for: seconds), now: Self.now, random: &random)
            #expect(pause >= Self.longest / 2 && pause <= Self.longest)
        }
    }

    @Test func noClockAndNoLeaseIsTooStrange() {
        var random = SplitMix64(seed: 1)
        let extremes: [Int64] = [.min, -1, 0, 1, .max]
        for (expires, now) in extremes.flatMap({ expires in extremes.map { (expires, $0) } }) {
            for outcome in RenewalSchedule.Outcome.allCases {
                var schedule = RenewalSchedule()
                let lease = LeaseStatement(id: "lease", expires: expires)
                let pause = schedule.pause(after: outcome, lease: lease, now: now, random: &random)
                #expect(pause >= .seconds(1) && pause <= .seconds(3600))
            }
        }
    }
}
