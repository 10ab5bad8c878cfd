import FoundationEssentials
import Glibc
import Programs
import SeededRandom
import TPMDevice
import TPMWire
import Testing

/// birthmark-factory is killed anywhere; run again it finishes the same birth of the same device.
@Suite(.timeLimit(.minutes(20))) struct FactoryKillTests {
    private static let kills = 4

    @Test func aBirthIsOneHoweverOftenItIsBegun() async throws {
        try await Fleet.with(["p256", "p256", "rsa2048"], born: false) { fleet in
            var random = SplitMix64(seed: 0x6269_7274_68)
            var delays: [[Int]] = []
            for device in fleet.devices {
                let longest = device.profile == "rsa2048" ? 900 : 400
                delays.append((0..<Self.kills).map { _ in Int.random(in: 20...longest, using: &random) }.sorted())
            }
            try await withThrowingTaskGroup { group in
                for (device, delays) in zip(fleet.devices, delays) {
                    group.addTask { try await born(device, delays, on: fleet.line) }
                }
                try await group.waitForAll()
            }
            #expect(names(in: fleet.line + "/births").filter { $0.hasSuffix(".json") }.count == fleet.devices.count)
            try await fleet.importBirths()
            for device in fleet.devices {
                try await expect(0, device.agent("attest"))
                #expect(try await fleet.record(of: device)["lifecycle"].text == "trusted")
            }
        }
    }

    private func born(_ device: FleetDevice, _ delays: [Int], on line: String) async throws {
        var seen: [Handle: Name] = [:]
        for delay in delays {
            _ = try await device.provision(on: line) { id in
                try? await Task.sleep(for: .milliseconds(delay))
                if isRunning(id) { _ = kill(id, SIGKILL) }
            }
            // Real devices have a resource manager that forgets what a killed process loaded; this TPM has a power switch.
            try await device.boot(Fleet.bornWith)
            for (handle, name) in try await keys(of: device) {
                #expect(seen[handle, default: name] == name, "the key at \(handle) was replaced")
                seen[handle] = name
            }
        }
        let first = try await expect(0, device.provision(on: line)).json
        let again = try await expect(0, device.provision(on: line)).json
        #expect(again["verdict"].text == "already-born")
        for field in ["instance", "serial", "bornAt", "record"] { #expect(first[field] == again[field]) }
        for (handle, name) in try await keys(of: device) {
            #expect(seen[handle, default: name] == name, "the key at \(handle) was replaced")
        }
    }

    /// The Names of the keys that a birth keeps in the TPM.
    private func keys(of device: FleetDevice) async throws -> [Handle: Name] {
        let tpm = try await openTPM(tcti: device.tcti)
        let keys = try await tpm.perform { connection throws(TPMError) in
            var keys: [Handle: Name] = [:]
            for handle in [0x8101_000A, 0x8101_0001, 0x8102_0000, 0x8102_0001].map(Handle.init(rawValue:)) {
                guard let object = try connection.persistentObject(at: handle) else { continue }
                keys[handle] = try connection.readPublic(object).name
            }
            return keys
        }
        await tpm.close()
        return keys
    }
}
