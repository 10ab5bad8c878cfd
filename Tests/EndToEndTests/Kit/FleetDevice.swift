import FoundationEssentials
import Glibc
import Messages
import SoftwareDevice
import Testing

/// One device of a fleet: its TPM, its boots, and its agent.
struct FleetDevice: Sendable {
    let serial: String
    let profile: String
    let software: SoftwareDevice
    let directory: String
    let fleet: String
    let transcript: Transcript

    var tcti: String { software.tcti }
    var log: String { software.logPath }
    var state: String { directory + "/agent" }
    var journal: String { state + "/journal.json" }
    /// Where installed packages go, and a line for each time that an installer began and ended.
    var slot: String { directory + "/slot" }
    var marks: String { directory + "/marks" }
    var package: String { fleet + "/gateway-os-2.5.0.img" }
    var manifest: String { fleet + "/gateway-os-2.5.0.dsse.json" }

    static func make(
        _ number: Int,
        _ profile: String,
        in fleet: String,
        _ transcript: Transcript
    ) async throws -> FleetDevice {
        let directory = "\(fleet)/d\(number)"
        let software = try await SoftwareDevice.make(
            in: DeviceDirectory(directory),
            ca: LocalCA(directory: fleet + "/tpm-vendor"),
            endorsementKeys: [profile == "rsa2048" ? .rsa2048 : .p256]
        )
        try await software.boot(firmware: .named(Fleet.bornWith))
        return FleetDevice(
            serial: "GW-000\(number)",
            profile: profile,
            software: software,
            directory: directory,
            fleet: fleet,
            transcript: transcript
        )
    }

    /// The same device in the hands of a buyer, with a disk that is empty.
    func bought(as serial: String, in fleet: String) throws -> FleetDevice {
        let directory = fleet + "/d1"
        try makeDirectory(directory)
        return FleetDevice(
            serial: serial,
            profile: profile,
            software: software,
            directory: directory,
            fleet: fleet,
            transcript: transcript
        )
    }

    /// Boots; the device's own log is the boot's.
    func boot(_ firmware: String, _ tamper: Set<Tamper> = []) async throws {
        try await software.boot(firmware: .named(firmware), tamper: tamper)
    }

    /// Boots the firmware that it has, with something changed as an update of the platform changes it.
    func boot(_ firmware: String, changing change: (inout Firmware.Platform) -> Void) async throws {
        var changed = try Firmware.named(firmware)
        change(&changed.platform)
        try await software.boot(firmware: changed)
    }

    // MARK: The factory

    var provisioning: [String] {
        ["--serial", serial, "--model", "gw-100", "--hardware-revision", "B", "--environment", "production"]
            + ["--profile", "Provisioning/profiles/\(profile).json", "--package", "gateway-os"]
            + ["--package-version", "2.4.0", "--security-version", "7", "--tier", "vtpm"]
            + ["--tcti", tcti, "--event-log", log, "--json"]
    }

    func provision(
        on line: String,
        environment: [String: String] = [:],
        watch: (pid_t) async -> Void = { _ in }
    ) async throws -> Program.Ended {
        let arguments = ["provision", line] + provisioning
        return try await Program.factory.run(arguments, environment: environment, in: transcript, watch: watch)
    }

    // MARK: The agent

    /// Runs a command of the agent on this device.
    func agent(
        _ verb: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        watch: (pid_t) async -> Void = { _ in }
    ) async throws -> Program.Ended {
        let always = ["--state", state, "--tcti", tcti, "--json"]
        let trust = exists(state + "/trust.json") || verb == "status" ? [] : ["--trust", fleet + "/trust.json"]
        let quoted = ["attest", "update", "confirm"].contains(verb) ? ["--event-log", log] : []
        return try await Program.device.run(
            [verb] + always + trust + quoted + arguments,
            environment: environment,
            in: transcript,
            watch: watch
        )
    }

    /// For what quotes, on a device that measures what it runs.
    var measuring: [String] { ["--ima-list", software.directory.imaList] }

    /// Copies what it is given into the slot, and marks its beginning and its end.
    var installing: String { "echo began >> \(marks); cat > \(slot); echo ended >> \(marks)" }

    func update(
        installing command: String? = nil,
        environment: [String: String] = [:],
        watch: (pid_t) async -> Void = { _ in }
    ) async throws -> Program.Ended {
        let order = ["--package", package, "--manifest", manifest, "--install-command", command ?? installing]
        return try await agent("update", order, environment: environment, watch: watch)
    }

    /// Takes the release that the fleet was made for, boots it, and has it confirmed.
    func takeRelease(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await expect(0, update(), sourceLocation: sourceLocation)
        try await boot(Fleet.released)
        try await expect(0, agent("confirm"), sourceLocation: sourceLocation)
    }

    func gate(_ grant: String, package: String? = nil) async throws -> Program.Ended {
        let arguments = ["--grant", grant, "--package", package ?? self.package, "--manifest", manifest]
        return try await agent("gate", arguments)
    }

    /// The grants that were kept, in the order of their ids.
    var grants: [String] { names(in: state + "/grants").map { "\(state)/grants/\($0)" } }

    /// The step that the journal has reached; nil when there is no update.
    var step: String? {
        guard let bytes = try? contents(of: journal), let json = try? JSONDecoder().decode(JSON.self, from: Data(bytes))
        else { return nil }
        return json["update.step"].text
    }

    /// How many installs began.
    var installs: Int { times("began") }

    func times(_ mark: String) -> Int {
        String(decoding: (try? contents(of: marks)) ?? [], as: UTF8.self).split(separator: "\n").count { $0 == mark }
    }

    /// What the TPM's counter says of grants that were spent since birth.
    func grantsSpent() async throws -> Int64 {
        try #require(try await expect(0, agent("status")).json["grantsSpent"].number)
    }
}
