import FoundationEssentials
import MachineFaults
import Messages
import Testing
import UpdateTrust

/// The update of a device behind a gateway, the gateway killed at every step of it: the device ends installed and confirmed all the
/// same, once, and the ledger shows one chain.
///
/// A step is before and after each file is made, written, made durable or put in its place, each command of the TPM, and each time
/// something was sent to the device, the verifier or the TPM. Its name is found by `scripts/kill-matrix`.
@Suite(.timeLimit(.minutes(60))) struct GatewayKillMatrixTests {
    private static let isWhole = ProcessInfo.processInfo.environment["KILL_MATRIX"] == "all"
    /// A prime, so that the steps taken are of every kind.
    private static let pace = isWhole ? 1 : 23
    /// More steps than an update has.
    private static let most = 2000

    @Test func aGatewayKilledAtAnyStepOfAnUpdate() async throws {
        try await GatewayAtWork.with { gateway, sensor in
            let faults = try await MachineFaults(in: sensor.sensors.directory)
            let flag = sensor.directory + "/struck-while-there"
            var score = KillScore()
            var (number, missed): (Int, Int) = (1, 0)
            var rounds: Int64 = 0
            while number <= Self.most, missed < 2 {
                await gateway.process.stop()
                try gateway.forgetPackages()
                try? FileManager.default.removeItem(atPath: sensor.slot)
                let ended = sensor.times("ended")
                try await gateway.process.start(environment: faults.killing(atStep: number, while: flag))
                try write([], to: flag)
                let wasStruck = try await lived(sensor, gateway, flag)
                rounds += 1
                guard wasStruck else {
                    missed += 1
                    continue
                }
                missed = 0
                number += Self.pace
                score.points += 1
                score.resumed += sensor.step == "confirmed" ? 1 : 0
                let isThere = (try? contents(of: sensor.slot)) == (try contents(of: sensor.sensors.package))
                let record = try await sensor.sensors.record(of: sensor.serial)
                let isWhole = record["lifecycle"].text == "trusted" && record["fork"] == .null
                score.lost += isThere && isWhole && record["running.version"].text == "1.8.0" ? 0 : 1
                score.doubled += sensor.times("ended") == ended + 1 ? 0 : 1
            }
            score.doubled += try await sensor.expectOneChain(receipts: rounds) ? 0 : 1
            score.expectGood("behind a gateway, update, gateway")
        }
    }

    /// One update, from the request to the confirmation; each command is given again as often as the gateway is in the way.
    /// - Returns: whether the gateway was killed.
    private func lived(_ sensor: Sensor, _ gateway: GatewayAtWork, _ flag: String) async throws -> Bool {
        var wasStruck = false
        func persist(_ command: () async throws -> Program.Ended) async throws {
            for _ in 0..<20 {
                let ended = try await command()
                if await gateway.process.isGone, !wasStruck {
                    wasStruck = true
                    try FileManager.default.removeItem(atPath: flag)
                    await gateway.process.kill()
                    try await gateway.process.start()
                }
                if ended.code == 0 { return }
                // The gateway cannot be reached, or was told nothing; no word of a refusal.
                try #require(ended.code == 3, "\(ended)")
            }
            throw CancellationError()
        }
        let order = ["--manifest", sensor.sensors.manifest, "--install-command", sensor.installing]
        try await persist { try await sensor.agent("update", order) }
        try sensor.reboot()
        try await persist { try await sensor.agent("confirm") }
        if !wasStruck { try FileManager.default.removeItem(atPath: flag) }
        return wasStruck
    }
}
