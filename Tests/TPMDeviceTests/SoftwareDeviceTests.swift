import FoundationEssentials
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

@Suite struct SoftwareDeviceTests {
    @Test func manyLiveSideBySide() async throws {
        let names = try await withThrowingTaskGroup(of: Name.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    try await withDevice { device in
                        try await device.boot(firmware: .named("sensor-os-1.7.0"))
                        return try await device.onTPM { connection throws(TPMError) in
                            try connection.createPrimary(Templates.attestationKey, in: .endorsement).object.name
                        }
                    }
                }
            }
            return try await group.reduce(into: Set<Name>()) { $0.insert($1) }
        }
        #expect(names.count == 12, "every device is somebody else")
    }

    @Test func endorsementCertificatesLieInNV() async throws {
        try await withDevice(endorsementKeys: EndorsementKey.allCases) { device in
            for kind in EndorsementKey.allCases {
                let certificate = try await device.onTPM { connection throws(TPMError) in
                    guard let index = try connection.nvIndex(at: kind.certificateIndex) else { return [UInt8]() }
                    let area = try connection.nvReadPublic(index).publicArea
                    #expect(area.attributes.contains([.platformCreate, .ownerRead, .authRead, .noDA]))
                    #expect(!area.attributes.contains(.ownerWrite))
                    return try connection.nvRead(index, count: Int(area.dataSize), as: .owner)
                }
                #expect(certificate.first == 0x30)
            }
        }
    }

    /// A place for a device, and an authority for it.
    private func withPlace(_ body: (DeviceDirectory, LocalCA) async throws -> Void) async throws {
        let directory = DeviceDirectory("/tmp/tpmdevice-tests-\(UInt64.random(in: 0...UInt64.max))")
        let ca = directory.path + "-ca"
        defer {
            try? FileManager.default.removeItem(atPath: directory.path)
            try? FileManager.default.removeItem(atPath: ca)
        }
        try await body(directory, LocalCA(directory: ca))
    }

    /// An attached swtpm ends when nobody holds its device any more, as when the process is gone.
    @Test func abandonedDeviceEnds() async throws {
        try await withPlace { directory, ca in
            do {
                let device = try await SoftwareDevice.make(in: directory, ca: ca)
                try await device.start()
                #expect(Self.processes(of: directory).count == 1)
            }
            for _ in 0..<120_000 {
                if Self.processes(of: directory).isEmpty { break }
                try await Task.sleep(for: .milliseconds(1))
            }
            #expect(Self.processes(of: directory).isEmpty)
        }
    }

    @Test func daemonOutlivesItsHandleAndIsStoppedByAnother() async throws {
        try await withPlace { directory, ca in
            do {
                let device = try await SoftwareDevice.make(in: directory, ca: ca)
                try await device.start(.daemon)
            }
            let again = try SoftwareDevice(directory)
            #expect(await again.isRunning)
            try await again.boot(firmware: .named("gateway-os-2.3.0"))
            #expect(await again.isRunning)
            try await again.stop()
            #expect(await !again.isRunning)
            #expect(Self.processes(of: directory).isEmpty)
            try await again.stop()
        }
    }

    @Test func pidFileOfSomebodyElseIsNotBelieved() async throws {
        try await withPlace { directory, ca in
            let device = try await SoftwareDevice.make(in: directory, ca: ca)
            let own = "\(ProcessInfo.processInfo.processIdentifier)\n"
            try Data(own.utf8).write(to: URL(filePath: directory.pidFile))
            #expect(await !device.isRunning)
            try await device.stop()
        }
    }

    @Test func mistakesAreToldBeforeAnythingIsMade() async throws {
        let long = DeviceDirectory("/tmp/" + String(repeating: "d", count: 120))
        await #expect(throws: SoftwareDeviceError.self) {
            let ca = "/tmp/tpmdevice-tests-ca-\(UInt64.random(in: 0...UInt64.max))"
            defer { try? FileManager.default.removeItem(atPath: ca) }
            _ = try await SoftwareDevice.make(in: long, ca: LocalCA(directory: ca))
        }
        #expect(!FileManager.default.fileExists(atPath: long.path))
        #expect(throws: SoftwareDeviceError.self) { _ = try SoftwareDevice(DeviceDirectory("/tmp/no-such-device")) }
        #expect(throws: SoftwareDeviceError.self) { _ = try Firmware.named("no-such-firmware") }
    }

    @Test func authorityIsMadeOnceHoweverManyAsk() async throws {
        let directory = "/tmp/tpmdevice-tests-ca-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let roots = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<16 {
                group.addTask { try "\(LocalCA(directory: directory).root)" }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(roots.count == 1)
    }

    /// The processes that have this device's socket in their command line and are no shells.
    private static func processes(of directory: DeviceDirectory) -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.filter { entry in
            guard Int(entry) != nil, let line = try? Data(contentsOf: URL(filePath: "/proc/\(entry)/cmdline")) else {
                return false
            }
            let text = String(decoding: line, as: UTF8.self)
            return text.hasPrefix("swtpm\0") && text.contains("path=\(directory.socket)\0")
        }
    }
}
