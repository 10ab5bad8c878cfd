import FactoryLine
import Foundation
import Messages
import SoftwareDevice
import Synchronization
import Testing

/// The program at a hot station, and hands that put boards into its slots.
final class HotStation: Sendable {
    private let line: TestLine
    private let directory: String
    private let slots: [String]
    private let list: String
    private let running = Mutex<Running?>(nil)

    /// - Parameters:
    ///   - slots: short names, for the sockets below them.
    ///   - orders: the table of the devices to make.
    ///   - directory: the station's, unless it is the line's own.
    init(_ line: TestLine, slots: [String], orders: String, at directory: String? = nil) throws {
        self.line = line
        self.directory = directory ?? line.station.directory.path
        self.slots = slots
        list = line.directory + "/orders.csv"
        try Data(orders.utf8).write(to: URL(filePath: list))
        let rows = slots.map { "\($0),swtpm:path=\(DeviceDirectory(line.directory + "/" + $0).socket)" }
        let table = (["slot,tcti"] + rows).joined(separator: "\n")
        try Data(table.utf8).write(to: URL(filePath: line.directory + "/slots.csv"))
    }

    /// A line of JSON that the program wrote.
    struct Event: Decodable, Sendable {
        var event: String
        var slot: String
        var serial: String?
        var result: LineResult?
        var detail: String?
        var born: Int
    }

    /// Starts the program.
    func start(profile: String = "p256", environment: [String: String] = [:]) throws {
        let arguments =
            [
                "line", directory, list, "--watch", "--slots", line.directory + "/slots.csv",
                "--json",
            ]
            + FactoryProcess.shared(profile)
        try running.withLock { $0 = try Running(arguments, environment) }
    }

    /// Puts a board that has no power into a slot: its directory becomes that of the slot, and its TPM answers there.
    func plug(_ board: String, into slot: String) async throws -> SoftwareDevice {
        try FileManager.default.moveItem(atPath: "\(line.directory)/\(board)", toPath: "\(line.directory)/\(slot)")
        let device = try SoftwareDevice(DeviceDirectory(line.directory + "/" + slot))
        try await device.start()
        return device
    }

    func unplug(_ device: SoftwareDevice, as board: String) async throws {
        try await device.stop(orderly: false)
        try FileManager.default.moveItem(atPath: device.directory.path, toPath: "\(line.directory)/\(board)")
    }

    /// Makes boards that lie beside the station, without power.
    func makeBoards(_ names: [String], endorsementKeys: [EndorsementKey] = [.p256]) async throws {
        for name in names {
            let directory = DeviceDirectory("\(line.directory)/\(name)")
            _ = try await SoftwareDevice.make(in: directory, ca: line.ca, endorsementKeys: endorsementKeys)
        }
    }

    /// Everything that was said until now.
    var events: [Event] { running.withLock { $0?.events ?? [] } }

    /// Waits until something is said that was not said among the first `known` events.
    func event(_ kind: String, in slot: String, after known: Int = 0) async throws -> Event {
        for _ in 0..<24_000 {
            let found = events.dropFirst(known).first { $0.event == kind && $0.slot == slot }
            if let found { return found }
            try await Task.sleep(for: .milliseconds(5))
        }
        return try #require(nil as Event?, "no \(kind) in \(slot): \(running.withLock { $0?.text ?? "" })")
    }

    func signal(_ number: Int32) { running.withLock { $0?.signal(number) } }

    /// Waits until the program ends.
    func end() async throws -> (status: Int32, killed: Bool, report: LineReport?) {
        let current = running.withLock { $0 }
        let running = try #require(current)
        let output = await running.end()
        let report = try? JSONDecoder().decode(LineReport.self, from: output)
        return (running.status, running.killed, report)
    }
}

/// A program that runs beside the test.
private final class Running: Sendable {
    private let process = Process()
    private let output = Pipe()
    private let errors = Mutex(Data())

    init(_ arguments: [String], _ environment: [String: String]) throws {
        process.executableURL = URL(filePath: FactoryProcess.program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardError = pipe
        pipe.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            self?.errors.withLock { $0.append(data) }
        }
        try process.run()
    }

    var text: String { String(decoding: errors.withLock(\.self), as: UTF8.self) }

    var events: [HotStation.Event] {
        text.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(HotStation.Event.self, from: Data($0.utf8))
        }
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    func end() async -> Data {
        while process.isRunning { try? await Task.sleep(for: .milliseconds(5)) }
        return (try? output.fileHandleForReading.readToEnd()) ?? Data()
    }

    var status: Int32 { process.terminationStatus }
    var killed: Bool { process.terminationReason == .uncaughtSignal }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
}
