import FactoryLine
import Foundation
import Messages
import SoftwareDevice
import Testing

/// The station is killed at every moment of a birth, or the TPM loses its power, each time on a fresh device; then the
/// station runs again.
///
/// `make kill-matrix` takes every moment; `make test` some of them.
@Suite(.timeLimit(.minutes(60))) struct KillMatrixTests {
    /// What came of one kill and the run after it.
    private struct Fate {
        var resumed = false
        /// Keys that were in the TPM before are others now, or there is no birth, or the TPM lacks a part of it.
        var isLost = false
        /// There are two births, or something is left in the TPM that no birth leaves.
        var isDoubled = false
        var story = ""
    }

    private static let isWhole = ProcessInfo.processInfo.environment["KILL_MATRIX"] == "all"
    /// A prime, so that the moments taken are of every kind.
    private static let pace = isWhole ? 1 : 17
    private static let atOnce = 3

    /// Who is struck.
    enum Victim: String, CaseIterable {
        case station
        case tpm
    }

    @Test(arguments: isWhole ? ["p256", "p384", "rsa2048"] : ["p256"], Victim.allCases)
    func aBirthKilledAnywhereIsFinished(profile: String, victim: Victim) async throws {
        try await TestLine.with { line in
            let points = try KillPoints(in: line.directory)
            let (moments, whole) = try await uninterrupted(line, points, profile)
            let chosen = Array(stride(from: 1, through: moments.count, by: Self.pace))
            var fates: [Int: Fate] = [:]
            try await withThrowingTaskGroup(of: (Int, Fate).self) { group in
                var waiting = chosen.makeIterator()
                func beginNext() {
                    guard let number = waiting.next() else { return }
                    group.addTask { (number, try await killed(victim, at: number, line, points, profile, like: whole)) }
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
            print(
                "\(profile), \(victim.rawValue): kill points: \(fates.count), resumed: \(fates.values.count(where: \.resumed)), "
                    + "lost: \(fates.values.count(where: \.isLost)), doubled: \(fates.values.count(where: \.isDoubled))"
            )
            #expect(fates.count == chosen.count)
            #expect(Set(moments).count == 9, "moments of every kind: \(Set(moments))")
        }
    }

    /// A birth that nobody disturbs: the moments that it has, and what it leaves in the TPM.
    private func uninterrupted(
        _ line: TestLine,
        _ points: KillPoints,
        _ profile: String
    ) async throws -> (moments: [String], contents: TPMContents) {
        try await line.withDevice("whole-\(profile)", endorsementKeys: [Self.endorsementKey(profile)]) { device in
            let file = line.directory + "/moments-\(profile)"
            let ended = try await FactoryProcess.run(
                arguments(line, device, "\(profile)-0", profile),
                environment: points.noting(in: file)
            )
            try #require(ended.status == 0, "\(ended.errors)")
            let text = try String(contentsOfFile: file, encoding: .utf8)
            return (text.split(separator: "\n").map(String.init), try await TPMContents.of(device))
        }
    }

    private func killed(
        _ victim: Victim,
        at number: Int,
        _ line: TestLine,
        _ points: KillPoints,
        _ profile: String,
        like whole: TPMContents
    ) async throws -> Fate {
        let serial = "\(profile)-\(victim.rawValue)-\(number)"
        return try await line.withDevice(serial, endorsementKeys: [Self.endorsementKey(profile)]) { device in
            let arguments = arguments(line, device, serial, profile)
            let whom = victim == .tpm ? try process(of: device) : nil
            let cut = try await FactoryProcess.run(arguments, environment: points.killing(whom, at: number))
            // A board may lose its power with the station, or stay as it is.
            if number.isMultiple(of: 2) || victim == .tpm { try await device.powerCycle(orderly: false) }
            let left = try await TPMContents.of(device)
            let resumed = try await FactoryProcess.run(arguments)
            let again = try await FactoryProcess.run(arguments)
            let found = try await TPMContents.of(device)
            let births = try line.births().keys.filter { $0 == serial + ".json" }.count
            let keptKeys = left.persistent.allSatisfy { found.persistent[$0] == $1 }
            return Fate(
                resumed: (victim == .tpm ? [0, 3].contains(cut.status) : cut.killed) && resumed.status == 0
                    && again.status == 0
                    && again.output.contains("\"verdict\":\"already-born\""),
                isLost: births == 0 || !keptKeys || !found.hasEverything(of: whole),
                isDoubled: births > 1 || !whole.hasEverything(of: found) || !found.loaded.isEmpty,
                story: [cut, resumed, again].map { "\($0.status) \($0.output)\($0.errors)" }.joined(separator: " | ")
            )
        }
    }

    /// The software TPM of a device.
    private func process(of device: SoftwareDevice) throws -> pid_t {
        let found = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.first { id in
            let line = (try? String(contentsOfFile: "/proc/\(id)/cmdline", encoding: .utf8)) ?? ""
            let words = line.split(separator: "\0")
            return words.first?.hasSuffix("swtpm") == true
                && words.contains { $0.hasSuffix("path=\(device.directory.path)/sock") }
        }
        return try #require(found)
    }

    private func arguments(_ line: TestLine, _ device: SoftwareDevice, _ serial: String, _ profile: String) -> [String]
    {
        FactoryProcess.provision(line.station, device, serial: serial, profile: profile) + ["--json"]
    }

    private static func endorsementKey(_ profile: String) -> EndorsementKey {
        switch profile {
        case "rsa2048": .rsa2048
        default: .p256
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
