import MachineFaults
import Subprocess
import Testing
import UpdateTrust

/// The device's part of a retirement, struck at every moment: before and after each file is made, written, made durable or put in place,
/// and before, during and after each command of the TPM.
///
/// Then the device runs the same command again. `make kill-matrix` takes every moment; `make test` some of them.
@Suite(.timeLimit(.minutes(60))) struct RetireKillMatrixTests {
    /// More moments than the command has.
    private static let most = 4000

    @Test(arguments: UpdateKillMatrixTests.Victim.allCases)
    func aRetirementStruckAnywhereIsFinished(victim: UpdateKillMatrixTests.Victim) async throws {
        try await Bench.with { bench in
            let faults = try await MachineFaults(in: bench.device.directory)
            try await bench.bearAgain()
            try await bench.verifier.act(.retire)
            var score = KillScore()
            for number in stride(from: 1, through: Self.most, by: victim.pace) {
                try await bench.bearAgain()
                let cut = try await bench.program("retire", ["--yes"], environment: victim.fault(faults, at: number))
                let wasStruck = victim.struck(cut)
                if victim == .power { try await bench.boot(Bench.grownTo) }
                let resumed = wasStruck ? try await bench.program("retire", ["--yes"]) : cut
                let left = try await bench.remains()
                #expect(
                    resumed.status == .exited(0) && left.isEmpty,
                    "\(victim) at \(number): \(cut) | \(resumed) | \(left)"
                )
                guard wasStruck else { break }
                let isDone = resumed.status == .exited(0) && left.isEmpty
                score.points += 1
                score.resumed += isDone ? 1 : 0
                score.lost += isDone ? 0 : 1
            }
            let farewells = await bench.verifier.kinds.count { $0 == "farewell" }
            score.doubled = farewells - 1
            let row = score.report("retire, \(victim.rawValue)")
            #expect(score.isGood, "\(row)")
        }
    }
}
