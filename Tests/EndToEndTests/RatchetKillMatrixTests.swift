import Foundation
import Glibc
import MachineFaults
import Messages
import SeededRandom
import Testing
import UpdateTrust

/// A device without a TPM, struck at every moment of an attestation, an update, a confirmation or the taking over of a key; then it
/// runs the same command again: nothing is lost, and nobody takes it for two.
///
/// The moments are before and after each file is made, written, made durable or put in its place. `make kill-matrix` takes every
/// moment; `make test` some of them. Its name is found by `scripts/kill-matrix`.
@Suite(.timeLimit(.minutes(60))) struct RatchetKillMatrixTests {
    enum Victim: String, CaseIterable {
        /// The agent is killed.
        case agent
        /// The disk is full from then on.
        case disk
        /// One call finds no room, and the next one does.
        case diskOnce = "disk once"

        func fault(_ faults: MachineFaults, at number: Int) -> [String: String] {
            switch self {
            case .agent: faults.killing(at: number)
            case .disk, .diskOnce: faults.fullDisk(at: number, isLasting: self == .disk)
            }
        }

        /// Whether a run ended as one does that is struck so.
        func struck(_ ended: Program.Ended) -> Bool {
            switch self {
            case .agent: ended.isKilled
            case .disk, .diskOnce: ended.code == 3 && ended.error.contains("no space")
            }
        }
    }

    /// What the device does when it is struck.
    enum Act: String, CaseIterable {
        case attest
        case update
        case confirm
    }

    private static let isWhole = ProcessInfo.processInfo.environment["KILL_MATRIX"] == "all"
    /// A prime, so that the moments taken are of every kind.
    private static let pace = isWhole ? 1 : 7
    /// More moments than any of the commands has.
    private static let most = 1000

    @Test(arguments: Act.allCases, Victim.allCases)
    func aRatchetStruckAnywhereIsOneChain(act: Act, victim: Victim) async throws {
        try await Sensors.with { sensors in
            let sensor = try Sensor("S-1", in: sensors)
            try await sensor.bear()
            try await score(act, victim, sensor)
        }
    }

    /// The same with an identity that a tool of the platform seals: one more program that may be cut off.
    @Test func aSealedRatchetStruckAnywhereIsOneChain() async throws {
        try await Sensors.with { sensors in
            let sensor = try Sensor("S-1", in: sensors)
            let platform = sensor.directory + "/platform.secret"
            try write("what only this platform has".utf8, to: platform)
            let cipher = "openssl enc -aes-256-cbc -pbkdf2 -pass file:\(platform)"
            try await sensor.bear(["--seal-command", cipher, "--unseal-command", cipher + " -d"])
            try await score(.attest, .agent, sensor, "sealed, ")
            #expect(!exists(sensor.state + "/identity.json"))
        }
    }

    private func score(_ act: Act, _ victim: Victim, _ sensor: Sensor, _ what: String = "") async throws {
        let faults = try await MachineFaults(in: sensor.sensors.directory)
        try await expect(0, sensor.agent("attest"))
        var score = KillScore()
        var (number, missed): (Int, Int) = (1, 0)
        var rounds: Int64 = 0
        while number <= Self.most, missed < 3 {
            if act == .confirm { try await installed(sensor) }
            let ended = sensor.times("ended")
            let cut = try await run(act, sensor, victim.fault(faults, at: number))
            let wasStruck = victim.struck(cut)
            let resumed = wasStruck ? try await finish(act, sensor) : cut
            #expect(resumed.code == 0, "\(act), \(victim) at \(number): \(cut) | \(resumed)")
            let isWhole = try await wholeAfter(act, sensor)
            rounds += 1
            guard wasStruck else {
                // A lease of the same second is not put down again: that run had fewer moments than another.
                missed += 1
                try await Task.sleep(for: .milliseconds(1100))
                continue
            }
            missed = 0
            number += Self.pace
            score.points += 1
            score.resumed += resumed.code == 0 ? 1 : 0
            score.lost += isWhole ? 0 : 1
            // An install whose end nobody has put down is done once more, under the same grant.
            score.doubled += act == .update && sensor.times("ended") > ended + 2 ? 1 : 0
        }
        let isOneChain = try await sensor.expectOneChain(receipts: act == .attest ? 0 : rounds)
        score.doubled += isOneChain ? 0 : 1
        score.expectGood("\(what)without a TPM, \(act.rawValue), \(victim.rawValue)")
    }

    /// At no file at all, but at any time: while the request or its answer is on its way.
    @Test func killedAtAnyTimeItIsOneChain() async throws {
        try await Sensors.with { sensors in
            let sensor = try Sensor("S-1", in: sensors)
            try await sensor.bear()
            try await expect(0, sensor.agent("attest"))
            var random = SplitMix64(seed: 0x7261_7463_6865_7421)
            var (killed, attempts) = (0, 0)
            // Somebody is killed in the end, however late this machine comes to it.
            while attempts < (Self.isWhole ? 60 : 12) || killed == 0 {
                attempts += 1
                let time = Duration.milliseconds(Int.random(in: 5...400, using: &random))
                let cut = try await sensor.agent("attest") { id in
                    try? await Task.sleep(for: time)
                    _ = Glibc.kill(id, SIGKILL)
                }
                killed += cut.isKilled ? 1 : 0
                try await expect(0, sensor.agent("attest"))
            }
            #expect(try await sensor.expectOneChain(receipts: 0))
        }
    }

    /// The device that takes over a key of the station is killed anywhere: one identity, and no file left with the key.
    @Test func aKeyThatIsTakenOverIsTakenOverOnce() async throws {
        try await Sensors.with { sensors in
            let faults = try await MachineFaults(in: sensors.directory)
            var score = KillScore()
            for number in stride(from: 1, through: Self.most, by: Self.isWhole ? 1 : 3) {
                let sensor = try Sensor("S-\(number)", in: sensors)
                let born = try await expect(0, sensor.inject()).json
                let enrol = ["--claim", "mmc-cid=\(sensor.cid)", "--injected", sensor.identity]
                let cut = try await sensor.agent("enrol", enrol, environment: faults.killing(at: number))
                let resumed = try await sensor.agent("enrol", enrol)
                #expect(resumed.code == 0, "at \(number): \(cut) | \(resumed)")
                guard cut.isKilled else { break }
                score.points += 1
                score.resumed += try resumed.code == 0 && resumed.json["instance"] == born["instance"] ? 1 : 0
                score.lost += exists(sensor.state + "/identity.json") ? 0 : 1
                score.doubled += exists(sensor.identity) ? 1 : 0
            }
            score.expectGood("without a TPM, taking over, agent")
        }
    }

    // MARK: Acts

    private func run(_ act: Act, _ sensor: Sensor, _ fault: [String: String] = [:]) async throws -> Program.Ended {
        switch act {
        case .attest: try await sensor.agent("attest", environment: fault)
        case .update: try await sensor.update(environment: fault)
        case .confirm: try await sensor.agent("confirm", environment: fault)
        }
    }

    /// Runs the same command again until it is done; an installer that outlived its agent is waited for.
    private func finish(_ act: Act, _ sensor: Sensor) async throws -> Program.Ended {
        for _ in 0..<200 {
            let ended = try await run(act, sensor)
            guard ended.code == 3, ended.error.contains("still at work") else { return ended }
        }
        throw CancellationError()
    }

    private func installed(_ sensor: Sensor) async throws {
        try await expect(0, sensor.update())
        try sensor.reboot()
    }

    /// Whether what was begun is done, as device and verifier say; an update is confirmed for that.
    private func wholeAfter(_ act: Act, _ sensor: Sensor) async throws -> Bool {
        if act == .update {
            guard try contents(of: sensor.slot) == contents(of: sensor.sensors.package) else { return false }
            try sensor.reboot()
            try await expect(0, sensor.agent("confirm"))
        }
        let record = try await sensor.sensors.record(of: sensor.serial)
        return record["lifecycle"].text == "trusted" && record["fork"] == .null && record["lease"] != .null
            && (act == .attest || sensor.step == "confirmed")
    }
}
