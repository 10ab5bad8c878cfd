import DurableFiles
import FoundationEssentials

/// Many software devices below one directory, `d0001` and on, and the order list by which a factory line finds them.
public struct DeviceFleet: Sendable {
    /// The directory.
    public let path: String

    /// More sockets, processes and states than a test needs.
    public static let maximumCount = 10_000

    /// Names a directory; nothing is read.
    public init(_ path: String) {
        self.path = URL(filePath: path).absoluteURL.path
    }

    /// Where the order list is: CSV with serial, tcti and eventLog.
    public var orderList: String { path + "/manifest.csv" }

    /// Makes the devices that are not there yet, has each of them booted, and writes the order list last.
    ///
    /// Made again with a larger number, a fleet grows; devices that are there keep their TPMs.
    /// - Parameters:
    ///   - prefix: what serial numbers begin with.
    ///   - firmware: what boots; without it there is power and no log.
    ///   - seed: what the devices' keys follow from, each device's from its number.
    ///   - done: is told how many devices are ready.
    /// - Returns: the devices, in the order of their numbers.
    public func make(
        _ count: Int,
        ca: LocalCA,
        endorsementKeys: [EndorsementKey],
        prefix: String,
        firmware: BootFile?,
        seed: DeviceSeed? = nil,
        life: SoftwareDevice.Life,
        done: @Sendable (Int) -> Void
    ) async throws -> [SoftwareDevice] {
        guard !(path + prefix).contains(where: { ",\"\n".contains($0) }) else {
            throw SoftwareDeviceError(
                .input,
                "neither the directory nor the serial numbers of a fleet have , or \" in them",
                hint: "choose another directory"
            )
        }
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        var ready = 0
        let devices = try await AtOnce.map(
            Array(1...max(count, 1)),
            limit: Self.atOnce,
            done: { _ in
                ready += 1
                done(ready)
            }
        ) { number in
            let directory = DeviceDirectory(path + "/" + Self.name(number))
            let device =
                if let made = try? SoftwareDevice(directory) { made } else {
                    try await SoftwareDevice.make(
                        in: directory,
                        ca: ca,
                        endorsementKeys: endorsementKeys,
                        seed: seed?.device(number)
                    )
                }
            if let firmware {
                if await !(device.isRunning && device.hasBooted) { try await device.boot(firmware, life: life) }
            } else {
                try await device.start(life)
            }
            return device
        }
        let rows = devices.enumerated().map { index, device in
            "\(prefix)\(Self.digits(index + 1)),\(device.tcti),\(firmware == nil ? "" : device.logPath)"
        }
        let table = (["serial,tcti,eventLog"] + rows).joined(separator: "\n") + "\n"
        try Data(table.utf8).write(to: URL(filePath: orderList), options: .atomic)
        return devices
    }

    /// Takes the power from all devices that have it, in an orderly way.
    /// - Returns: how many had it.
    public func stop() async throws -> Int {
        let had = try await AtOnce.map(devices(), limit: Self.atOnce) { device in
            guard await device.isRunning else { return false }
            try await device.stop(orderly: true)
            return true
        }
        return had.count { $0 }
    }

    /// The devices with their serial numbers, as the order list has them.
    public func members() throws -> [(serial: String, device: SoftwareDevice)] {
        let rows: [Substring]
        do {
            let bytes = try BoundedFile.read(orderList, limit: Self.maximumOrderList)
            rows = String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().map { $0 }
        } catch {
            throw noFleet
        }
        return try rows.enumerated().map { index, row in
            let device = try SoftwareDevice(DeviceDirectory(path + "/" + Self.name(index + 1)))
            return (String(row.prefix { $0 != "," }), device)
        }
    }

    private var noFleet: SoftwareDeviceError {
        SoftwareDeviceError(.input, "\(path) holds no fleet", hint: "make one with birthmark-swtpm fleet make")
    }

    /// Making and stopping a device is mostly waiting for its TPM.
    private static var atOnce: Int { 2 * ProcessInfo.processInfo.activeProcessorCount }

    /// 10,000 rows with long paths.
    private static let maximumOrderList = 16 << 20

    /// The devices that are there.
    public func devices() throws -> [SoftwareDevice] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { throw noFleet }
        return names.sorted().compactMap { try? SoftwareDevice(DeviceDirectory(path + "/" + $0)) }
    }

    private static func name(_ number: Int) -> String { "d" + digits(number) }

    private static func digits(_ number: Int) -> String {
        String(repeating: "0", count: max(0, 4 - "\(number)".count)) + "\(number)"
    }
}
