import Crypto
import FactoryLine
import Foundation
import MachineFaults
import Messages
import SoftwareDevice
import Testing

/// The station is killed at every moment of a birth, or the TPM loses its power, or the disk its room, each time on a
/// fresh device at a fresh station; then the station runs again.
///
/// `make kill-matrix` takes every moment; `make test` some of them.
@Suite(.timeLimit(.minutes(60))) struct KillMatrixTests {
    /// What came of one fault and the run after it.
    private struct Fate {
        var resumed = false
        /// Keys that were in the TPM before are others now, or there is no birth, or the TPM lacks a part of it.
        var isLost = false
        /// There are two births, or something is left in the TPM that no birth leaves.
        var isDoubled = false
        var story = ""
    }

    static let isWhole = ProcessInfo.processInfo.environment["KILL_MATRIX"] == "all"
    private static let atOnce = 3

    /// Who is struck.
    enum Victim: String, CaseIterable {
        case station
        case tpm
        /// The disk is full from then on.
        case disk
        /// One call finds no room, and the next one does: a program that goes on as if nothing had been would show.
        case diskOnce = "disk once"

        var isDisk: Bool { self == .disk || self == .diskOnce }

        /// Primes, so that the moments taken are of every kind.
        var pace: Int { KillMatrixTests.isWhole ? 1 : isDisk ? 7 : 29 }

        func moments(of birth: NotedMoments) -> [String] { isDisk ? birth.needsOfRoom : birth.moments }

        /// Phases and calls that a birth must have had, or the matrix would have holes.
        var kinds: Set<String> {
            let files = ["open", "write", "fsync", "rename", "link", "symlink"]
            if isDisk { return Set(files.map { $0 == "write" ? "bytes write" : "room \($0)" }) }
            return Set((files + ["Tss2_Sys_ExecuteAsync"]).flatMap { ["before \($0)", "after \($0)"] } + ["answered"])
        }
    }

    @Test(arguments: isWhole ? ["p256", "p384", "rsa2048", "p256-owned"] : ["p256"], Victim.allCases)
    func aBirthStruckAnywhereIsFinished(profile: String, victim: Victim) async throws {
        try await TestLine.with { line in
            try await strike(victim, line, profile)
        }
    }

    /// The same at stations that hold no CA key; the host that certifies for them lives on.
    @Test(arguments: Victim.allCases)
    func aBirthCertifiedElsewhereIsFinished(victim: Victim) async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            try await host.start()
            try await strike(victim, line, "p256", certifiedBy: host)
            let issued = try FileManager.default.contentsOfDirectory(atPath: host.directory + "/issued")
            let devices = try FileManager.default.contentsOfDirectory(atPath: line.directory)
                .count { FileManager.default.fileExists(atPath: "\(line.directory)/\($0)/births") }
            // The station of the line itself has no part in this.
            #expect(issued.count { $0.hasSuffix(".json") } == devices - 1)
        }
    }

    /// The directory of a fresh station.
    private func station(
        _ name: String,
        _ line: TestLine,
        _ profile: String,
        certifiedBy host: TestHost?
    ) async throws -> String {
        if let host { return try await host.station(name, in: line) }
        let station = try line.otherStation(name)
        if profile == Self.owned { try station.keep(escrowKey: P256.KeyAgreement.PrivateKey().publicKey) }
        return station.directory.path
    }

    private static let owned = "p256-owned"

    private func strike(
        _ victim: Victim,
        _ line: TestLine,
        _ profile: String,
        certifiedBy host: TestHost? = nil
    ) async throws {
        let faults = try await MachineFaults(in: line.directory)
        let first = try await station("whole", line, profile, certifiedBy: host)
        let (birth, whole) = try await uninterrupted(line, first, faults, profile)
        let moments = victim.moments(of: birth)
        let chosen = Array(stride(from: 1, through: moments.count, by: victim.pace))
        var stations: [Int: String] = [:]
        for number in chosen {
            stations[number] = try await station("struck-\(number)", line, profile, certifiedBy: host)
        }
        var fates: [Int: Fate] = [:]
        try await withThrowingTaskGroup(of: (Int, Fate).self) { group in
            var waiting = chosen.makeIterator()
            func beginNext() {
                guard let number = waiting.next(), let station = stations[number] else { return }
                group.addTask {
                    (number, try await struck(victim, at: number, line, station, faults, profile, like: whole))
                }
            }
            for _ in 0..<Self.atOnce { beginNext() }
            for try await (number, fate) in group {
                fates[number] = fate
                if !fate.resumed || fate.isLost || fate.isDoubled {
                    Issue.record("\(profile), \(victim), moment \(number), \(moments[number - 1]): \(fate.story)")
                }
                beginNext()
            }
        }
        var score = KillScore()
        score.points = fates.count
        score.resumed = fates.values.count(where: \.resumed)
        score.lost = fates.values.count(where: \.isLost)
        score.doubled = fates.values.count(where: \.isDoubled)
        let row = score.report("\(profile), \(host == nil ? "own CA" : "CA host"), \(victim.rawValue)")
        #expect(score.isGood && fates.count == chosen.count, "\(row)")
        #expect(NotedMoments.kinds(moments) == victim.kinds)
    }

    /// A birth that nobody disturbs: the moments that it has, and what it leaves in the TPM.
    private func uninterrupted(
        _ line: TestLine,
        _ station: String,
        _ faults: MachineFaults,
        _ profile: String
    ) async throws -> (birth: NotedMoments, contents: TPMContents) {
        try await line.withDevice("whole-\(profile)", endorsementKeys: [Self.endorsementKey(profile)]) { device in
            let file = line.directory + "/moments-\(profile)"
            try await boot(device, profile)
            let ended = try await FactoryProcess.run(
                arguments(station, device, "\(profile)-0", profile),
                environment: faults.noting(in: file)
            )
            try #require(ended.status == 0, "\(ended.errors)")
            return (try NotedMoments(readingFrom: file), try await TPMContents.of(device))
        }
    }

    private func struck(
        _ victim: Victim,
        at number: Int,
        _ line: TestLine,
        _ station: String,
        _ faults: MachineFaults,
        _ profile: String,
        like whole: TPMContents
    ) async throws -> Fate {
        let serial = "\(profile)-\(victim.rawValue.replacing(" ", with: "-"))-\(number)"
        return try await line.withDevice(serial, endorsementKeys: [Self.endorsementKey(profile)]) { device in
            try await boot(device, profile)
            let arguments = arguments(station, device, serial, profile)
            let fault =
                switch victim {
                case .station: faults.killing(at: number)
                case .tpm: faults.killing(try #require(device.process) as pid_t, at: number)
                case .disk, .diskOnce: faults.fullDisk(at: number, isLasting: victim == .disk)
                }
            let cut = try await FactoryProcess.run(arguments, environment: fault)
            // A board may lose its power with the station, or stay as it is.
            if victim == .tpm || victim == .station && number.isMultiple(of: 2) {
                try await device.powerCycle(orderly: false)
                try await boot(device, profile)
            }
            let left = try await TPMContents.of(device)
            let resumed = try await FactoryProcess.run(arguments)
            let again = try await FactoryProcess.run(arguments)
            let found = try await TPMContents.of(device)
            let births = try line.births(in: station).count
            let keptKeys = left.persistent.allSatisfy { found.persistent[$0] == $1 }
            return Fate(
                resumed: cut.ended(as: victim) && resumed.status == 0 && again.status == 0
                    && again.output.contains("\"verdict\":\"already-born\""),
                isLost: births == 0 || !keptKeys || !found.hasEverything(of: whole),
                isDoubled: births > 1 || !whole.hasEverything(of: found) || !found.loaded.isEmpty,
                story: [cut, resumed, again].map { "\($0.status) \($0.output)\($0.errors)" }.joined(separator: " | ")
            )
        }
    }

    private func arguments(
        _ station: String,
        _ device: SoftwareDevice,
        _ serial: String,
        _ profile: String
    ) -> [String] {
        FactoryProcess.provision(at: station, device, serial: serial, profile: profile) + ["--json"]
            + (Self.hasLog(profile) ? ["--event-log", device.logPath] : [])
    }

    /// Whether births come with an event log, which is one more file, whatever the profile.
    private static func hasLog(_ profile: String) -> Bool { profile == "p256" }

    private func boot(_ device: SoftwareDevice, _ profile: String) async throws {
        guard Self.hasLog(profile) else { return }
        try await device.boot(firmware: Firmware.named("gateway-os-2.4.0"), reset: false)
    }

    private static func endorsementKey(_ profile: String) -> EndorsementKey {
        switch profile {
        case "rsa2048": .rsa2048
        default: .p256
        }
    }
}

extension FactoryProcess.Ended {
    /// Whether a run ended as one does that is struck so; the TPM may lose its power after the last command.
    fileprivate func ended(as victim: KillMatrixTests.Victim) -> Bool {
        switch victim {
        case .station: killed
        case .tpm: [0, 3].contains(status)
        case .disk, .diskOnce:
            status == 3 && errors.contains("no space is left on the disk that holds /")
                && errors.contains("hint: make room and run the same command again")
        }
    }
}

extension TPMContents {
    /// Whether every kept key and every index of another TPM has its like here, with the same attributes and size.
    fileprivate func hasEverything(of other: TPMContents) -> Bool {
        other.persistent.keys.allSatisfy { persistent[$0] != nil }
            && other.attributes.allSatisfy { attributes[$0] == $1 }
            && other.nv.allSatisfy { nv[$0]?.isEmpty == $1.isEmpty }
    }
}
