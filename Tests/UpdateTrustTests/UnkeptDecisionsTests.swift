import SeededRandom
import Testing

@testable import UpdateTrust

/// Which entry says first that the evidence of a decision was shed.
@Suite struct UnkeptDecisionsTests {
    private enum Step {
        case decision(at: Int64)
        case shedding(until: Int64)
    }

    private static func shedding(until: Int64) -> SheddingEntry { SheddingEntry(until: until, []) }

    /// By the place of a decision, the place of the entry that sheds it.
    private func shed(_ steps: [Step]) -> [Int: Int] {
        var unkept = UnkeptDecisions()
        var said: [Int: Int] = [:]
        for (place, step) in steps.enumerated() {
            switch step {
            case .decision(let time): unkept.insert(place, at: time)
            case .shedding(let until):
                for decision in unkept.remove(shedBy: Self.shedding(until: until)) { said[decision] = place }
            }
        }
        let left = Set(steps.indices.filter { if case .decision = steps[$0] { said[$0] == nil } else { false } })
        #expect(Set(unkept.places) == left && unkept.isEmpty == left.isEmpty)
        return said
    }

    @Test func theFirstEntryBehindADecisionThatSpeaksOfItsTimeShedsIt() {
        #expect(shed([.decision(at: 5), .shedding(until: 6), .shedding(until: 7)]) == [0: 1])
        // Of the very second that it names it keeps the evidence.
        #expect(shed([.decision(at: 5), .shedding(until: 5), .shedding(until: 6)]) == [0: 2])
        // What came later it does not speak of, though a clock that was put back says otherwise.
        #expect(shed([.shedding(until: 9), .decision(at: 5), .decision(at: 3), .shedding(until: 4)]) == [2: 3])
        #expect(shed([.decision(at: .min), .decision(at: .max), .shedding(until: .max)]) == [0: 2])
    }

    @Test(arguments: 0..<200) func anyTimesInAnyOrderComeToTheSameAsLookingThroughAll(seed: Int) {
        var dice = SplitMix64(seed: UInt64(seed))
        let steps = (0..<Int.random(in: 1...60, using: &dice)).map { _ -> Step in
            let time = Int64.random(in: 0...20, using: &dice)
            return Bool.random(using: &dice) ? .decision(at: time) : .shedding(until: time)
        }
        var expected: [Int: Int] = [:]
        for (place, step) in steps.enumerated() {
            guard case .decision(let time) = step else { continue }
            expected[place] = steps.indices.first { later in
                guard later > place, case .shedding(let until) = steps[later] else { return false }
                return time < until
            }
        }
        #expect(shed(steps) == expected)
    }

    /// A bundle may have millions of entries: looking through all decisions for each of these would take hours.
    @Test(.timeLimit(.minutes(20))) func entriesThatShedNothingCostNothing() {
        var unkept = UnkeptDecisions()
        let count = 500_000
        for place in 0..<count { unkept.insert(place, at: Int64(count + place)) }
        let entry = Self.shedding(until: Int64(count))
        var shed = 0
        for _ in 0..<count { shed += unkept.remove(shedBy: entry).count }
        #expect(shed == 0)
        let last = unkept.remove(shedBy: Self.shedding(until: Int64(count) + 2))
        #expect(Set(last) == [0, 1])
    }
}
