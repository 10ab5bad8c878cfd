import DurableFiles
import FactoryLine
import FoundationEssentials
import Messages
import SoftwareDevice
import Subprocess
import SystemPackage

/// Births of a whole line, beside a shell script around tpm2-tools that does one after the other.
///
/// Times that passed, for a birth, and processor time of the station alone. On a real line every device has a TPM of its own and nothing else to share; here all of
/// the software TPMs and the station have the same processors.
enum LineBench {
    static let suites = [Suite(name: "line", in: .line, minutes: 0.5, run: run)]

    private static let births = 24
    private static let recipes = 5
    private static let workers = [1, 2, 8]
    private static let firmware = "gateway-os-2.4.0"

    private static func run(_ name: String) async throws -> [Measurement] {
        try await withTemporaryDirectory(in: "/tmp") { directory in
            let line = try Line(in: directory, profile: "p256", endorsementKey: .p256)
            let recipe = try await recipe(line)
            var measurements: [Measurement] = []
            for count in workers {
                let (report, processor) = try await births(count, births, line)
                guard report.isComplete else { throw WrongResult(name: name, wrong: 1, of: 1) }
                measurements += [
                    Measurement(
                        "\(name)-\(count)-workers",
                        value: Double(report.microseconds) / 1000 / Double(births),
                        floor: recipe.passed.median,
                        unit: "ms",
                        aim: 0.2,
                        spread: recipe.passed.spread,
                        note:
                            "the same by tpm2-tools and openssl, one after the other; \(Int(report.birthsPerMinute)) births a minute"
                    ),
                    Measurement(
                        "\(name)-\(count)-workers-processor",
                        value: processor / Double(births),
                        floor: recipe.processor.median,
                        unit: "ms",
                        aim: nil,
                        spread: recipe.processor.spread,
                        note:
                            "processor time of the recipe's processes; the value is the station's; the TPMs are in neither"
                    ),
                ]
            }
            return measurements
        }
    }

    /// Births of a fleet of fresh devices.
    /// - Returns: the report, and milliseconds of processor time that the station spent on them.
    static func births(
        _ workers: Int,
        _ count: Int,
        _ line: Line
    ) async throws -> (report: LineReport, processor: Double) {
        try await withFleet(count, line, name: "f\(workers)-\(UInt16.random(in: 0 ... .max))") { fleet in
            var shared = LineEntry()
            shared.model = try Label(bench: "gw-100")
            shared.hardwareRevision = try Label(bench: "B")
            shared.environment = try Label(bench: "lab")
            shared.tier = .vtpm
            shared.package = try Label(bench: "gateway-os")
            shared.packageVersion = try Label(bench: "2.4.0")
            shared.securityVersion = 3
            shared.profile = "p256"
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: fleet.orderList)))
            let orders = try OrderList(parsing: bytes, defaults: shared)
            let start = CPUClock.process.now
            let report = await FactoryLine.Line(line.station, workers: workers).run(
                orders,
                profiles: ["p256": line.profile],
                logs: { try BoundedFile.read($0, limit: Evidence.maximumLogSize) },
                now: { Int64(Date().timeIntervalSince1970) },
                tell: { _ in }
            )
            return (report, Double(CPUClock.process.now - start) / 1_000_000)
        }
    }

    /// - Returns: milliseconds that passed for each, and those of processor time.
    private static func recipe(_ line: Line) async throws -> (passed: Samples, processor: Samples) {
        var samples = (passed: Samples(), processor: Samples())
        let script = FileManager.default.currentDirectoryPath + "/Benchmarks/tpm2-tools-recipe.sh"
        let authority = line.station.directory.path + "/ca"
        try await withFleet(recipes, line, name: "r") { fleet in
            for (number, device) in try fleet.devices().enumerated() {
                let place = "\(line.directory)/recipe-\(number)"
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
                let processor = try ChildrenTime.now
                let start = ContinuousClock.now
                let ended = try await Subprocess.run(
                    .path(FilePath(script)),
                    arguments: [
                        "R-\(number)", "\(line.directory)/ca/\(LocalCA.rootFile)",
                        "\(line.directory)/ca/\(LocalCA.intermediateFile)", authority + "/ca.pem",
                        authority + "/keys/ca.key",
                    ],
                    environment: .inherit.updating(["TPM2TOOLS_TCTI": device.tcti]),
                    workingDirectory: FilePath(place),
                    output: .discarded,
                    error: .discarded
                )
                guard ended.terminationStatus.isSuccess else { throw WrongResult(name: script, wrong: 1, of: 1) }
                samples.passed.append((ContinuousClock.now - start) / .milliseconds(1))
                samples.processor.append(try ChildrenTime.now - processor)
            }
        }
        return samples
    }

    /// Software devices with power, which is taken away again.
    private static func withFleet<Result>(
        _ count: Int,
        _ line: Line,
        name: String,
        _ body: (DeviceFleet) async throws -> Result
    ) async throws -> Result {
        let fleet = DeviceFleet(line.directory + "/" + name)
        let devices = try await fleet.make(
            count,
            ca: line.authority,
            endorsementKeys: [.p256],
            prefix: name + "-",
            firmware: BootFile.named(firmware),
            life: .attached
        ) { _ in }
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await body(fleet))
        } catch {
            outcome = .failure(error)
        }
        for device in devices { try await device.stop(orderly: false) }
        return try outcome.get()
    }
}
