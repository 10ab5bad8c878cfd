import FoundationEssentials
import MachineFaults
import Messages
import Testing
import UpdateTrust

/// An update with a code that somebody was told, cut off between request and answer, and asked for again with the same code.
@Suite(.timeLimit(.minutes(30))) struct WitnessCodeKillMatrixTests {
    private static let isWhole = ProcessInfo.processInfo.environment["KILL_MATRIX"] == "all"
    private static let policy = Sensors.policy(
        controls: #"{"releases":["sensor-os"],"approvals":0,"claims":true,"witness":true}"#
    )

    private func code(for sensor: Sensor) async throws -> String {
        let call = ["device", "witness", sensor.serial, "--release", "\(try sensor.sensors.release)"]
        let told = try await sensor.sensors.run(
            .auditor,
            call + ["--reason", "Bob is on site", "--json"] + sensor.sensors.asAlice
        )
        return try #require(try told.json["code"].text)
    }

    private func update(
        _ sensor: Sensor,
        _ code: String,
        _ fault: [String: String] = [:]
    ) async throws -> Program.Ended {
        let order = ["--package", sensor.sensors.package, "--manifest", sensor.sensors.manifest]
        let arguments = order + ["--install-command", sensor.installing, "--witness-code", code]
        return try await sensor.agent("update", arguments, environment: fault)
    }

    /// The agent is killed each time that it has sent something: the last of these is the request, and its answer is never read.
    @Test func aCodeWhoseAnswerWasLostIsGoodForTheSameRequest() async throws {
        try await Sensors.with(policy: Self.policy) { sensors in
            let sensor = try Sensor("S-1", in: sensors)
            try await sensor.bear()
            let faults = try await MachineFaults(in: sensors.directory)
            try await expect(0, sensor.agent("attest"))
            var score = KillScore()
            var rounds: Int64 = 0
            var lost = 0
            // How much is sent before the request is not the same each time: it may be passed over, and then all are taken once more.
            for _ in 0..<5 where lost == 0 {
                try await strike(sensor, faults, &score, &rounds)
                lost = try await LedgerCopy(sensors.trust).statements().count { entry in
                    if case .compensated(let decision) = entry.body { decision.repeated == true } else { false }
                }
            }
            #expect(lost > 0, "no answer was lost: nothing was tested")
            score.doubled += try await sensor.expectOneChain(receipts: rounds) ? 0 : 1
            score.expectGood("without a TPM, update with a code, agent")
        }
    }

    /// At each time that something is sent, until an update comes to its end.
    private func strike(
        _ sensor: Sensor,
        _ faults: MachineFaults,
        _ score: inout KillScore,
        _ rounds: inout Int64
    ) async throws {
        for number in 1...200 {
            let code = try await code(for: sensor)
            let ended = sensor.times("ended")
            let cut = try await update(sensor, code, faults.killing(sending: number))
            // Twice cut off at the same place, when it is looked at closely.
            if cut.isKilled, Self.isWhole { _ = try await update(sensor, code, faults.killing(sending: number)) }
            let again = cut.isKilled ? try await update(sensor, code) : cut
            #expect(again.code == 0, "at \(number): \(cut) | \(again)")
            rounds += 1
            try sensor.reboot()
            try await expect(0, sensor.agent("confirm"))
            guard cut.isKilled else { break }
            score.points += 1
            score.resumed += again.code == 0 ? 1 : 0
            score.lost += (try? contents(of: sensor.slot)) == (try contents(of: sensor.sensors.package)) ? 0 : 1
            score.doubled += sensor.times("ended") == ended + 1 ? 0 : 1
            let twice = try await expect(1, update(sensor, code)).json
            #expect(twice["reasons"].texts == ["controls-unmet"], "a code is good once")
        }
    }
}
