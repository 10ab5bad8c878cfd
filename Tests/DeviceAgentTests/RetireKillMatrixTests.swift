import Foundation
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
            var (points, finished) = (0, 0)
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
                points += 1
                finished += resumed.status == .exited(0) && left.isEmpty ? 1 : 0
            }
            let farewells = await bench.verifier.kinds.count { $0 == "farewell" }
            let (lost, doubled) = (points - finished, farewells - 1)
            let row =
                "retire, \(victim.rawValue): kill points: \(points), resumed: \(finished), lost: \(lost), doubled: \(doubled)\n"
            FileHandle.standardError.write(Data(row.utf8))
            #expect(points > 0 && lost == 0 && doubled == 0, "\(row)")
        }
    }
}
