import Foundation
import MachineFaults
import Messages
import Testing
import UpdateTrust

/// The end of a device without a TPM, struck at every moment: the same command finishes it, and there is one farewell.
///
/// Its name is found by `scripts/kill-matrix`.
@Suite(.timeLimit(.minutes(60))) struct CompensatedRetireKillMatrixTests {
    /// More moments than the command has.
    private static let most = 1000
    private static let pace = ProcessInfo.processInfo.environment["KILL_MATRIX"] == "all" ? 1 : 5

    @Test(arguments: [false, true]) func aRetirementStruckAnywhereIsFinished(isDiskFull: Bool) async throws {
        try await Sensors.with { sensors in
            let faults = try await MachineFaults(in: sensors.directory)
            let sensor = try Sensor("S-1", in: sensors)
            try await sensor.bear()
            try await expect(0, sensor.agent("attest"))
            try await expect(0, sensor.update())
            let act = ["device", "retire", sensor.serial, "--reason", "scrapped"]
            try await sensors.run(.auditor, act + sensors.asAlice)
            let whole = sensor.directory + "/whole"
            try FileManager.default.moveItem(atPath: sensor.state, toPath: whole)
            var score = KillScore()
            for number in stride(from: 1, through: Self.most, by: Self.pace) {
                // The same disk each time: to the verifier it is the same device that asks again.
                try FileManager.default.copyItem(atPath: whole, toPath: sensor.state)
                let fault =
                    isDiskFull ? faults.fullDisk(at: number, isLasting: true) : faults.killing(at: number)
                let cut = try await sensor.agent("retire", ["--yes"], environment: fault)
                let wasStruck = isDiskFull ? cut.code == 3 : cut.isKilled
                let resumed = wasStruck ? try await sensor.agent("retire", ["--yes"]) : cut
                let left =
                    names(in: sensor.state).sorted() + names(in: sensor.state + "/grants")
                    + names(in: sensor.state + "/spool")
                let isDone = resumed.code == 0 && left == ["grants", "lock", "retirement.json", "spool"]
                #expect(isDone, "at \(number): \(cut) | \(resumed) | \(left)")
                try FileManager.default.removeItem(atPath: sensor.state)
                guard wasStruck else { break }
                score.points += 1
                score.resumed += isDone ? 1 : 0
                score.lost += isDone ? 0 : 1
            }
            let farewells = try await LedgerCopy(sensors.trust).statements().count {
                if case .farewell = $0.body { true } else { false }
            }
            score.doubled = farewells - 1
            score.expectGood("without a TPM, retire, \(isDiskFull ? "disk" : "agent")")
        }
    }
}
