import DeviceAgent
import Foundation
import MachineFaults
import Messages
import Subprocess
import Testing

/// An update, and its confirmation, struck at every moment; then the device runs the same command again.
///
/// The moments are before and after each file is made, written, made durable or put in place, and before, during and after each command of
/// the TPM.
///
/// `make kill-matrix` takes every moment; `make test` some of them.
@Suite(.timeLimit(.minutes(60))) struct UpdateKillMatrixTests {
    enum Victim: String, CaseIterable {
        /// The agent is killed, and the device stays up.
        case agent
        /// The device loses its power.
        case power
        /// The disk is full from then on.
        case disk
        /// One call finds no room, and the next one does.
        case diskOnce = "disk once"

        func fault(_ faults: MachineFaults, at number: Int) -> [String: String] {
            switch self {
            case .agent, .power: faults.killing(at: number)
            case .disk, .diskOnce: faults.fullDisk(at: number, isLasting: self == .disk)
            }
        }

        /// Whether a run ended as one does that is struck so.
        func struck(_ ended: Program.Ended) -> Bool {
            switch self {
            case .agent, .power: ended.status == .signaled(9)
            case .disk, .diskOnce: ended.status == .exited(3) && ended.error.contains("no space")
            }
        }

        /// Primes, so that the moments taken are of every kind.
        var pace: Int { UpdateKillMatrixTests.isWhole ? 1 : self == .agent || self == .power ? 23 : 7 }
    }

    private static let isWhole = ProcessInfo.processInfo.environment["KILL_MATRIX"] == "all"
    /// More moments than any of the commands has.
    private static let most = 4000

    @Test(arguments: Victim.allCases) func anUpdateStruckAnywhereIsFinished(victim: Victim) async throws {
        try await Bench.with { bench in
            let faults = try await MachineFaults(in: bench.device.directory)
            try await healthy(bench)
            var score = KillScore()
            for number in stride(from: 1, through: Self.most, by: victim.pace) {
                let spent = try await bench.grantsSpent
                let cut = try await bench.program(
                    "update",
                    bench.updateArguments,
                    environment: victim.fault(faults, at: number)
                )
                let wasStruck = victim.struck(cut)
                if victim == .power { try await bench.boot(Bench.grownTo) }
                // After a loss of power behind the install the new system is what boots.
                let isInstalled = try victim == .power && bench.journal.update?.step == .installed
                var resumed = cut
                if wasStruck, !isInstalled {
                    resumed = try await bench.finishing { try await bench.program("update", bench.updateArguments) }
                }
                if victim != .power || !isInstalled { try await bench.boot(Bench.grownTo) }
                let confirmed = try await bench.program("confirm")
                let isWhole = try contents(of: bench.target) == contents(of: bench.package)
                let isDone = try bench.journal.update?.step == .confirmed
                let spends = try await bench.grantsSpent - spent
                guard wasStruck else {
                    #expect(cut.status == .exited(0) && spends == 1 && isDone, "\(cut) \(confirmed)")
                    break
                }
                score.points += 1
                let isResumed = (isInstalled || resumed.status == .exited(0)) && confirmed.status == .exited(0)
                score.resumed += isResumed ? 1 : 0
                score.lost += isWhole && isDone ? 0 : 1
                // A grant that the TPM has counted in a boot that is over is spent, and good for nothing.
                let mostSpends: UInt64 = victim == .power ? 2 : 1
                score.doubled += (1...mostSpends).contains(spends) ? 0 : 1
                #expect(isResumed && isWhole && isDone, "\(victim) at \(number): \(cut) | \(resumed) | \(confirmed)")
            }
            let row = score.report("update, \(victim.rawValue)")
            #expect(score.isGood, "\(row)")
        }
    }

    @Test(arguments: Victim.allCases) func aConfirmationStruckAnywhereIsFinished(victim: Victim) async throws {
        try await Bench.with { bench in
            let faults = try await MachineFaults(in: bench.device.directory)
            try await healthy(bench)
            var score = KillScore()
            for number in stride(from: 1, through: Self.most, by: victim.pace) {
                let receipts = await bench.verifier.kinds.count { $0 == "receipt" }
                try await bench.update()
                try await bench.boot(Bench.grownTo)
                let cut = try await bench.program("confirm", environment: victim.fault(faults, at: number))
                let wasStruck = victim.struck(cut)
                if victim == .power { try await bench.boot(Bench.grownTo) }
                let resumed = wasStruck ? try await bench.program("confirm") : cut
                let isDone = try bench.journal.update?.step == .confirmed && bench.journal.floorTarget == nil
                guard wasStruck else {
                    #expect(cut.status == .exited(0) && isDone, "\(cut)")
                    break
                }
                score.points += 1
                score.resumed += resumed.status == .exited(0) ? 1 : 0
                score.lost += isDone ? 0 : 1
                score.doubled += await bench.verifier.kinds.count { $0 == "receipt" } == receipts + 1 ? 0 : 1
                #expect(resumed.status == .exited(0) && isDone, "\(victim) at \(number): \(cut) | \(resumed)")
            }
            let row = score.report("confirmation, \(victim.rawValue)")
            #expect(score.isGood, "\(row)")
        }
    }

    /// One update that nobody disturbs: from then on every round installs what runs already.
    private func healthy(_ bench: Bench) async throws {
        try await bench.update()
        try await bench.boot(Bench.grownTo)
        try await bench.confirm()
    }
}
